// The platform's globals, typed by hand: the kernels and the client compile without DOM and without Node types.

/** The platform's `AbortSignal` where its type is known, else the part of it that this code uses. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T & AbortSignalLike
  : AbortSignalLike

/** The part of an `AbortSignal` that this code uses. */
export interface AbortSignalLike extends ListenTarget {
  readonly aborted: boolean
  readonly reason?: unknown
}

/** The part of an `EventTarget` that this code uses. */
export interface ListenTarget {
  addEventListener(type: string, run: (event: object) => void): void
  removeEventListener(type: string, run: (event: object) => void): void
}

interface Platform {
  setTimeout(run: () => void, delayMs: number): unknown
  clearTimeout(handle: unknown): void
  readonly performance: { now(): number }
  readonly AbortController: new () => { readonly signal: Signal; abort(reason?: unknown): void }
  readonly reportError?: (error: unknown) => void
  queueMicrotask(run: () => void): void
}

/** What both ends need from the platform. Read at the moment of use, so that importing works anywhere. */
// oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- necessary where DOM and Node types are absent
export const platform: Platform = globalThis as unknown as Platform
