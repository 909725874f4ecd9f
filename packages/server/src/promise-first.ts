/** Gives the promise of some work before the work begins: what it calls may ask for that promise. */
export function promiseFirst<Result>(work: () => Promise<Result>): readonly [Promise<Result>, () => void] {
  let begin = () => {}
  const promise = new Promise<Result>((resolve) => {
    begin = () => resolve(work())
  })
  return [promise, begin]
}
