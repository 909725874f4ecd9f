import { existsSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { DLE, welcome } from '../../packages/client/test/resume-frames.ts'

// The files that a bundler takes for browsers come one by one, and each is made smaller by itself: here they meet.

const built = (name) => new URL(`../../packages/client/dist/${name}.js`, import.meta.url)

const sessions = []
afterAll(() => {
  for (const session of sessions) session.dispose()
})

test('there are built files to look at', () => {
  expect(existsSync(built('browser'))).toBe(true)
})

test.each(['received', 'handled'])(
  'resume of its own file works with connect of the other: messages are acknowledged when %s',
  async (ack) => {
    const [{ connect }, { resume }, { fakeServer, ManualClock }] = await Promise.all(
      ['browser', 'browser-resume', 'testing'].map((name) => import(built(name))),
    )
    const clock = new ManualClock()
    const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
    const { createSocket } = server
    const session = connect('ws://server.test', { resume: resume({ ack }), clock, createSocket })
    sessions.push(session)
    let handled = () => {}
    const got = []
    session.on('message', (message) => {
      got.push(message)
      return new Promise((resolve) => {
        handled = resolve
      })
    })
    await clock.advance(1)
    const socket = server.last
    const lastAck = () => socket.received.map(String).findLast((frame) => frame.startsWith(`${DLE}A`))
    socket.send(welcome())
    await clock.advance(1)
    socket.send('hello')
    await clock.advance(1_000)
    expect(got).toEqual(['hello'])
    expect(lastAck()).toBe(ack === 'handled' ? `${DLE}A0,0` : `${DLE}A1,0`)
    handled()
    await clock.advance(1_000)
    expect(lastAck()).toBe(`${DLE}A1,0`)
  },
)

test('what is sent again after a break waits for a limit of a third file', async () => {
  const [{ connect }, { resume }, { sendLimit }, { fakeServer, ManualClock }] = await Promise.all(
    ['browser', 'browser-resume', 'rate', 'testing'].map((name) => import(built(name))),
  )
  const clock = new ManualClock()
  const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
  const { createSocket } = server
  const limit = sendLimit({ perSecond: 1, burst: 4, clock })
  const session = connect('ws://server.test', { resume: resume(), plugs: [limit.plug], clock, createSocket })
  sessions.push(session)
  await clock.advance(1)
  server.last.send(welcome())
  await clock.advance(1)
  for (const text of ['a', 'b', 'c', 'd']) session.send(text)
  await clock.advance(1)
  server.last.cut()
  await clock.advance(2_500)
  const again = server.last
  again.send(welcome({ res: true, tok: 'token-2' }))
  await clock.advance(1)
  const messages = () => again.received.map(String).filter((frame) => !frame.startsWith(DLE))
  expect(messages().length).toBeLessThan(4)
  await clock.advance(5_000)
  expect(messages()).toEqual(['a', 'b', 'c', 'd'])
})
