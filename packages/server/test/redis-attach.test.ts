import { Scope, systemClock } from '@holdfast/lifetime'
import {
  type Attachment,
  type AttachRequest,
  HeldOutput,
  MemoryStore,
  type SessionRecord,
  type SharedAttachment,
  type StoreWrite,
} from '@holdfast/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisStore, redisStore } from '../src/redis/index.ts'
import { SentMessage } from '../src/sessions/sent-message.ts'
import { redisProcess } from './redis-process.ts'

// The rules of a HELLO are written twice: in TypeScript for a store in memory, and in Lua for Redis. Here both get the same
// HELLOs and the same messages in between, and must say the same.

const redis = redisProcess()
beforeAll(() => redis.start())
afterAll(() => redis.end())

type Step =
  | {
      readonly type: 'hello'
      /** Which of the last sessions, from the newest; beyond them none. */
      readonly session: number
      readonly principal: 'ada' | 'eve' | null
      /** Which of its tokens, from the newest; beyond them one that never was. */
      readonly token: number
      readonly attempt: number
      /** What the client says it has: a count of the server, and how far from it. */
      readonly has: readonly ['acked' | 'hi', number]
      readonly unhandled: number
      readonly max: number
    }
  | { readonly type: 'append'; readonly sizes: readonly number[] }
  | { readonly type: 'sent'; readonly count: number }
  | { readonly type: 'acked'; readonly count: number }
  | { readonly type: 'received'; readonly count: number }
  | { readonly type: 'write'; readonly op: 'confirmed' | 'detached' }
  | { readonly type: 'end'; readonly reason: 'ended' | 'desync' }

const small = fc.nat({ max: 3 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('hello' as const),
      session: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, small),
      principal: fc.oneof(
        { weight: 6, arbitrary: fc.constant('ada' as const) },
        fc.constantFrom('eve' as const, null),
      ),
      token: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, small),
      attempt: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.constantFrom(-1, 0)),
      has: fc.tuple(fc.constantFrom('acked' as const, 'hi' as const), fc.constantFrom(0, 0, 0, 1, -1)),
      unhandled: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 2 })),
      max: fc.constantFrom(4, 100, 100, 100),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      sizes: fc.array(fc.constantFrom(1, 1, 1, 5), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('sent' as const), count: fc.constantFrom(1, 3) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('acked' as const), count: fc.constantFrom(1, 3) }) },
  fc.record({ type: fc.constant('received' as const), count: small }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      op: fc.constantFrom('confirmed' as const, 'detached' as const),
    }),
  },
  fc.record({
    type: fc.constant('end' as const),
    reason: fc.constantFrom('ended' as const, 'desync' as const),
  }),
)

/** A store under test: what it says to a HELLO, and the record that its server counts in. */
interface Side {
  readonly attach: (
    request: AttachRequest,
  ) => Promise<Attachment<SentMessage> | SharedAttachment<SentMessage>>
  readonly write: (write: StoreWrite) => Promise<unknown>
  readonly records: Map<string, SessionRecord<SentMessage>>
}

function memorySide(): Side {
  const store = new MemoryStore<SentMessage>({ maxPerPrincipal: 1_000 })
  const records: Side['records'] = new Map()
  return {
    records,
    attach: async (request) => {
      const answer = store.attach(request)
      if ('record' in answer) records.set(answer.record.sid, answer.record)
      return answer
    },
    write: async (write) => store.write(write),
  }
}

function redisSide(store: RedisStore): Side {
  const records: Side['records'] = new Map()
  const held = new Map<string, HeldOutput<SentMessage>>()
  const keep = async (sid: string) => {
    const output = held.get(sid)
    output?.touch()
    const batch = output?.ask()
    if (output === undefined || batch === undefined) return
    const answer = await store.keep(batch)
    expect(answer.kind).toBe('kept')
    output.kept()
  }
  return {
    records,
    attach: async (request) => {
      for (const sid of held.keys()) await keep(sid)
      const answer = await store.attach(request)
      if ('displaced' in answer) for (const { sid } of answer.displaced) held.delete(sid)
      if ('record' in answer) {
        records.set(answer.record.sid, answer.record)
        held.set(answer.record.sid, new HeldOutput(answer.record, () => {}))
      }
      return answer
    },
    write: async (write) => {
      held.get(write.sid)?.write(write)
      await keep(write.sid)
      if (write.op === 'ended') held.delete(write.sid)
    },
  }
}

