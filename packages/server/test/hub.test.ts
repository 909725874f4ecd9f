import { once } from 'node:events'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import {
  type BackpressurePolicy,
  createHub,
  type Hub,
  type HubOptions,
  type HubTarget,
} from '../src/hub/index.ts'
import type { Connection, ConnectionClosed, ConnectionEvents, SendResult } from '../src/index.ts'
import { afterwards, dial, running, until } from './running.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

function hubWith(options: HubOptions = {}): Hub {
  const hub = createHub(options)
  afterwards(() => hub.dispose())
  return hub
}

/** A connection without a socket, which takes what it is told to take. */
class FakeConnection implements Connection {
  readonly id = 'fake'
  readonly protocol = ''
  readonly received: unknown[] = []
  readonly cuts: unknown[] = []
  readonly #handlers = new Map<string, Set<(event: never) => unknown>>()
  state: Connection['state'] = 'open'
  bufferedBytes = 0
  flow: SendResult = 'sent'

  get request(): never {
    throw new Error('not asked for')
  }

  send(data: string | ArrayBuffer | ArrayBufferView): SendResult {
    if (this.state !== 'open') return 'closed'
    this.received.push(data)
    return this.flow
  }

  on<Type extends keyof ConnectionEvents>(type: Type, handler: (event: ConnectionEvents[Type]) => unknown) {
    const all = this.#handlers.get(type) ?? new Set()
    this.#handlers.set(type, all.add(handler))
    return () => void all.delete(handler)
  }

