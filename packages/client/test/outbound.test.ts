import { describe, expect, it } from 'vitest'
import { lastOf, type StubSocket, stubSockets } from './stub-socket.ts'
import { openedWorld, openWorld, type World, type WorldOptions } from './world.ts'

/** An open session on a socket whose `bufferedAmount` the test sets. */
async function openStub(
  options: WorldOptions = {},
): Promise<World & { socket: StubSocket; made: StubSocket[] }> {
  const { made, createSocket } = stubSockets()
  const world = openWorld({
    createSocket,
    heartbeat: false,
    queue: { highWaterBytes: 100, lowWaterBytes: 20 },
    ...options,
  })
  await world.clock.advance(0)
  const socket = lastOf(made)
  socket.opens()
  await world.clock.advance(0)
  return { ...world, socket, made }
}

/** Tells whether a promise has settled by now. */
function watch(promise: Promise<unknown>): () => string {
  let state = 'pending'
  promise.then(
    () => (state = 'resolved'),
    (error: { code?: string }) => (state = `rejected ${error.code}`),
  )
  return () => state
}

describe('send()', () => {
  it('writes at once when the socket takes more, past an empty queue', async () => {
    const { session, socket } = await openStub()
    socket.bufferedAmount = 99
    expect(session.send('now').status).toBe('written')
    socket.bufferedAmount = 100
    expect(session.send('later').status).toBe('queued')
    expect(socket.sent).toEqual(['now'])
  })

  it('never overtakes what waits', async () => {
    const { session, socket, clock } = await openStub()
    socket.bufferedAmount = 100
    session.send('one')
    socket.bufferedAmount = 0
    session.send('two')
    session.send('three')
    await clock.advance(100)
    expect(socket.sent).toEqual(['one', 'two', 'three'])
  })

  it('what waits is written as soon as the socket takes more, even while the application goes on sending', async () => {
    const { session, socket, clock } = await openStub()
    socket.bufferedAmount = 100
    for (let turn = 0; turn < 10; turn += 1) {
      session.send(`before ${turn}`)
      await clock.advance(20)
    }
    socket.bufferedAmount = 0
    for (let turn = 0; turn < 10; turn += 1) {
      session.send(`after ${turn}`)
      await clock.advance(20)
    }
    expect(session.queue.size).toBe(0)
    expect(socket.sent).toHaveLength(20)
    expect(socket.sent[0]).toBe('before 0')
    expect(socket.sent.at(-1)).toBe('after 9')
  })

  it('what waited too long is not written, even before its timer had a chance to run', async () => {
    const { session, socket, clock } = await openStub()
    socket.bufferedAmount = 100
    const old = session.send('old', { ttlMs: 5_000 })
    clock.jump(10_000)
    socket.bufferedAmount = 0
    session.send('new')
    expect(socket.sent).toEqual(['new'])
    expect(old.status).toBe('expired')
  })

  it('a peer that stops reading makes the queue grow to its bound and no further', async () => {
    const { session, socket } = await openStub({
      queue: { highWaterBytes: 100, lowWaterBytes: 20, maxMessages: 50 },
    })
    socket.bufferedAmount = 100
    const receipts = Array.from({ length: 200 }, (_, index) => session.send(`message ${index}`))
    expect(session.queue.size).toBe(50)
    expect(receipts.filter(({ status }) => status === 'rejected')).toHaveLength(150)
    expect(socket.sent).toEqual([])
  })

  it('goes in order with a Blob among texts', async () => {
    const { session, socket } = await openStub()
    const blob = new Blob(['two'])
    for (const message of ['one', blob, 'three']) session.send(message)
    expect(socket.sent).toEqual(['one', blob, 'three'])
  })

  it('gives a socket the very buffer when nothing is kept', async () => {
    const { session, socket } = await openStub()
    const bytes = new Uint8Array([1])
    session.send(bytes)
    expect(socket.sent[0]).toBe(bytes)
  })
})

describe('a poison message', () => {
  it('that the socket does not take is rejected and reported, and harms no other', async () => {
    const { session, socket, errors, clock, made } = await openStub()
    const error = new Error('will not')
    socket.send = (data: unknown) => {
      if (data === 'poison') throw error
      socket.sent.push(data)
    }
    socket.bufferedAmount = 100
    const receipts = ['one', 'poison', 'two'].map((message) => session.send(message))
    socket.bufferedAmount = 0
    await clock.advance(100)
    expect(receipts.map(({ status }) => status)).toEqual(['written', 'rejected', 'written'])
    expect(receipts[1]?.error).toBe(error)
    expect(errors).toEqual([{ phase: 'send', error }])
    expect(socket.sent).toEqual(['one', 'two'])
    expect(session.send('poison').status).toBe('rejected')
    await clock.advance(60_000)
    expect(session.state.name).toBe('open')
    expect(made).toHaveLength(1)
  })
})