const plain = ({ outbox, ...record }: SessionRecord<SentMessage>) => ({
  ...record,
  outbox: { ...outbox, entries: outbox.entries.map(({ payload }) => payload) },
})

/** What can be compared of an answer: `previousGen` only Redis knows. */
function shown(answer: Attachment<SentMessage> | SharedAttachment<SentMessage>) {
  if (answer.kind === 'resumed') return { kind: answer.kind, record: plain(answer.record) }
  if (answer.kind !== 'created') return answer
  const { lost, record } = answer
  // Redis keeps the counts to itself while the server that holds the session may know better.
  const told = lost?.reason === 'too-large' ? { reason: lost.reason } : lost
  return { ...answer, lost: told, record: plain(record) }
}

async function agree(store: RedisStore, script: readonly Step[], run: string): Promise<void> {
  const sides = [memorySide(), redisSide(store)]
  const sids: string[] = []
  const tokens = new Map<string, string[]>()
  let made = 0
  let attempt = 10
  const newest = () => sids.at(-1) ?? ''
  const onRecords = (change: (record: SessionRecord<SentMessage>) => void) => {
    for (const { records } of sides) {
      const record = records.get(newest())
      if (record !== undefined) change(record)
    }
  }
  for (const step of script) {
    if (step.type === 'hello') {
      const sid = sids.at(-1 - step.session) ?? null
      const token = sid === null ? null : (tokens.get(sid)?.at(-1 - step.token) ?? 'never')
      made += 1
      attempt += step.attempt
      const { principal, max, has } = step
      const counts = sides[0]?.records.get(sid ?? '')?.outbox
      const rx = Math.max(0, (counts?.[has[0]] ?? 0) + has[1])
      const ack = Math.max(0, rx - step.unhandled)
      const hello: AttachRequest['hello'] = {
        kind: 'hello',
        v: [1],
        sid,
        tok: token,
        att: attempt,
        rx,
        ack,
        max,
        win: [8, 1_000],
        cid: 'c',
        ext: [],
      }
      const request = {
        hello,
        principal,
        presentedHash: token,
        freshSid: `${run}-${made}`,
        freshTokenHash: `t${made}`,
      }
      const [mine, theirs] = await Promise.all(sides.map(async (side) => shown(await side.attach(request))))
      expect(theirs).toEqual(mine)
      if (mine !== undefined && 'record' in mine) {
        const at = mine.record.sid
        if (mine.kind === 'created') sids.push(at)
        tokens.set(at, [...(tokens.get(at) ?? []), `t${made}`])
      }
    } else if (step.type === 'append') {
      onRecords(({ outbox }) => {
        for (const size of step.sizes) {
          outbox.tx += 1
          outbox.entries.push(new SentMessage('x'.repeat(size)))
        }
      })
    } else if (step.type === 'sent') {
      onRecords(({ outbox }) => {
        outbox.hi = Math.min(outbox.tx, outbox.hi + step.count)
      })
    } else if (step.type === 'acked') {
      onRecords(({ outbox }) => {
        const upTo = Math.min(outbox.hi, outbox.acked + step.count)
        outbox.entries.splice(0, upTo - outbox.acked)
        outbox.acked = upTo
      })
    } else if (step.type === 'received') {
      onRecords(({ inbox }) => {
        inbox.rx += step.count
        inbox.handled = inbox.rx
      })
    } else {
      const sid = newest()
      for (const side of sides) {
        const gen = side.records.get(sid)?.gen
        if (gen === undefined) continue
        await side.write(
          step.type === 'end' ? { op: 'ended', sid, gen, reason: step.reason } : { op: step.op, sid, gen },
        )
        if (step.type === 'end') side.records.delete(sid)
      }
    }
  }
}

test('Redis and memory say the same to every HELLO', { timeout: 120_000 }, async () => {
  const scope = new Scope(systemClock)
  const store = redisStore({ client: await redis.client(), maxPerPrincipal: Infinity })
  store.open({
    scope,
    ttlMs: 60_000,
    hold: { maxMessages: 100, maxBytes: 100_000 },
    report: () => {},
    wake: () => {},
    release: () => {},
  })
  let runs = 0
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60, size: 'max' }), (script) =>
        agree(store, script, `r${(runs += 1)}`),
      ),
      { numRuns: 500 },
    )
  } finally {
    scope.end()
  }
})
