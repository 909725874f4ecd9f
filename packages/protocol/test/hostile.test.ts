import { describe, expect, test } from 'vitest'
import { ClientCore, ServerCore, MemoryStore, encodeControl, resolveClientOptions } from '../src/index.ts'
import { Random } from '../sim/random.ts'
import { type Note, drain, note } from './pair.ts'

const rounds = 300
const steps = 60

const small = { max: 50, win: [3, 60] }
const limits = { maxBytes: 50, windowMessages: 3, windowBytes: 60 }

/** A frame that is valid, nearly valid, or noise. */
function hostileText(random: Random, sid: string, token: string): string {
  const n = (): number => random.pick(0, 1, 2, 3, 4, 50, 2 ** 53 - 1)
  const common = { rx: n(), ack: n(), ...small }
  const text = random.pick(
    'data',
    '',
    `\u0010A${n()},${n()}`,
    `\u0010P${n()},${n()},${n()}`,
    `\u0010Q${n()},${n()},${n()}`,
    `\u0010H${JSON.stringify({ v: [1], sid: random.pick(null, sid), tok: random.pick(null, token, 'x'), att: n(), cid: 'x', ...common })}`,
    `\u0010W${JSON.stringify({ v: 1, sid, tok: 't', res: random.chance(0.5), ping: 0, idle: 0, ttl: n(), spread: 0, ...common })}`,
    `\u0010B${JSON.stringify({ code: 4000, ...common })}`,
    `\u0010E${JSON.stringify({ code: random.pick(4400, 4409, 4412, 4413), end: random.chance(0.5), att: n(), lack: n(), lrx: n() })}`,
    `\u0010G${JSON.stringify({ after: n(), spread: n() })}`,
    `\u0010R${JSON.stringify({ auth: { __proto__: 1 } })}`,
    `\u0010X${JSON.stringify({ exp: n() })}`,
    'x'.repeat(51),
  )
  if (random.chance(0.8)) return text
  const at = random.between(0, text.length)
  return (
    text.slice(0, at) +
    random.pick('', '\u0010', '{', '"', '9', '\ud800') +
    text.slice(at + random.between(0, 2))
  )
}

describe('a hostile server', () => {
  test('makes the client neither throw nor lose count of its messages', () => {
    for (let seed = 1; seed <= rounds; seed += 1) {
      const random = new Random(seed)
      const core = new ClientCore<Note>(
        resolveClientOptions({ cid: 'c', limits, ackMode: random.pick('received', 'handled') }),
      )
      const open = new Set<Note>()
      const settleAll = (notes: readonly Note[]): void => {
        for (const entry of notes) expect(open.delete(entry), `seed ${seed}: a fate of its own`).toBe(true)
      }
      const run = (): void => {
        for (const action of drain(core)) {
          if (action.type === 'acked') settleAll(action.entries)
          const ended = action.type === 'welcomed' && action.outcome.name === 'gap' ? action.outcome : action
          if ('handBack' in ended) settleAll(Object.values(ended.handBack).flat())
        }
      }
      let attempt = core.begin()
      for (let step = 0; step < steps; step += 1) {
        if (core.phase === 'idle') attempt = core.begin()
        const entry = note(`m${step}`)
        if (typeof core.offer(entry) === 'number') open.add(entry)
        core.text(attempt, hostileText(random, core.sid ?? 's', 't'))
        run()
        if (random.chance(0.1)) core.settle(core.sid ?? 's', random.between(0, 5))
        if (random.chance(0.1)) core.due('ack')
        if (random.chance(0.02)) core.closed(attempt, random.pick(1006, 4409))
        if (random.chance(0.01)) core.leave()
        run()
      }
      settleAll(Object.values(core.abandon()).flat())
      expect(open.size, `seed ${seed}`).toBe(0)
      expect(drain(core).filter(({ type }) => type !== 'disarm')).toEqual([])
    }
  })
})

describe('a hostile client', () => {
  test('makes the server neither throw nor grow, and disturbs nobody else', () => {
    for (let seed = 1; seed <= rounds; seed += 1) {
      const random = new Random(seed)
      const core = new ServerCore<Note>({ limits, bounds: { maxMessages: 9, maxBytes: 500 } })
      const store = new MemoryStore<Note>({ maxPerPrincipal: 3, maxTombstones: 5 })
      const delivered: unknown[] = []
      const touched: string[] = []
      let ids = 0
      const run = (): void => {
        for (let action = core.next(); action !== undefined; action = core.next()) {
          if (action.type === 'attach') core.attached(action.connection, store.attach(action.request))
          if (action.type === 'store') store.write(action.write)
          if (action.type === 'deliver' && action.sid === 's1') delivered.push(action.payload)
          if (['detached', 'ended', 'attached'].includes(action.type) && 'sid' in action)
            touched.push(action.sid)
          if (action.type !== 'authenticate') continue
          ids += 1
          const { tok } = action.hello
          core.authenticated(action.connection, {
            kind: 'known',
            principal: action.connection === 1 ? 'ada' : 'eve',
            presentedHash: tok === null ? null : `#${tok}`,
            freshSid: `s${ids}`,
            freshToken: `t${ids}`,
            freshTokenHash: `#t${ids}`,
          })
        }
      }
      core.open(1)
      core.text(
        1,
        encodeControl({
          kind: 'hello',
          v: [1],
          sid: null,
          tok: null,
          att: 1,
          rx: 0,
          ack: 0,
          ...small,
          cid: 'c',
        }),
      )
      run()
      core.text(1, '\u0010A0,0')
      let connection = 2
      for (let step = 0; step < steps; step += 1) {
        if (random.chance(0.2)) core.closed(connection)
        if (random.chance(0.4)) core.open((connection += 1))
        core.text(connection, hostileText(random, random.pick('s1', 's2', 'nobody'), random.pick('t1', 't2')))
        for (const session of core.sessions()) if (session.sid !== 's1') session.offer(note('out'))
        run()
        core.text(1, `${step}`)
        run()
      }
      expect(delivered).toEqual(Array.from({ length: steps }, (_, step) => `${step}`))
      expect(touched).not.toContain('s1')
      expect(store.size).toBeLessThanOrEqual(4)
    }
    expect('polluted' in {}).toBe(false)
  })
})
