import { afterEach, describe, expect, it } from 'vitest'
import { connect, type Session } from '../src/index.ts'
import { batch, resume } from '../src/resume/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import { DLE, helloOn, welcome } from './resume-frames.ts'

// Messages that share frames, in virtual time, against a server written out frame by frame.

const sessions: Session[] = []

afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose()
})

async function open(ext: readonly string[], options?: Parameters<typeof batch>[0]) {
  const clock = new ManualClock()
  const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
  const session = connect('ws://server.test', {
    resume: resume(options ? { batch: batch(options) } : {}),
    clock,
    createSocket: server.createSocket,
    random: () => 0.5,
    heartbeat: false,
  })
  sessions.push(session)
  const got: unknown[] = []
  session.on('message', (message) => got.push(message))
  await clock.advance(1)
  const socket = server.last
  const hello = helloOn(socket)
  socket.send(welcome({ win: [100, 10_000], ext }))
  await clock.advance(1)
  /** What was sent since WELCOME, acknowledgements left out. */
  const frames = () =>
    socket.received
      .slice(1)
      .map(String)
      .filter((frame) => !frame.startsWith(`${DLE}A`))
  return { clock, session, socket, hello, got, frames }
}

describe('a session with batch()', () => {
  it('offers it, and sends what is sent within lingerMs in one frame', async () => {
    const { clock, session, hello, frames } = await open(['batch'], { lingerMs: 20 })
    expect(hello.ext).toContain('batch')
    session.send('a')
    await clock.advance(10)
    session.send('bc')
    expect(frames()).toEqual([])
    await clock.advance(15)
    expect(frames()).toEqual([`${DLE}M1,2;abc`])
  })

  it('without lingerMs sends what is sent in one turn in one frame, and needs no timer for that', async () => {
    const { clock, session, frames } = await open(['batch'], {})
    const { timers } = session.resources
    for (const message of ['a', 'bc']) session.send(message)
    expect(session.resources.timers).toBe(timers)
    await Promise.resolve()
    session.send('d')
    await Promise.resolve()
    await clock.advance(0)
    expect(frames()).toEqual([`${DLE}M1,2;abc`, 'd'])
  })

  it('sends at once when the frame is full', async () => {
    const { clock, session, frames } = await open(['batch'], { lingerMs: 1_000, maxMessages: 3 })
    for (const message of ['a', 'b', 'c', 'd']) session.send(message)
    await clock.advance(1)
    expect(frames()).toEqual([`${DLE}M1,1,1;abc`])
    await clock.advance(1_000)
    expect(frames()).toEqual([`${DLE}M1,1,1;abc`, 'd'])
  })

  it('says goodbye only after what lingers', async () => {
    const { clock, session, frames } = await open(['batch'], { lingerMs: 1_000 })
    session.send('a')
    session.send('b')
    void session.close()
    await clock.advance(1)
    expect(frames().slice(0, 1)).toEqual([`${DLE}M1,1;ab`])
    expect(frames()[1]).toMatch(/^.B/)
  })

  it('counts and acknowledges the messages of a frame one by one', async () => {
    const { clock, session, socket, got } = await open(['batch'], {})
    const receipts = ['a', 'b', 'c'].map((message) => session.send(message))
    await clock.advance(2)
    socket.send(`${DLE}A2,0`)
    socket.send(`${DLE}M1,2;xyz`)
    await clock.advance(1)
    expect(receipts.map(({ status }) => status)).toEqual(['acked', 'acked', 'written'])
    expect(got).toEqual(['x', 'yz'])
    await clock.advance(300)
    expect(socket.received.at(-1)).toBe(`${DLE}A2,3`)
  })

  it('sends each message in its own frame to a server that does not know it', async () => {
    const { clock, session, frames } = await open(['auth'], { lingerMs: 50 })
    session.send('a')
    session.send('b')
    await clock.advance(1)
    expect(frames()).toEqual(['a', 'b'])
  })

  it('does not offer it without being asked to, and takes such a frame for a violation', async () => {
    const { clock, session, socket, hello, got } = await open(['auth'])
    expect(hello.ext).not.toContain('batch')
    socket.send(`${DLE}M1;x`)
    await clock.advance(2)
    expect(got).toEqual([])
    expect(session.state.name).toBe('waiting')
  })

  it('names a bound that is not kept', () => {
    expect(() => batch({ maxMessages: 2_000 })).toThrow('batch.maxMessages: must be from 1 to 1024, got 2000')
    expect(() => batch({ lingerMs: -1 })).toThrow('batch.lingerMs: must be from 0 to Infinity, got -1')
    expect(() => resume({ batch: {} as never })).toThrow('resume.batch: must be a function, got object')
  })
})
