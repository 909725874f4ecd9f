import { describe, expect, test } from 'vitest'
import type { Hello } from '../src/frame.ts'
import { type AttachRequest, type Attachment, MemoryStore, defaultLimits } from '../src/index.ts'
import { wireLimits } from '../src/limits.ts'
import { type Note, note } from './pair.ts'

let ids = 0

function request(hello: Partial<Hello> = {}, principal: string | null = 'ada'): AttachRequest {
  ids += 1
  const token = hello.tok ?? null
  return {
    hello: {
      kind: 'hello',
      v: [1],
      sid: null,
      tok: token,
      att: 1,
      rx: 0,
      ack: 0,
      ...wireLimits(defaultLimits),
      cid: 'c',
      ext: [],
      proto: [],
      ...hello,
    },
    principal,
    presentedHash: token === null ? null : `#${token}`,
    freshSid: `s${ids}`,
    freshTokenHash: `#t${ids}`,
  }
}

function recordOf(attachment: Attachment<Note>) {
  if (!('record' in attachment)) throw new Error(attachment.kind)
  return attachment.record
}

/** A store with one confirmed session, whose token is `t` and its number. */
function shelf(options?: ConstructorParameters<typeof MemoryStore<Note>>[0]) {
  const store = new MemoryStore<Note>(options)
  const record = recordOf(store.attach(request()))
  store.write({ op: 'confirmed', sid: record.sid, gen: 1 })
  const again = (hello: Partial<Hello>, principal?: string | null) =>
    store.attach(request({ sid: record.sid, tok: record.tokenHash.slice(1), att: 2, ...hello }, principal))
  return { store, record, again, token: record.tokenHash.slice(1) }
}

describe('a memory store', () => {
  test('makes a session under the id it is given, never under the one that was asked for', () => {
    const store = new MemoryStore<Note>()
    const attachment = store.attach(request({ sid: 'mine', tok: 'x' }))
    expect(attachment).toMatchObject({ kind: 'created', lost: { reason: 'unknown' }, displaced: [] })
    expect(recordOf(attachment).sid).not.toBe('mine')
    expect(store.size).toBe(1)
  })

  test('resumes with the right token, and takes the presented one as predecessor', () => {
    const { again, record, token } = shelf()
    expect(again({}).kind).toBe('resumed')
    expect(record).toMatchObject({
      gen: 2,
      attempt: 2,
      previousHash: `#${token}`,
      stage: 'rotating',
      place: 'attached',
    })
    expect(again({ att: 3, tok: token }).kind).toBe('resumed')
    expect(record.previousHash).toBe(`#${token}`)
  })

  test('refuses the predecessor once the new token is confirmed', () => {
    const { store, again, record, token } = shelf()
    again({})
    store.write({ op: 'confirmed', sid: record.sid, gen: 2 })
    expect(again({ att: 3, tok: token })).toMatchObject({ kind: 'created', lost: { reason: 'token' } })
  })

  test.each([
    ['an older attempt', { att: 1 }, { kind: 'stale', attempt: 1 }],
    ['a wrong token', { tok: 'guess' }, { kind: 'created', lost: { reason: 'token' } }],
    ['a token of another length', { tok: 'longer guess' }, { kind: 'created', lost: { reason: 'token' } }],
    ['no token', { tok: null }, { kind: 'created', lost: { reason: 'token' } }],
  ])('leaves the session as it is on %s', (_, hello, expected) => {
    const { again, record } = shelf()
    const before = structuredClone(record)
    const attachment = again(hello)
    expect(attachment).toMatchObject(expected)
    expect(attachment).not.toHaveProperty('lost.last')
    expect(record).toEqual(before)
  })

  test('tells another principal nothing and leaves the session as it is', () => {
    const { again, record } = shelf()
    const before = structuredClone(record)
    for (const principal of ['eve', null]) {
      expect(again({ att: 9 }, principal)).toMatchObject({
        kind: 'created',
        lost: { reason: 'principal' },
      })
    }
    expect(record).toEqual(before)
  })

  test('calls an old attempt stale before it looks at its token, which has been replaced since', () => {
    const { again, token } = shelf()
    again({ att: 5 })
    expect(again({ att: 4, tok: `${token}x` })).toEqual({ kind: 'stale', attempt: 5 })
  })

  test('ends a session whose client counts beyond what was sent, and trusts neither side', () => {
    const { store, again, record } = shelf()
    record.inbox.rx = 3
    expect(again({ rx: 1, ack: 0 })).toMatchObject({
      kind: 'created',
      lost: { reason: 'diverged' },
      displaced: [{ sid: record.sid, reason: 'diverged' }],
    })
    expect(store.size).toBe(1)
    expect(again({ att: 3 })).toMatchObject({ lost: { reason: 'diverged' } })
    expect(again({ att: 3 })).not.toHaveProperty('lost.last')
  })

  test('ends a session whose client takes no more what it must be sent again, with the counts of both', () => {
    const { again, record } = shelf()
    record.outbox.entries.push(note('long message'))
    record.outbox.tx = record.outbox.hi = 1
    record.inbox.rx = 3
    record.inbox.handled = 2
    expect(again({ max: 5 })).toMatchObject({
      lost: { reason: 'too-large', last: { lack: 2, lrx: 3 } },
      displaced: [{ sid: record.sid, reason: 'too-large', last: { lack: 0, lrx: 0 } }],
    })
  })

  test('ignores what is written for a session it does not hold, or for an older connection', () => {
    const { store, again, record } = shelf()
    again({})
    store.write({ op: 'ended', sid: 'nobody', gen: 1, reason: 'ended' })
    store.write({ op: 'ended', sid: record.sid, gen: 1, reason: 'ended' })
    store.write({ op: 'detached', sid: record.sid, gen: 1 })
    expect([store.size, record.place]).toEqual([1, 'attached'])
  })
})

