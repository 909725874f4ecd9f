/** A mistake, as patches of the source. */
export interface Mutant {
  readonly name: string
  readonly why: string
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[]
  /** Why the simulation cannot kill it, when it is no fault after all. */
  readonly equivalent?: string
}
export declare const mutants: readonly Mutant[]
