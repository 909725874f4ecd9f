import { observeScopes, type Scope } from '../scope.ts'

/** A scope that was not ended, with the stack of the place that opened it. */
export interface Leak {
  readonly scope: Scope
  readonly openedAt: string
}

/**
 * Watches every scope opened from now on.
 * @returns a function that ends the watch and tells which of them are still open, oldest first
 */
export function watchLeaks(): () => readonly Leak[] {
  const opened: Leak[] = []
  observeScopes((scope) => {
    opened.push({ scope, openedAt: new Error('opened at').stack ?? 'unknown place' })
  })
  return () => {
    observeScopes(undefined)
    return opened.filter(({ scope }) => !scope.ended)
  }
}
