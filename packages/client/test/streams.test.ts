import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Incoming, Message } from '../src/index.ts'
import { streams } from '../src/streams/index.ts'
import { nothingHeld, openedWorld, openWorld, type World, type WorldOptions } from './world.ts'

const receivedBy = ({ server }: World) => server.sockets.flatMap(({ received }) => received)

/** Tells whether a promise is settled once everything that needs no time has happened. */
async function done(promise: Promise<unknown>): Promise<boolean> {
  let state = 'pending'
  const settle = () => {
    state = 'settled'
  }
  void promise.then(settle, settle)
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  return state === 'settled'
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fulfilled',
    (error: { code?: string }) => error.code,
  )

async function drained(reader: ReadableStreamDefaultReader<Incoming>): Promise<Incoming[]> {
  const all: Incoming[] = []
  for (let next = await reader.read(); !next.done; next = await reader.read()) all.push(next.value)
  return all
}

describe('the readable', () => {
  it('gives messages in order, across reconnects, and ends when the session is closed', async () => {
    const world = await openedWorld()
    const all = drained(streams(world.session).readable.getReader())
    world.server.last.send('one')
    await world.clock.advance(0)
    world.server.last.cut()
    await world.clock.advance(2_000)
    world.server.last.send('two')
    await world.clock.advance(0)
    void world.session.close()
    await world.clock.advance(0)
    expect(await all).toEqual(['one', 'two'])
    expect(world.session.resources).toEqual(nothingHeld)
  })

  it('takes nothing from the session until somebody reads, and each message only then', async () => {
    const world = await openedWorld({ maxUnread: 3 })
    const reader = streams(world.session).readable.getReader()
    for (const text of ['1', '2', '3']) world.server.last.send(text)
    await world.clock.advance(0)
    expect((await reader.read()).value).toBe('1')
    world.server.last.send('4')
    await world.clock.advance(0)
    expect((await reader.read()).value).toBe('2')
  })

  it('ends with iterator-overflow when the reader falls behind, after what was kept', async () => {
    const world = await openedWorld({ maxUnread: 2 })
    const reader = streams(world.session).readable.getReader()
    for (const text of ['1', '2', '3']) world.server.last.send(text)
    await world.clock.advance(0)
    expect([(await reader.read()).value, (await reader.read()).value]).toEqual(['1', '2'])
    expect(await codeOf(reader.read())).toBe('iterator-overflow')
    expect(world.session.state.name).toBe('open')
  })

  it('that is cancelled ends alone', async () => {
    const world = await openedWorld()
    const before = world.session.resources.listeners
    const reading = streams(world.session).readable.getReader()
    const other = streams(world.session).readable.getReader()
    await reading.cancel()
    world.server.last.send('one')
    await world.clock.advance(0)
    expect([(await other.read()).value, (await reading.read()).done]).toEqual(['one', true])
    await other.cancel()
    expect([world.session.state.name, world.session.resources.listeners]).toEqual(['open', before])
  })

  it.each([
    ['dispose', ({ session }: World) => session.dispose(), 'closed'],
    ['a final close code', ({ server }: World) => server.last.close(4403), 'closed'],
    ['close', ({ session }: World) => void session.close(), 'fulfilled'],
    ['the close code 1000', ({ server }: World) => server.last.close(1000), 'fulfilled'],
  ])('tells an end after %s', async (_, end, expected) => {
    const world = await openedWorld({
      classify: (cause) => (cause.kind === 'server-close' ? 'stop' : undefined),
    })
    const told = codeOf(drained(streams(world.session).readable.getReader()))
    end(world)
    await world.clock.advance(10)
    expect(await told).toBe(expected)
  })

  it('with onGap error ends where messages may be missing', async () => {
    const world = await openedWorld()
    const iterate = vi.spyOn(world.session, Symbol.asyncIterator)
    const reader = streams(world.session, { onGap: 'error' }).readable.getReader()
    const { value: messages } = iterate.mock.results[0] as { value: AsyncIterator<Incoming> }
    world.server.last.send('one')
    await world.clock.advance(0)
    expect((await reader.read()).value).toBe('one')
    const next = codeOf(reader.read())
    world.server.last.cut()
    await world.clock.advance(2_000)
    world.server.last.send('two')
    await world.clock.advance(0)
    expect(await next).toBe('connection-lost')
    expect(world.messages).toEqual(['one', 'two'])
    expect((await messages.next()).done).toBe(true)
  })

  it('is not opened by who only writes', async () => {
    const world = await openedWorld({ maxUnread: 1 })
    const pair = streams(world.session)
    const writer = pair.writable.getWriter()
    for (const text of ['1', '2', '3']) world.server.last.send(text)
    await world.clock.advance(0)
    const reader = pair.readable.getReader()
    expect(pair.readable.locked).toBe(true)
    world.server.last.send('4')
    await world.clock.advance(0)
    expect((await reader.read()).value).toBe('4')
    await writer.close()
  })
})

