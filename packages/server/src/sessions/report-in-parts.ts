import type { Scope } from '@holdfast/lifetime'

/** In how many parts a crowd is reported, so that it does not come all at once. */
const PARTS = 16

/** Calls `report` for every item once in each interval, spread over it, for as long as the scope lives. */
export function reportInParts<Item>(
  scope: Scope,
  intervalMs: number,
  items: () => Iterable<Item>,
  report: (due: readonly Item[]) => void,
): void {
  const next = (part: number) => {
    scope.timeout(intervalMs / PARTS, () => {
      report([...items()].filter((_, index) => index % PARTS === part))
      next((part + 1) % PARTS)
    })
  }
  next(0)
}