describe('a tombstone', () => {
  const ended = (reason: 'expired' | 'desync' = 'expired', options?: Parameters<typeof shelf>[0]) => {
    const bench = shelf(options)
    bench.record.inbox.rx = 4
    bench.record.inbox.handled = 3
    bench.store.write({ op: 'ended', sid: bench.record.sid, gen: 1, reason })
    return bench
  }

  test('tells the owner how far the session had come, as often as it is asked', () => {
    const { again } = ended()
    for (const attempt of [2, 3]) {
      expect(again({ att: attempt })).toMatchObject({
        lost: { reason: 'expired', last: { lack: 3, lrx: 4 } },
      })
    }
  })

  test('keeps no counts of a session that miscounted', () => {
    const { again } = ended('desync')
    expect(again({})).toMatchObject({ lost: { reason: 'desync' } })
    expect(again({})).not.toHaveProperty('lost.last')
  })

  test('tells nobody else', () => {
    const { again } = ended()
    for (const attachment of [again({ tok: 'guess' }), again({ tok: null }), again({}, 'eve')]) {
      expect(attachment).toMatchObject({ lost: { reason: 'unknown' } })
      expect(attachment).not.toHaveProperty('lost.last')
    }
  })

  test('is swept away at the second sweep', () => {
    const { store, again } = ended()
    store.sweep()
    expect(again({})).toMatchObject({ lost: { reason: 'expired' } })
    store.sweep()
    expect(again({})).toMatchObject({ lost: { reason: 'unknown' } })
  })

  test('gives way to newer ones beyond the bound', () => {
    const { store, again } = ended('expired', { maxTombstones: 1 })
    const other = recordOf(store.attach(request()))
    store.write({ op: 'ended', sid: other.sid, gen: 1, reason: 'ended' })
    expect(again({})).toMatchObject({ lost: { reason: 'unknown' } })
  })
})

describe('bounds of a memory store', () => {
  const fill = (store: MemoryStore<Note>, principal: string | null) =>
    recordOf(store.attach(request({}, principal)))
  const leave = (store: MemoryStore<Note>, { sid, gen }: { sid: string; gen: number }) =>
    store.write({ op: 'detached', sid, gen })

  test('gives up an unconfirmed session before a confirmed one, and the longest unused first', () => {
    const store = new MemoryStore<Note>({ maxSessions: 3 })
    const [known, first, second] = [fill(store, null), fill(store, null), fill(store, null)]
    store.write({ op: 'confirmed', sid: known.sid, gen: 1 })
    for (const record of [known, second, first]) leave(store, record)
    const displaced = [0, 1, 2].map(() => store.attach(request({}, null)))
    expect(displaced.map((attachment) => ('displaced' in attachment ? attachment.displaced : []))).toEqual([
      [{ sid: second.sid, reason: 'expired' }],
      [{ sid: first.sid, reason: 'expired' }],
      [{ sid: known.sid, reason: 'expired' }],
    ])
    expect(store.size).toBe(3)
  })

  test('refuses when every session has a connection', () => {
    const store = new MemoryStore<Note>({ maxSessions: 1 })
    fill(store, null)
    expect(store.attach(request({}, null))).toEqual({ kind: 'full', displaced: [] })
  })

  test('counts a principal against its own sessions only', () => {
    const store = new MemoryStore<Note>({ maxPerPrincipal: 2 })
    const [first, second] = [fill(store, 'ada'), fill(store, 'ada')]
    const other = fill(store, 'eve')
    leave(store, other)
    expect(store.attach(request({}, 'ada')).kind).toBe('full')
    store.write({ op: 'confirmed', sid: second.sid, gen: 1 })
    leave(store, second)
    leave(store, first)
    expect(store.attach(request({}, 'ada'))).toMatchObject({ displaced: [{ sid: first.sid }] })
    expect(store.attach(request({}, 'ada'))).toMatchObject({ displaced: [{ sid: second.sid }] })
    expect(store.size).toBe(3)
  })

  test('does not count nobody as somebody', () => {
    const store = new MemoryStore<Note>({ maxPerPrincipal: 1 })
    fill(store, null)
    expect(store.attach(request({}, null)).kind).toBe('created')
  })

  test.each(['maxSessions', 'maxPerPrincipal', 'maxTombstones'])(
    '%s of less than 1 is refused by name',
    (name) => {
      expect(() => new MemoryStore<Note>({ [name]: 0 })).toThrow(`${name}: at least 1 is needed, received 0`)
    },
  )

  test('takes over saved records as sessions without a connection', () => {
    const { store, record, token } = shelf()
    const copy = new MemoryStore<Note>()
    copy.restore(structuredClone([...store.records()]))
    const attachment = copy.attach(request({ sid: record.sid, tok: token, att: 2 }))
    expect(attachment.kind).toBe('resumed')
    expect(recordOf(attachment)).not.toBe(record)
  })
})