describe('the writable', () => {
  it('sends chunks in order, text and binary', async () => {
    const world = await openedWorld()
    const writer = streams(world.session).writable.getWriter()
    await writer.write('one')
    await writer.write(new Uint8Array([2]))
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['one', new Uint8Array([2])])
  })

  it('waits while the session has enough to send', async () => {
    const world = openWorld({ queue: { maxMessages: 2 } })
    const writer = streams(world.session).writable.getWriter()
    const writes = ['1', '2', '3', '4'].map((text) => writer.write(text))
    await Promise.all(writes.slice(0, 2))
    expect([await done(writes[2] as Promise<void>), world.session.queue.size]).toEqual([false, 2])
    expect(writer.desiredSize).toBeLessThanOrEqual(0)
    await world.clock.advance(100)
    await Promise.all(writes)
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['1', '2', '3', '4'])
  })

  it('waits also where the bounds of the queue are below the water marks, and never loses a chunk to them', async () => {
    for (const overflow of ['reject', 'drop-newest'] as const) {
      const world = openWorld({ queue: { maxBytes: 5, overflow } })
      const writer = streams(world.session).writable.getWriter()
      const writes = ['aaa', 'bbb', 'ccc'].map((text) => writer.write(text))
      await writes[0]
      expect(await done(writes[1] as Promise<void>)).toBe(false)
      await world.clock.advance(100)
      await Promise.all(writes)
      expect(receivedBy(world)).toEqual(['aaa', 'bbb', 'ccc'])
      world.session.dispose()
    }
  })

  it('ends when a chunk can never be sent', async () => {
    const world = await openedWorld({ queue: { maxMessageBytes: 3 } })
    const writer = streams(world.session).writable.getWriter()
    expect(await codeOf(writer.write('too long'))).toBe('message-too-large')
    expect(await codeOf(writer.write('ok'))).toBe('message-too-large')
    expect(world.session.state.name).toBe('open')
    const other = streams(world.session).writable.getWriter()
    await expect(other.write(5 as unknown as Message)).rejects.toThrow(TypeError)
  })

  it('ends when a chunk that it took is dropped or expires later', async () => {
    const world = openWorld({ server: { onDial: () => 'refuse' } })
    const writer = streams(world.session).writable.getWriter()
    await writer.write('gone')
    world.session.queue.clear()
    expect(await codeOf(writer.closed)).toBe('not-sent')
  })

  it('that is closed has everything sent first, and the session goes on', async () => {
    const world = openWorld()
    const writer = streams(world.session).writable.getWriter()
    await writer.write('one')
    const closed = writer.close()
    expect([await done(closed), world.session.queue.size]).toEqual([false, 1])
    await world.clock.advance(10)
    await closed
    expect(receivedBy(world)).toEqual(['one'])
    expect(world.session.state.name).toBe('open')
  })

  it('that is aborted takes back what waits, at once, and the session goes on', async () => {
    const world = openWorld({ queue: { maxMessages: 1 }, server: { onDial: () => 'hang' } })
    await world.clock.advance(0)
    const before = world.session.resources.listeners
    const writer = streams(world.session).writable.getWriter()
    const writes = ['1', '2', '3'].map((text) => codeOf(writer.write(text)))
    await world.clock.advance(10)
    await writer.abort(Object.assign(new Error('enough'), { code: 'enough' }))
    expect(await Promise.all(writes)).toEqual(['fulfilled', 'fulfilled', 'enough'])
    await world.clock.advance(10)
    expect([world.session.queue.size, world.session.resources.listeners]).toEqual([0, before])
  })

  it('ends with the session, whoever waits', async () => {
    const world = openWorld({ queue: { maxMessages: 1 } })
    const writer = streams(world.session).writable.getWriter()
    const idle = streams(world.session).writable.getWriter()
    const writes = ['1', '2', '3'].map((text) => codeOf(writer.write(text)))
    await Promise.resolve()
    world.session.dispose()
    expect(await Promise.all(writes)).toEqual(['fulfilled', 'closed', 'closed'])
    expect([await codeOf(idle.closed), await codeOf(writer.closed)]).toEqual(['closed', 'closed'])
    const late = streams(world.session)
    expect(await codeOf(late.writable.getWriter().write('late'))).toBe('closed')
    expect(await codeOf(late.readable.getReader().read())).toBe('closed')
  })

  it('waits for onConnected to be over', async () => {
    let finish = () => {}
    const options: WorldOptions = {
      onConnected: () => new Promise((resolve) => (finish = () => resolve(undefined))),
    }
    const world = openWorld(options)
    await world.clock.advance(10)
    const writer = streams(world.session).writable.getWriter()
    const write = writer.write('one')
    const closed = writer.close()
    await world.clock.advance(10)
    expect(await done(write)).toBe(false)
    finish()
    await world.clock.advance(10)
    await closed
    expect(receivedBy(world)).toEqual(['one'])
  })
})

