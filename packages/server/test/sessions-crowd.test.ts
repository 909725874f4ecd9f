import { Scope, systemClock } from '@holdfast/lifetime'
import { encodeText, type Payload } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { defaults } from '../src/index.ts'
import type { ConnectionRequest } from '../src/connection-request.ts'
import type { DrivenConnection } from '../src/session-service.ts'
import { type ServerSession, sessions } from '../src/sessions/index.ts'
import { helloText } from './session-client.ts'

// These connections have no sockets: for crowds, and where the state of a socket's buffer must be known exactly.

const request: ConnectionRequest = {
  url: '/',
  path: '/',
  headers: {},
  origin: undefined,
  remoteAddress: '127.0.0.1',
  offeredProtocols: ['holdfast.v1'],
  secure: false,
}

function crowd({
  bufferedBytes = 0,
  ...limits
}: {
  bufferedBytes?: number
  highWaterMarkBytes?: number
} = {}) {
  const opened: ServerSession[] = []
  const scope = new Scope(systemClock)
  const live = sessions({ handler: (session) => void opened.push(session) })
  const open = live.open({
    options: { ...defaults, ...limits },
    scope,
    log: () => {},
    report: (error) => {
      throw error
    },
    admit: () => ({ kind: 'now' }),
    onAlarm: () => {},
    onPong: () => {},
  })
  let count = 0
  const connect = () => {
    const frames: Payload[] = []
    const connection: DrivenConnection = {
      id: `c${(count += 1)}`,
      request,
      bufferedBytes,
      send(data) {
        frames.push(data as Payload)
        return 'sent'
      },
      end: () => {},
      cut: () => {},
    }
    const driver = open.accept(connection)
    const say = (text: string) => driver.message(text, Buffer.byteLength(text))
    return { driver, say, frames }
  }
  return { opened, scope, live, open, connect }
}

const heapBytes = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

test('ten thousand sessions without a connection hold little memory, and give all of it back', {
  timeout: 120_000,
}, () => {
  const { opened, scope, live, open, connect } = crowd()
  const count = 10_000
  const before = heapBytes()
  for (let n = 0; n < count; n += 1) {
    const client = connect()
    join(client)
    client.driver.closed()
  }
  expect(live.stats?.states).toEqual({ unconfirmed: 0, attached: 0, detached: count, closing: 0 })
  // Measured: about 7 kB each, in a process without test tools. The bound is against growth by whole connections, not a benchmark.
  expect((heapBytes() - before) / count).toBeLessThan(30_000)
  expect(scope.ledger).toMatchObject({ sockets: 0 })
  void open.end(Promise.resolve())
  expect(opened).toHaveLength(count)
  expect(opened.every(({ state }) => state.name === 'ended')).toBe(true)
  expect(live.stats?.states).toEqual({ unconfirmed: 0, attached: 0, detached: 0, closing: 0 })
  expect(scope.ledger).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
  scope.end()
})

test('connections that never confirm their sessions are never seen by the application', () => {
  const { opened, scope, live, connect } = crowd()
  for (let n = 0; n < 100; n += 1) {
    const { driver, say } = connect()
    say(helloText({ att: 1 }))
    driver.closed()
  }
  expect(opened).toEqual([])
  expect(live.stats?.states).toEqual({ unconfirmed: 100, attached: 0, detached: 0, closing: 0 })
  scope.end()
})

test.each([
  ['an empty buffer', 0],
  ['a buffer that holds a little', 1],
])('messages are not held back for %s', (_name, bufferedBytes) => {
  const { opened, scope, connect } = crowd({ bufferedBytes, highWaterMarkBytes: 1_000 })
  const client = connect()
  join(client)
  const { frames } = client
  const before = frames.length
  for (let n = 0; n < 10; n += 1) opened[0]?.send('x'.repeat(500))
  expect(frames.length - before).toBe(10)
  scope.end()
})

test('what waited for a client goes out at once when it is back, as its buffer is empty', () => {
  const { opened, scope, connect } = crowd({ highWaterMarkBytes: 1_000 })
  const first = connect()
  join(first)
  first.driver.closed()
  for (let n = 0; n < 10; n += 1) opened[0]?.send('x'.repeat(500))
  const { sid, tok } = JSON.parse(String(first.frames[0]).slice(2)) as { sid: string; tok: string }
  const second = connect()
  second.say(helloText({ att: 2, sid, tok }))
  expect(second.frames.filter((frame) => frame === 'x'.repeat(500))).toHaveLength(10)
  scope.end()
})

/** Gets a session and confirms it. */
function join({ say }: { say: (text: string) => void }): void {
  say(helloText({ att: 1 }))
  say(encodeText('hello'))
}
