import { Scope, systemClock } from '@holdfast/lifetime'
import { encodeText, type Payload } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { defaults } from '../src/index.ts'
import type { ConnectionRequest } from '../src/connection-request.ts'
import type { DrivenConnection } from '../src/session-service.ts'
import { type ServerSession, sessions } from '../src/sessions/index.ts'
import { helloText } from './session-client.ts'

// A crowd does not need sockets of its own: these connections exist only for the sessions.

const request: ConnectionRequest = {
  url: '/',
  path: '/',
  headers: {},
  origin: undefined,
  remoteAddress: '127.0.0.1',
  offeredProtocols: ['holdfast.v1'],
  secure: false,
}

function crowd() {
  const opened: ServerSession[] = []
  const scope = new Scope(systemClock)
  const live = sessions({ handler: (session) => void opened.push(session) })
  const open = live.open({
    options: defaults,
    scope,
    log: () => {},
    report: (error) => {
      throw error
    },
    onAlarm: () => {},
  })
  let count = 0
  const connect = () => {
    const frames: Payload[] = []
    const connection: DrivenConnection = {
      id: `c${(count += 1)}`,
      request,
      bufferedBytes: 0,
      send(data) {
        frames.push(data as Payload)
        return 'sent'
      },
      end: () => {},
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

test('ten thousand sessions without a connection hold little memory, and give all of it back', () => {
  const { opened, scope, live, open, connect } = crowd()
  const count = 10_000
  const before = heapBytes()
  for (let n = 0; n < count; n += 1) {
    const { driver, say } = connect()
    say(helloText({ att: 1 }))
    say(encodeText('hello'))
    driver.closed()
  }
  expect(live.stats?.states).toEqual({ unconfirmed: 0, attached: 0, detached: count, closing: 0 })
  // Measured: about 7 kB each. The bound is against growth by whole connections, not a benchmark.
  expect((heapBytes() - before) / count).toBeLessThan(30_000)
  expect(scope.ledger).toMatchObject({ sockets: 0 })
  open.end()
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
