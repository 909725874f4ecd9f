import { afterEach, beforeEach } from 'vitest'
import { type Leak, watchLeaks } from '../src/testing/index.ts'

// Every unit test ends with all its scopes ended. A test that failed already is left alone: its first error counts.
let leaks: () => readonly Leak[]

beforeEach(() => {
  leaks = watchLeaks()
})

afterEach(({ task }) => {
  const left = leaks()
  if (left.length === 0 || task.result?.state === 'fail') return
  const places = left.map(({ openedAt }) => openedAt.replace(/^Error: /, ''))
  throw new Error(`this test did not end ${left.length} of the scopes it opened\n${places.join('\n')}`)
})
