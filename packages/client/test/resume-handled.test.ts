import { afterEach, describe, expect, it } from 'vitest'
import { connect, type Session, type SessionError } from '../src/index.ts'
import { type ResumeOptions, resume } from '../src/resume/index.ts'
import { fakeServer, ManualClock, type ServerSocket } from '../src/testing/index.ts'
import { DLE, welcome as welcomeFrame } from './resume-frames.ts'

// What the client acknowledges with `ack: 'handled'`, in virtual time, against a server written out frame by frame.

const sessions: Session[] = []

afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose()
})

/** Lets an acknowledgement go that is owed. */
const soon = 250

async function open(plug: Partial<ResumeOptions> = {}) {
  const clock = new ManualClock()
  const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
  const session = connect('ws://server.test', {
    resume: resume({ ack: 'handled', ...plug }),
    clock,
    createSocket: server.createSocket,
    random: () => 0.5,
    heartbeat: false,
  })
  sessions.push(session)
  const errors: SessionError[] = []
  session.on('error', (error) => errors.push(error))
  const welcome = async (members: object = {}): Promise<ServerSocket> => {
    await clock.advance(1)
    const socket = server.last
    socket.send(welcomeFrame(members))
    await clock.advance(1)
    return socket
  }
  return { clock, server, session, errors, welcome, socket: await welcome() }
}

/** The last acknowledgement on a connection. */
function acked(socket: ServerSocket): number {
  const acks = socket.received.map(String).filter((frame) => frame.startsWith(`${DLE}A`))
  return Number(/^.A(\d+),/.exec(acks.at(-1) ?? '')?.[1])
}

function deferred() {
  let done = () => {}
  const promise = new Promise<void>((resolve) => {
    done = resolve
  })
  return { promise, done }
}

describe("a session with ack: 'handled'", () => {
  it('acknowledges what nobody listens to', async () => {
    const { socket, clock } = await open()
    socket.send('one')
    await clock.advance(soon)
    expect(acked(socket)).toBe(1)
  })

  it('acknowledges up to the first message whose handler has not settled, and the rest when it has', async () => {
    const { socket, clock, session } = await open()
    const slow = deferred()
    const seen: unknown[] = []
    session.on('message', (message) => {
      seen.push(message)
      return message === 'two' ? slow.promise : undefined
    })
    for (const message of ['one', 'two', 'three']) socket.send(message)
    await clock.advance(soon)
    expect(seen).toEqual(['one', 'two', 'three'])
    expect(acked(socket)).toBe(1)
    slow.done()
    await clock.advance(soon)
    expect(acked(socket)).toBe(3)
  })

  it('counts a message as handled whose handler throws or rejects, and reports it', async () => {
    const { socket, clock, session, errors } = await open()
    session.on('message', (message) => {
      if (message === 'one') throw new Error('thrown')
      return Promise.reject(new Error('rejected'))
    })
    socket.send('one')
    socket.send('two')
    await clock.advance(soon)
    expect(acked(socket)).toBe(2)
    expect(errors.map(({ phase }) => phase)).toEqual(['handler', 'handler'])
  })

  it('counts a message as handled when a loop asks for the next one', async () => {
    const { socket, clock, session } = await open()
    const loop = session[Symbol.asyncIterator]()
    const first = loop.next()
    socket.send('one')
    socket.send('two')
    await clock.advance(1)
    expect(await first).toEqual({ done: false, value: 'one' })
    await clock.advance(soon)
    expect(acked(socket)).toBe(0)
    expect(await loop.next()).toEqual({ done: false, value: 'two' })
    await clock.advance(soon)
    expect(acked(socket)).toBe(1)
    await loop.return?.()
    await clock.advance(soon)
    expect(acked(socket)).toBe(2)
  })

  it('ends loops with the session, after what they have not read', async () => {
    const { socket, clock, session } = await open()
    const loop = session[Symbol.asyncIterator]()
    socket.send('one')
    await clock.advance(1)
    session.dispose()
    expect(await loop.next()).toEqual({ done: false, value: 'one' })
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    expect(await session[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
  })

  it('asks again for what was not handled when the connection was lost, and hands it over once', async () => {
    const { socket, clock, session, server, welcome } = await open()
    const slow = deferred()
    const seen: unknown[] = []
    session.on('message', (message) => {
      seen.push(message)
      return slow.promise
    })
    socket.send('one')
    await clock.advance(1)
    socket.cut()
    await clock.advance(2_000)
    const hello = JSON.parse(String(server.last.received[0]).slice(2)) as { rx: number; ack: number }
    expect(hello).toMatchObject({ rx: 1, ack: 0 })
    const again = await welcome({ res: true })
    slow.done()
    await clock.advance(soon)
    expect(acked(again)).toBe(1)
    expect(seen).toEqual(['one'])
  })

  it('acknowledges nothing for a handler that settles after a gap', async () => {
    const { socket, clock, session, welcome } = await open()
    const slow = deferred()
    const handled: unknown[] = []
    session.on('message', (message) => (message === 'old' ? slow.promise : void handled.push(message)))
    socket.send('old')
    await clock.advance(1)
    socket.cut()
    await clock.advance(2_000)
    const next = await welcome({ sid: 's-2', lost: 'expired' })
    slow.done()
    await clock.advance(soon)
    expect(acked(next)).toBe(0)
    next.send('new')
    await clock.advance(soon)
    expect(acked(next)).toBe(1)
  })

  it('reports handlers that hold the whole window for stallMs, once, and not when one settles in time', async () => {
    const { socket, clock, session, errors } = await open({ windowMessages: 3, stallMs: 1_000 })
    const first = deferred()
    session.on('message', (message) => (message === '1' ? first.promise : undefined))
    for (const message of ['1', '2', '3']) socket.send(message)
    await clock.advance(900)
    expect(errors).toEqual([])
    await clock.advance(200)
    expect(errors).toMatchObject([{ phase: 'handler-stalled', error: { code: 'handler-stalled' } }])
    expect(String(errors[0]?.error)).toContain('3 messages')
    first.done()
    await clock.advance(5_000)
    expect(errors.length).toBe(1)
    for (const message of ['4', '5']) socket.send(message)
    await clock.advance(5_000)
    expect(errors.length).toBe(1)
  })

  it('refuses another word, and says which are known', () => {
    expect(() => resume({ ack: 'read' as never })).toThrow(
      'resume.ack: must be one of received, handled, got "read"',
    )
  })

  it("acknowledges what arrives whatever its handlers do with ack: 'received', the default", async () => {
    const { socket, clock, session } = await open({ ack: 'received' })
    session.on('message', () => new Promise(() => {}))
    socket.send('one')
    await clock.advance(soon)
    expect(acked(socket)).toBe(1)
  })
})
