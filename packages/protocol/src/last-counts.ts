import type { LastCounts } from './frame.ts'
import type { Members } from './members.ts'

/** Reads `lack` and `lrx`, which come together or not at all. */
export function readLastCounts(members: Members): { readonly last?: LastCounts } {
  const lrx = members.optionalNatural('lrx')
  const lack = members.optionalNatural('lack', { max: lrx ?? 0 })
  members.require((lrx === undefined) === (lack === undefined), 'lack', 'present exactly when lrx is')
  return lrx === undefined || lack === undefined ? {} : { last: { lack, lrx } }
}
