import { afterEach } from 'vitest'

const made: { dispose(): void }[] = []

// Registered after the leak check of the setup file, so it runs before it.
afterEach(() => {
  for (const one of made.splice(0)) one.dispose()
})

/** Ends something with the test, and gives it back. */
export function endWithTest<One extends { dispose(): void }>(one: One): One {
  made.push(one)
  return one
}
