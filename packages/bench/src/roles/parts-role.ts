import { type Connection } from '@holdfast/server'
import { createHub } from '@holdfast/server/hub'
import { connect, type Session } from 'holdfast'
import { pool } from 'holdfast/pool'
import { sendLimit } from 'holdfast/rate'
import { stats } from 'holdfast/stats'
import { FakeSocket } from '../fake-socket.ts'
import { answerParent } from '../part.ts'

/** What one operation costs. */
export interface OperationCost {
  readonly cpuNs: number
  readonly allocatedBytes: number
}

/** Something to measure again and again. */
interface Operation {
  /** How often it is done in one go. */
  readonly times: number
  run(times: number): unknown
}

/** What single operations cost, by their names: once for each round. */
export type OperationCosts = Readonly<Record<string, readonly OperationCost[]>>

const url = 'ws://fake.example/'

/** Parts that need no network: what one operation costs, without anything around it. */
export function measureParts(): void {
  answerParent({
    operations: ({ rounds }: { rounds: number }) => inRounds(rounds),
    queue: ({ url: server, messages }: { url: string; messages: number }) => fromQueue(server, messages),
    rooms: ({ rooms }: { rooms: number }) => broadcastIn(rooms),
  })
}

function open(options: Parameters<typeof connect>[1] = {}): Session {
  return connect(url, { ...options, heartbeat: false, createSocket: () => new FakeSocket() })
}

async function opened(options?: Parameters<typeof connect>[1]): Promise<Session> {
  const session = open(options)
  await session.opened()
  return session
}

const text = 'twenty bytes of text'

/** All operations, made anew. What has to be kept for them is held by this process until it ends. */
async function operations(): Promise<ReadonlyMap<string, Operation>> {
  const keys = Array.from({ length: 1_000 }, (_, n) => `key ${n}`)
  const map = new Map(keys.map((key) => [key, { key }]))
  const limit = sendLimit({ perSecond: 1e9, burst: 1e9 })
  const [plain, limited, counted] = await Promise.all([opened(), opened({ plugs: [limit.plug] }), opened()])
  stats(counted)
  const awaited = awaitedMap(map, keys)
  return new Map<string, Operation>([
    ['get and set in a Map', mapUse(map, keys)],
    ['the same, awaited', awaited],
    ...(await Promise.all([1, 100, 1_000].map((count) => leases(count)))).flat(),
    ['send', sending(plain)],
    ['send with a limit', sending(limited)],
    ['send with stats', sending(counted)],
  ])
}

/** A key after the other, for keys that are the same each time are something that compilers see through. */
function mapUse(map: Map<string, object>, keys: readonly string[]): Operation {
  return {
    times: 500_000,
    run(times) {
      for (let n = 0; n < times; n += 1) {
        const key = keys[n % keys.length] as string
        map.set(key, map.get(key) as object)
      }
    },
  }
}

function awaitedMap(map: Map<string, object>, keys: readonly string[]): Operation {
  const find = (key: string) => Promise.resolve(map.get(key) as object)
  return {
    times: 50_000,
    async run(times) {
      for (let n = 0; n < times; n += 1) {
        const key = keys[n % keys.length] as string
        map.set(key, await find(key))
      }
    },
  }
}

/** A pool whose sessions are open, and are believed to be. */
async function leases(count: number): Promise<readonly (readonly [string, Operation])[]> {
  const sessions = pool(open, { minSessions: count, maxSessions: count, validateAfterMs: 3_600_000 })
  const all = await Promise.all(Array.from({ length: count }, () => sessions.lease()))
  for (const lease of all) lease.release()
  const sync = (times: number) => {
    for (let n = 0; n < times; n += 1) sessions.tryLease()?.release()
  }
  const awaited = async (times: number) => {
    for (let n = 0; n < times; n += 1) (await sessions.lease()).release()
  }
  const name = `of a pool of ${count.toLocaleString('en')}`
  return [
    [`tryLease and release ${name}`, { times: 200_000, run: sync }],
    [`lease, awaited, and release ${name}`, { times: 50_000, run: awaited }],
  ]
}

function sending(session: Session): Operation {
  return {
    times: 50_000,
    run(times) {
      for (let n = 0; n < times; n += 1) session.send(text)
    },
  }
}

/** Runs all in turn, round by round, so that what slows the machine down for a while slows all. */
async function inRounds(rounds: number): Promise<OperationCosts> {
  const all = await operations()
  const costs = new Map([...all.keys()].map((name): [string, OperationCost[]] => [name, []]))
  // The first rounds are for the compiler.
  for (let round = -3; round < rounds; round += 1) {
    for (const [name, { times, run }] of all) {
      const before = begin()
      await run(times)
      if (round >= 0) costs.get(name)?.push(end(before, times))
    }
  }
  return Object.fromEntries(costs)
}

/** Sends while there is no connection, connects, and waits until everything is back. @returns CPU µs for each message */
async function fromQueue(server: string, messages: number): Promise<number> {
  const before = process.cpuUsage()
  const session = connect(server, { autoConnect: false, queue: { maxMessages: messages } })
  let got = 0
  const back = new Promise<void>((resolve) =>
    session.on('message', () => {
      got += 1
      if (got === messages) resolve()
    }),
  )
  for (let n = 0; n < messages; n += 1) session.send('twenty bytes of text')
  session.reconnect()
  await back
  session.dispose()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / messages
}

/** Sends to ten members of one room among many rooms. */
function broadcastIn(rooms: number): OperationCost {
  const hub = createHub()
  for (let room = 0; room < rooms; room += 1) {
    for (let n = 0; n < 10; n += 1) hub.register(stubConnection(), { rooms: [`room ${room}`] })
  }
  const one = cost(20_000, () => void hub.broadcast('twenty bytes of text', { room: 'room 0' }))
  hub.dispose()
  return { cpuNs: one.cpuNs / 10, allocatedBytes: one.allocatedBytes / 10 }
}

function stubConnection(): Connection {
  return {
    id: '',
    state: 'open',
    bufferedBytes: 0,
    protocol: '',
    send: () => 'sent',
    on: () => () => {},
  } as unknown as Connection
}

function cost(times: number, run: () => void): OperationCost {
  for (let n = 0; n < times / 4; n += 1) run()
  return measured(times, () => {
    for (let n = 0; n < times; n += 1) run()
  })
}

function measured(times: number, run: () => void): OperationCost {
  const before = begin()
  run()
  return end(before, times)
}

/** Nothing is collected on purpose: a full collection also throws away what the compiler knows of objects that are not there just then. */
function begin() {
  return { heap: process.memoryUsage().heapUsed, cpu: process.cpuUsage() }
}

function end({ heap, cpu }: ReturnType<typeof begin>, times: number): OperationCost {
  const { user, system } = process.cpuUsage(cpu)
  const allocatedBytes = (process.memoryUsage().heapUsed - heap) / times
  return { cpuNs: ((user + system) * 1_000) / times, allocatedBytes }
}
