/** Thrown when something does not hold that must. */
export class Broken extends Error {}

/** @throws `Broken` with the words when the condition does not hold. */
export function hold(condition: boolean, words: string): asserts condition {
  if (!condition) throw new Broken(words)
}

const natively = Object.getOwnPropertyNames(Object.prototype).length

/** Object.prototype is as it was. */
export function holdUnpolluted(): void {
  hold(!('polluted' in {}), '({}).polluted is defined')
  hold(
    Object.getOwnPropertyNames(Object.prototype).length === natively,
    'Object.prototype has one member more',
  )
}
