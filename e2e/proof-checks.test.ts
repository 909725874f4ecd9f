import { expect, test } from 'vitest'
import { checkDelivery, isWhole } from './proof/check-delivery.ts'
import { checkFates } from './proof/check-fates.ts'
import type { LogLine } from './proof/event-log.ts'
import { named, numbered } from './proof/numbered.ts'

// The checkers of the proofs must be able to fail: logs that were doctored.

const messages = ['1 a', '2 b', '3 c', '4 d', '5 e']
const lines = (...texts: readonly string[]): readonly LogLine[] =>
  texts.map((text) => {
    const [word = '', ...rest] = text.split(' ')
    return { word, rest }
  })

test('logs that agree are whole', () => {
  const found = checkDelivery(messages, messages)
  expect(isWhole(found)).toBe(true)
  expect(found).toMatchObject({ accepted: 5, delivered: 5 })
})

test.each([
  ['a message that is missing is lost', ['1 a', '2 b', '4 d', '5 e'], { lost: ['3 c'] }],
  ['missing ones at the end are lost', ['1 a', '2 b'], { lost: ['3 c', '4 d', '5 e'] }],
  ['a second time is a duplicate', [...messages, '2 b'], { duplicated: ['2 b'] }],
  [
    'what comes after a later one is out of order',
    ['1 a', '3 c', '2 b', '4 d', '5 e'],
    { reordered: ['2 b'] },
  ],
  [
    'one with other bytes is lost, and another is invented',
    ['1 a', '2 x', '3 c', '4 d', '5 e'],
    { lost: ['2 b'], invented: ['2 x'] },
  ],
  ['one that nobody sent is invented', [...messages, '6 f'], { invented: ['6 f'] }],
])('%s', (_, delivered, expected) => {
  const found = checkDelivery(messages, delivered)
  expect(isWhole(found)).toBe(false)
  const nothing = { lost: [], duplicated: [], reordered: [], invented: [] }
  expect(found).toMatchObject({ ...nothing, ...expected })
})

/** One round in which all is well: a fate of each kind, and a server that lived twice. */
const client = [
  'accepted 1 a',
  'fate 1 a acked',
  'round',
  'accepted 2 b',
  'accepted 3 c',
  'accepted 4 d',
  'delivered 1 s',
  'gap unknown',
  'fate 2 b uncertain',
  'fate 3 c uncertain',
  'fate 4 d undelivered',
  'delivered 9 s',
]
const server = [
  'started',
  'delivered 1 a',
  'accepted 1 s',
  'accepted 2 s',
  'delivered 2 b',
  'started',
  'accepted 9 s',
]
const check = (fromClient: readonly string[], fromServer: readonly string[]) =>
  checkFates(lines(...fromClient), lines(...fromServer))

test('fates that fit the logs are right, and what died with the server is counted', () => {
  expect(check(client, server)).toEqual({
    rounds: 1,
    fates: { acked: 1, uncertain: 2, undelivered: 1 },
    uncertainThatArrived: 1,
    diedWithServer: 1,
    broken: [],
  })
})

test.each([
  [
    'acked, and not in the server’s log',
    client,
    server.filter((line) => line !== 'delivered 1 a'),
    /1 a is acked/,
  ],
  ['undelivered, and in the server’s log', client, [...server, 'delivered 4 d'], /4 d is undelivered/],
  ['no fate', client.filter((line) => line !== 'fate 3 c uncertain'), server, /3 c has the fates \[\]/],
  ['two fates', [...client, 'fate 1 a uncertain'], server, /1 a has the fates \[acked, uncertain\]/],
  ['a fate for what was not accepted', [...client, 'fate 8 h acked'], server, /8 h has a fate/],
  ['no gap', client.filter((line) => line !== 'gap unknown'), server, /round 1 has 0 gaps/],
  ['two gaps', [...client, 'gap unknown'], server, /round 1 has 2 gaps/],
  ['twice at the server', client, [...server, 'delivered 2 b'], /2 b is duplicated at the server/],
  ['out of order at the server', client, ['delivered 2 b', ...server], /1 a is reordered at the server/],
  ['twice at the client', [...client, 'delivered 1 s'], server, /1 s is duplicated at the client/],
  ['invented at the client', [...client, 'delivered 7 z'], server, /7 z is invented at the client/],
  [
    'a hole in what one process of the server sent',
    client.map((line) => (line === 'delivered 1 s' ? 'delivered 2 s' : line)),
    server,
    /2 s is behind a hole at the client/,
  ],
])('found: %s', (_, fromClient, fromServer, words) => {
  expect(check(fromClient, fromServer).broken.join('\n')).toMatch(words)
})

test('messages are told apart by number, kind and every byte', () => {
  const text = String(numbered(7))
  expect(named(text)).toBe(named(numbered(7)))
  expect(named(text)).not.toBe(named(`${text.slice(0, -1)}!`))
  expect(named(text)).not.toBe(named(new TextEncoder().encode(text)))
})
