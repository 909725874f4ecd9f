/** Runs something for each item, so many at a time. @returns the results, in the order of the items */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  atATime: number,
  run: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  let next = 0
  const work = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await run(items[index] as Item)
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return results
}
