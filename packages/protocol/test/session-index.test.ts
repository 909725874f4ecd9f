import { expect, test } from 'vitest'
import type { SessionRecord } from '../src/index.ts'
import { SessionIndex } from '../src/session-index.ts'
import { emptyInbox } from '../src/inbox.ts'

function record(sid: string): SessionRecord<unknown> {
  return {
    sid,
    principal: 'ada',
    gen: 1,
    attempt: 1,
    tokenHash: '#',
    previousHash: null,
    stage: 'confirmed',
    place: 'attached',
    peerLimits: { maxBytes: 1, windowMessages: 1, windowBytes: 1 },
    outbox: { acked: 0, tx: 0, hi: 0, entries: [] },
    inbox: emptyInbox(),
  }
}

test('of one principal, too, the session to give up is the one unused for longest, however old the others are', () => {
  const index = new SessionIndex()
  const [oldest, forgotten] = [record('oldest'), record('forgotten')]
  for (const each of [oldest, forgotten]) index.place(each)
  for (const each of [forgotten, oldest]) {
    each.place = 'detached'
    index.place(each)
  }
  expect(index.idlest()).toBe('forgotten')
  expect(index.idlestOf('ada')).toBe('forgotten')
})
