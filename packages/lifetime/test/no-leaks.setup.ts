import { afterEach, beforeEach, expect } from 'vitest'
import { type Leak, watchLeaks } from '../src/testing/index.ts'

// Every unit test ends with all its scopes ended. A test that failed already is left alone: its first error counts.
let leaks: () => readonly Leak[]

beforeEach(() => {
  leaks = watchLeaks()
})

afterEach(({ task }) => {
  const left = leaks()
  if (task.result?.state === 'fail') return
  expect(
    left.map(({ openedAt }) => openedAt),
    'scopes that this test opened and did not end',
  ).toEqual([])
})
