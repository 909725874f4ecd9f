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

const url = 'ws://fake.example/'

/** Parts that need no network: what one operation costs, without anything around it. */
export function measureParts(): void {
  answerParent({
    'map get and set': () => {
      const map = new Map([['key', 0]])
      return cost(1_000_000, () => void map.set('key', (map.get('key') ?? 0) + 1))
    },
    'pool lease and release': async () => {
      const sessions = pool(open, { minSessions: 4, maxSessions: 4 })
      ;(await sessions.lease()).release()
      const figures = await costAsync(50_000, async () => (await sessions.lease()).release())
      sessions.dispose()
      return figures
    },
    send: async () => sending(await opened()),
    'send with a limit': async () => {
      const limit = sendLimit({ perSecond: 1_000_000_000, burst: 1_000_000_000 })
      const figures = await sending(await opened({ plugs: [limit.plug] }))
      limit.dispose()
      return figures
    },
    'send with stats': async () => {
      const session = await opened()
      stats(session)
      return sending(session)
    },
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

async function sending(session: Session): Promise<OperationCost> {
  const figures = cost(200_000, () => void session.send('twenty bytes of text'))
  session.dispose()
  return figures
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

async function costAsync(times: number, run: () => Promise<unknown>): Promise<OperationCost> {
  for (let n = 0; n < times / 4; n += 1) await run()
  const before = begin()
  for (let n = 0; n < times; n += 1) await run()
  return end(before, times)
}

function measured(times: number, run: () => void): OperationCost {
  const before = begin()
  run()
  return end(before, times)
}

function begin() {
  globalThis.gc?.()
  return { heap: process.memoryUsage().heapUsed, cpu: process.cpuUsage() }
}

function end({ heap, cpu }: ReturnType<typeof begin>, times: number): OperationCost {
  const { user, system } = process.cpuUsage(cpu)
  const allocatedBytes = (process.memoryUsage().heapUsed - heap) / times
  return { cpuNs: ((user + system) * 1_000) / times, allocatedBytes }
}