describe('both', () => {
  it('carry any number of messages through bounds of any size, in order, over connections that break between them', async () => {
    const run = async (count: number, maxMessages: number, maxUnread: number, cutAt: number) => {
      const world = openWorld({ queue: { maxMessages }, maxUnread })
      world.server.onConnection((socket) => socket.onMessage((text) => socket.send(text as string)))
      const { readable, writable } = streams(world.session)
      const read: Incoming[] = []
      const sink = new WritableStream<Incoming>({ write: (text) => void read.push(text) })
      const reading = readable.pipeTo(sink)
      const texts = Array.from({ length: count }, (_, n) => `m${n}`)
      const writer = writable.getWriter()
      const writing = (async () => {
        for (const [n, text] of texts.entries()) {
          await writer.ready
          void writer.write(text)
          if (n === cutAt) world.session.reconnect()
        }
        await writer.close()
      })()
      await world.clock.advance(30_000)
      await writing
      void world.session.close()
      await world.clock.advance(100)
      await reading
      const sent = receivedBy(world)
      // Plain mode: what was on the lost wire may be missing, and nothing else; nothing is doubled or out of order.
      expect(sent).toEqual(texts.filter((text) => sent.includes(text)))
      expect(read).toEqual(texts.filter((text) => read.includes(text)))
      if (cutAt >= count) expect(read).toEqual(texts)
      expect(world.session.resources).toEqual(nothingHeld)
    }
    const small = fc.integer({ min: 1, max: 5 })
    await fc.assert(fc.asyncProperty(fc.nat(40), small, fc.integer({ min: 50, max: 60 }), fc.nat(60), run), {
      numRuns: 60,
    })
  })

  it.each([
    [{ onGap: 'stop' }, /streams\.onGap: must be one of continue, error, got "stop"/],
    [{ gap: 1 }, /unknown option streams\.gap/],
  ])('refuse bad options: %j', (options, expected) => {
    expect(() => streams(openWorld().session, options as never)).toThrow(expected)
  })
})