describe('ready()', () => {
  it('resolves at once below the high water mark, in any state', async () => {
    const { session } = openWorld({ autoConnect: false })
    await session.ready()
    session.send('x')
    await session.ready()
  })

  it('above it resolves when no more than the low water mark is on its way', async () => {
    const { session, socket, clock } = await openStub()
    socket.bufferedAmount = 150
    const state = watch(session.ready())
    socket.bufferedAmount = 21
    await clock.advance(1_000)
    expect(state()).toBe('pending')
    socket.bufferedAmount = 20
    await clock.advance(100)
    expect(state()).toBe('resolved')
    expect(session.resources.timers).toBeLessThanOrEqual(1)
  })

  it('counts what waits in the queue as well', async () => {
    const { session, socket, clock } = await openStub()
    socket.bufferedAmount = 100
    session.send('x'.repeat(15))
    const state = watch(session.ready())
    socket.bufferedAmount = 10
    await clock.advance(100)
    expect(socket.sent).toHaveLength(1)
    expect(state()).toBe('resolved')
  })

  it('resolves while others go on asking', async () => {
    const { session, socket, clock } = await openStub()
    socket.bufferedAmount = 150
    const states = []
    for (let turn = 0; turn < 10; turn += 1) {
      states.push(watch(session.ready()))
      await clock.advance(20)
    }
    socket.bufferedAmount = 0
    for (let turn = 0; turn < 5; turn += 1) {
      states.push(watch(session.ready()))
      await clock.advance(20)
    }
    expect(new Set(states.map((state) => state()))).toEqual(new Set(['resolved']))
  })

  it('survives the loss of the connection, and resolves when the queue is sent on the next', async () => {
    const { session, socket, clock, made } = await openStub()
    socket.bufferedAmount = 100
    session.send('x'.repeat(120))
    const state = watch(session.ready())
    socket.ends(1006)
    await clock.advance(1_000)
    expect(state()).toBe('pending')
    lastOf(made).opens()
    await clock.advance(0)
    expect(state()).toBe('resolved')
  })

  for (const how of ['clear', 'cancel', 'expiry'] as const) {
    it(`resolves when what waits goes away by ${how}, connected or not`, async () => {
      const world = openWorld({ autoConnect: false, queue: { highWaterBytes: 10, lowWaterBytes: 5 } })
      const receipt = world.session.send('x'.repeat(20), { ttlMs: 1_000 })
      const state = watch(world.session.ready())
      await world.clock.advance(999)
      expect(state()).toBe('pending')
      if (how === 'clear') world.session.queue.clear()
      else if (how === 'cancel') world.session.queue.cancel(receipt)
      await world.clock.advance(1)
      expect(state()).toBe('resolved')
    })
  }

  it('rejects with closed when the session ends first', async () => {
    const { session, socket } = await openStub()
    socket.bufferedAmount = 150
    const ready = session.ready()
    session.dispose()
    await expect(ready).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('flushed()', () => {
  it('resolves at once when nothing waits', async () => {
    const { session } = await openStub()
    session.send('x')
    await session.flushed()
  })

  it('resolves when every message sent so far is off the queue, and does not wait for later ones', async () => {
    const { session, socket, clock } = await openStub()
    socket.bufferedAmount = 100
    const receipt = session.send('one')
    const state = watch(session.flushed())
    await clock.advance(500)
    expect(state()).toBe('pending')
    socket.bufferedAmount = 0
    await clock.advance(100)
    expect(receipt.status).toBe('written')
    expect(state()).toBe('resolved')
  })

  it('counts a message that was dropped or expired as off the queue', async () => {
    const world = openWorld({ autoConnect: false })
    world.session.send('expires', { ttlMs: 100 })
    const dropped = world.session.send('dropped')
    const state = watch(world.session.flushed())
    world.session.queue.cancel(dropped)
    await world.clock.advance(100)
    expect(state()).toBe('resolved')
  })

  it('waits across connections', async () => {
    const world = await openedWorld()
    world.server.last.cut()
    await world.clock.advance(0)
    world.session.send('waits')
    const state = watch(world.session.flushed())
    await world.clock.advance(900)
    expect(state()).toBe('pending')
    await world.clock.advance(200)
    expect(state()).toBe('resolved')
  })

  it('rejects with closed when the session ends first', async () => {
    const world = openWorld({ autoConnect: false })
    world.session.send('waits')
    const flushed = world.session.flushed()
    world.session.dispose()
    await expect(flushed).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('receipts', () => {
  it('are not thenable, so that awaiting one by mistake does not wait', () => {
    const { session } = openWorld({ autoConnect: false })
    expect('then' in session.send('x')).toBe(false)
  })

  it('settle also for those who ask later', async () => {
    const { session, socket } = await openStub()
    const receipt = session.send('x')
    expect(await receipt.settled).toBe('written')
    expect(socket.sent).toEqual(['x'])
  })
})

describe('ready() and the count of messages', () => {
  it('waits while as many messages wait as may, so that a loop that asks it is never refused', async () => {
    const world = openWorld({ autoConnect: false, queue: { maxMessages: 3 } })
    const receipts = []
    for (let n = 0; n < 3; n += 1) {
      await world.session.ready()
      receipts.push(world.session.send(''))
    }
    const state = watch(world.session.ready())
    await world.clock.advance(100)
    expect(state()).toBe('pending')
    world.session.reconnect()
    await world.clock.advance(100)
    expect(state()).toBe('resolved')
    expect(receipts.map(({ status }) => status)).toEqual(['written', 'written', 'written'])
  })
})