  get listeners(): number {
    return [...this.#handlers.values()].reduce((sum, all) => sum + all.size, 0)
  }

  drain(): void {
    this.flow = 'sent'
    // Those of now: who is still backed up listens anew.
    const handlers = Array.from(this.#handlers.get('drained') ?? [])
    for (const handler of handlers) handler(undefined as never)
  }

  end(): void {
    this.state = 'closed'
    const closed: ConnectionClosed = { cause: 'peer', code: 1000, reason: '', durationMs: 1 }
    for (const handler of this.#handlers.get('closed') ?? []) handler(closed as never)
  }

  terminate(cause?: string): void {
    this.cuts.push(cause)
    this.end()
  }

  close(): void {}
  pause(): void {}
  resume(): void {}
}

test('a broadcast reaches everyone, a room only those in it, and not the one it came from', () => {
  const hub = hubWith()
  const [ada, bob, eve] = [new FakeConnection(), new FakeConnection(), new FakeConnection()]
  hub.register(ada, { rooms: ['news'] })
  const member = hub.register(bob, { rooms: ['news', 'sport'] })
  hub.register(eve)
  expect(hub.broadcast('all')).toEqual({ sent: 3, waiting: 0, dropped: 0, gone: 0 })
  expect(hub.broadcast('news', { room: 'news', except: ada })).toMatchObject({ sent: 1 })
  expect(hub.broadcast('not bob', { except: member })).toMatchObject({ sent: 2 })
  expect(hub.broadcast('nobody', { room: 'empty' })).toMatchObject({ sent: 0 })
  expect([ada.received, bob.received, eve.received]).toEqual([
    ['all', 'not bob'],
    ['all', 'news'],
    ['all', 'not bob'],
  ])
})

test('a room is there for as long as somebody is in it', () => {
  const hub = hubWith()
  const connection = new FakeConnection()
  hub.register(connection)
  expect(hub.join(connection, 'a')).toBe(true)
  expect(hub.join(connection, 'a')).toBe(false)
  expect([...hub.rooms()]).toEqual(['a'])
  expect([...hub.members('a')].map(({ target }) => target)).toEqual([connection])
  expect(hub.leave(connection, 'a')).toBe(true)
  expect(hub.leave(connection, 'a')).toBe(false)
  expect([...hub.rooms()]).toEqual([])
})

test('who ends is no member any more, and nothing is listened for', () => {
  const hub = hubWith()
  const connection = new FakeConnection()
  const member = hub.register(connection, { rooms: ['a'], principal: 'ada' })
  expect(member.state).toBe('attached')
  connection.end()
  expect([hub.size, [...hub.rooms()], hub.client('ada')]).toEqual([0, [], undefined])
  expect(member).toMatchObject({ state: 'ended' })
  expect(connection.listeners).toBe(0)
  expect(hub.join(connection, 'a')).toBe(false)
})

test('who has ended is not taken, and who is a member stays the same one', () => {
  const hub = hubWith()
  const connection = new FakeConnection()
  const member = hub.register(connection)
  expect(hub.register(connection, { rooms: ['later'] })).toBe(member)
  expect([...member.rooms]).toEqual(['later'])
  expect(connection.listeners).toBe(1)
  const ended = new FakeConnection()
  ended.state = 'closed'
  expect(hub.register(ended, { principal: 'ada' }).state).toBe('ended')
  expect(ended.listeners).toBe(0)
  expect([hub.size, hub.client('ada')]).toEqual([1, undefined])
})

test('empty is told when the last of a principal goes, after what is tied to it was released, once', () => {
  const hub = hubWith()
  const log: string[] = []
  hub.on('empty', ({ principal }) => log.push(`empty ${principal}`))
  const [first, second] = [new FakeConnection(), new FakeConnection()]
  hub.register(first, { principal: 'ada' })
  hub.register(second, { principal: 'ada' })
  const client = hub.client('ada')
  client?.hold(() => log.push('one'))
  const early = client?.hold(() => log.push('two'))
  client?.hold(() => log.push('three'))
  early?.()
  early?.()
  first.end()
  expect(log).toEqual(['two'])
  second.end()
  second.end()
  expect(log).toEqual(['two', 'three', 'one', 'empty ada'])
  client?.hold(() => log.push('late'))
  expect(log.at(-1)).toBe('late')
})

test('a principal that comes back is a new client', () => {
  const hub = hubWith()
  const empty = vi.fn()
  hub.on('empty', empty)
  for (let n = 1; n <= 3; n += 1) {
    const connection = new FakeConnection()
    const release = vi.fn()
    hub.register(connection, { principal: 'ada' })
    hub.client('ada')?.hold(release)
    connection.end()
    expect(release).toHaveBeenCalledOnce()
    expect(empty).toHaveBeenCalledTimes(n)
  }
})

test('a release that throws is reported, and the others run', () => {
  const hub = hubWith()
  const errors: unknown[] = []
  hub.on('error', ({ error }) => errors.push(error))
  const connection = new FakeConnection()
  hub.register(connection, { principal: 'ada' })
  const release = vi.fn()
  hub.client('ada')?.hold(release)
  hub.client('ada')?.hold(() => {
    throw new Error('stuck')
  })
  connection.end()
  expect(release).toHaveBeenCalledOnce()
  expect(errors).toMatchObject([{ message: 'stuck' }])
})

test('send reaches every connection of a principal', () => {
  const hub = hubWith()
  const [first, second, other] = [new FakeConnection(), new FakeConnection(), new FakeConnection()]
  for (const connection of [first, second]) hub.register(connection, { principal: 'ada' })
  hub.register(other, { principal: 'bob' })
  expect(hub.send('ada', 'hi')).toMatchObject({ sent: 2 })
  expect(hub.send('nobody', 'hi')).toMatchObject({ sent: 0 })
  expect([first.received, second.received, other.received]).toEqual([['hi'], ['hi'], []])
})

test('what is backed up waits, bounded, and goes out in order when there is room', () => {
  const hub = hubWith({ backpressure: { policy: 'drop-oldest', maxMessages: 3 } })
  const overflow = vi.fn()
  hub.on('overflow', overflow)
  const [slow, fast] = [new FakeConnection(), new FakeConnection()]
  slow.flow = 'backed-up'
  const member = hub.register(slow)
  hub.register(fast)
  for (let n = 1; n <= 6; n += 1) hub.broadcast(String(n))
  expect(slow.received).toEqual(['1'])
  expect(fast.received).toHaveLength(6)
  expect(member).toMatchObject({ waiting: { messages: 3, bytes: 3 }, dropped: 2 })
  expect(overflow).toHaveBeenCalledExactlyOnceWith({ member, outcome: 'dropped' })
  slow.drain()
  expect(slow.received).toEqual(['1', '4', '5', '6'])
  expect(member.waiting).toEqual({ messages: 0, bytes: 0 })
  expect(hub.broadcast('7')).toMatchObject({ sent: 2 })
})

test('a member that gets backed up again while it catches up keeps the rest waiting', () => {
  const hub = hubWith()
  const slow = new FakeConnection()
  slow.flow = 'backed-up'
  const member = hub.register(slow)
  for (let n = 1; n <= 5; n += 1) hub.broadcast(String(n))
  slow.send = vi.fn((data: string) => {
    slow.received.push(data)
    return 'backed-up' as const
  })
  slow.drain()
  expect(slow.received).toEqual(['1', '2'])
  slow.drain()
  expect(slow.received).toEqual(['1', '2', '3'])
  expect(member.waiting.messages).toBe(2)
})

test('disconnect cuts the slow one when it may not wait any more, and nobody else', () => {
  const hub = hubWith({ backpressure: { maxMessages: 2 } })
  const overflow = vi.fn()
  hub.on('overflow', overflow)
  const [slow, fast] = [new FakeConnection(), new FakeConnection()]
  slow.flow = 'backed-up'
  const member = hub.register(slow, { principal: 'slow' })
  hub.register(fast)
  for (let n = 1; n <= 3; n += 1) hub.broadcast(String(n))
  expect(slow.cuts).toEqual([])
  expect(hub.broadcast('4')).toEqual({ sent: 1, waiting: 0, dropped: 0, gone: 1 })
  expect(slow.cuts).toEqual(['slow-consumer'])
  expect(overflow).toHaveBeenCalledExactlyOnceWith({ member, outcome: 'disconnected' })
  expect([hub.size, hub.client('slow'), member.dropped]).toEqual([1, undefined, 3])
})

test('a member may have a policy of its own', () => {
  const hub = hubWith({ backpressure: { maxMessages: 1 } })
  const slow = new FakeConnection()
  slow.flow = 'backed-up'
  const member = hub.register(slow, { backpressure: { policy: 'coalesce' } })
  for (const key of ['a', 'a', 'a']) hub.broadcast('x', { key })
  expect([slow.cuts, member.waiting.messages, member.dropped]).toEqual([[], 1, 1])
})

test('binary is copied once for all, so that its owner may use it again', () => {
  const hub = hubWith()
  const [first, second] = [new FakeConnection(), new FakeConnection()]
  hub.register(first)
  hub.register(second)
  const bytes = Uint8Array.of(1, 2, 3)
  hub.broadcast(bytes)
  bytes.fill(0)
  expect(first.received).toEqual([Uint8Array.of(1, 2, 3)])
  expect(second.received[0]).toBe(first.received[0])
})

test('dispose forgets everyone, releases what was tied to them, and takes nobody in', () => {
  const hub = createHub()
  const empty = vi.fn()
  const release = vi.fn()
  hub.on('empty', empty)
  const connection = new FakeConnection()
  hub.register(connection, { principal: 'ada' })
  hub.client('ada')?.hold(release)
  hub.dispose()
  hub.dispose()
  expect(release).toHaveBeenCalledOnce()
  expect(empty).toHaveBeenCalledOnce()
  expect(connection).toMatchObject({ listeners: 0, state: 'open' })
  hub.register(connection)
  expect([hub.size, connection.listeners]).toEqual([0, 0])
})

test.each([
  [
    () => createHub({ backpressure: { policy: 'hope' as BackpressurePolicy } }),
    /backpressure\.policy: must be one of disconnect, drop-oldest/,
  ],
  [() => createHub({ backpressure: { maxBytes: -1 } }), /backpressure\.maxBytes: must be an integer from 0/],
  [() => createHub({ limit: 1 } as HubOptions), /options: limit is unknown/],
  [
    () => hubWith().register(new FakeConnection(), { principal: '' }),
    /principal: must have at least 1 character/,
  ],
  [
    () => hubWith().broadcast(5 as never),
    /message: must be a string, an ArrayBuffer or a view of one, received 5/,
  ],
  [() => hubWith().broadcast('x', { key: '' }), /key: must have at least 1 character/],
])('bad input is refused: %#', (run, message) => {
  expect(run).toThrow(message)
})

test('rooms and clients always agree with who is a member', () => {
  const action = fc.record({
    what: fc.constantFrom('register', 'end', 'unregister', 'join', 'leave', 'broadcast'),
    who: fc.nat(4),
    room: fc.constantFrom('a', 'b'),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const hub = createHub({ backpressure: { policy: 'disconnect', maxMessages: 0 } })
      const released: string[] = []
      const emptied: string[] = []
      hub.on('empty', ({ principal }) => emptied.push(principal))
      let people = Array.from({ length: 5 }, () => new FakeConnection())
      for (const { what, who, room } of actions) {
        const one = people[who] ?? new FakeConnection()
        if (what === 'register') {
          const principal = `p${who % 2}`
          const isNew = hub.client(principal) === undefined
          hub.register(one, { principal, rooms: [room] })
          if (isNew) hub.client(principal)?.hold(() => released.push(principal))
        } else if (what === 'end') {
          one.end()
          people = people.map((person) => (person === one ? new FakeConnection() : person))
        } else if (what === 'unregister') hub.unregister(one)
        else if (what === 'join') hub.join(one, room)
        else if (what === 'leave') hub.leave(one, room)
        else hub.broadcast('x', { room })
        const members = [...hub.members()]
        const byRoom = [...hub.rooms()].flatMap((name) =>
          [...hub.members(name)].map((member) => [name, member]),
        )
        expect(byRoom).toHaveLength(members.reduce((sum, { rooms }) => sum + rooms.size, 0))
        const byClient = [...hub.clients()].flatMap((client) => [...client.members])
        expect(new Set(byClient)).toEqual(new Set(members))
        expect([...hub.clients()].every((client) => client.members.size > 0)).toBe(true)
        expect(released).toEqual(emptied)
      }
      hub.dispose()
      expect(released).toEqual(emptied)
      expect(people.every(({ listeners }) => listeners === 0)).toBe(true)
    }),
  )
})

test('connections and sessions share a room and a principal; text is encoded once for all of them', async () => {
  const hub = hubWith()
  const at = await sessionServer(
    { authenticate: () => ({ principal: 'ada' }) },
    { handler: (connection) => void hub.register(connection, { principal: 'ada', rooms: ['r'] }) },
  )
  const clients = await Promise.all([dial(at.url), dial(at.url)])
  const { client, session } = await joined(at)
  const member = hub.register(session, { rooms: ['r'] })
  await until(() => hub.size === 3)
  expect(hub.client('ada')?.members.size).toBe(3)
  const message = `message ${'ü'.repeat(100)}`
  const encoded = vi.spyOn(Buffer, 'from')
  hub.broadcast(message, { room: 'r' })
  const times = encoded.mock.calls.filter(([text]) => (text as unknown) === message).length
  encoded.mockRestore()
  expect(times).toBe(1)
  await until(
    () => client.received.includes(message) && clients.every(({ received }) => received.includes(message)),
  )
  await client.cut()
  await inState(session, 'detached')
  expect(member.state).toBe('detached')
  hub.broadcast('while away', { room: 'r' })
  await client.connect()
  await until(() => client.received.includes('while away'))
  const emptied = new Promise((resolve) => hub.on('empty', resolve))
  for (const { socket } of clients) socket.close()
  session.dispose()
  expect(await emptied).toEqual({ principal: 'ada' })
  expect(member.state).toBe('ended')
})

test('a session whose client is away too long for the room gets a new one, and says so', async () => {
  const hub = hubWith({ backpressure: { maxMessages: 5 } })
  const at = await sessionServer({ maxHeldMessages: 10 })
  const { client, session } = await joined(at)
  hub.register(session)
  await client.cut()
  await inState(session, 'detached')
  for (let n = 0; n < 50; n += 1) hub.broadcast(`m${n}`)
  expect(session.state.name).toBe('ended')
  expect(hub.size).toBe(0)
  expect(await client.connect()).toMatchObject({ outcome: { name: 'gap' } })
})

test('a session that was slow catches up from what waits for it', async () => {
  const hub = hubWith({ backpressure: { maxMessages: 1_000 } })
  const at = await sessionServer({ maxHeldMessages: 10 })
  const { client, session } = await joined(at)
  const member = hub.register(session)
  await client.cut()
  await inState(session, 'detached')
  const sent = Array.from({ length: 60 }, (_unused, n) => `m${n}`)
  for (const message of sent) hub.broadcast(message)
  expect(member.waiting.messages).toBe(55)
  await client.connect()
  await until(() => client.received.length >= 60)
  expect(client.received).toEqual(sent)
})

test.each(['disconnect', 'drop-oldest'] as const)(
  'with %s a client that never reads costs bounded memory, and everyone else gets everything',
  async (policy) => {
    const hub = hubWith({ backpressure: { policy, maxMessages: 100, maxBytes: 1_000_000 } })
    const targets: HubTarget[] = []
    const { server, url } = await running({
      highWaterMarkBytes: 100_000,
      handler: (connection) => void targets.push(hub.register(connection).target),
    })
    const deaf = await dial(url)
    deaf.socket.pause()
    await until(() => targets.length === 1)
    const others = await Promise.all(Array.from({ length: 20 }, () => dial(url)))
    await until(() => hub.size === 21)
    const message = 'x'.repeat(100_000)
    const rounds = 300
    let mostWaiting = 0
    for (let n = 0; n < rounds; n += 1) {
      hub.broadcast(message)
      const [member] = [...hub.members()].filter(({ target }) => target === targets[0])
      const buffered =
        targets[0] !== undefined && 'bufferedBytes' in targets[0] ? targets[0].bufferedBytes : 0
      mostWaiting = Math.max(mostWaiting, (member?.waiting.bytes ?? 0) + buffered)
      // Clients and server share this process: let all of them read.
      if (n % 20 === 0) await until(() => others.every(({ received }) => received.length >= n - 3))
    }
    await until(() => others.every(({ received }) => received.length === rounds))
    // High water and one message, and what the hub lets wait.
    expect(mostWaiting).toBeLessThanOrEqual(100_000 + 2 * 100_020 + 1_000_000)
    if (policy === 'disconnect') {
      await until(() => server.counters.closed['slow-consumer'] === 1)
      expect(hub.size).toBe(20)
    } else {
      const before = deaf.received.length
      deaf.socket.resume()
      await once(deaf.socket, 'message')
      await until(() => deaf.received.length > before + 5)
    }
  },
)
