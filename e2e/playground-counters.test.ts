import { expect, test } from 'vitest'
import { EchoBook } from '../playground/src/echo-book.ts'

// The page shows 0 duplicates as long as the library keeps its word: here is a world in which it does not.

test('an echo more often than its message was sent is a duplicate, text and binary apart', () => {
  const book = new EchoBook()
  for (const message of ['a', 'a', 'b', Uint8Array.of(97)]) book.sent(message)
  const arrived = ['a', 'b', 'a', 'a', Uint8Array.of(97).buffer, 'b', Uint8Array.of(97).buffer]
  expect(arrived.map((message) => book.isDuplicate(message))).toEqual([
    false,
    false,
    false,
    true,
    false,
    true,
    true,
  ])
})

test('what this page never sent is no duplicate', () => {
  const book = new EchoBook()
  book.sent('a')
  expect(['tick 1', 'tick 1'].map((message) => book.isDuplicate(message))).toEqual([false, false])
})
