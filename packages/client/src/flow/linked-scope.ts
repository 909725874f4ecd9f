import type { Scope } from '@holdfast/lifetime'

/** Opens a scope that ends with whichever of the two ends first, and leaves nothing behind in the other. */
export function linkedScope(one: Scope, other: Scope): Scope {
  const linked = one.child()
  linked.defer(other.defer(() => linked.end()))
  return linked
}
