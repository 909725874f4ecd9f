import { describe, expect, it, vi } from 'vitest'
import type { Incoming } from '../src/index.ts'
import { lastOf, type StubSocket, stubSockets } from './stub-socket.ts'
import { openedWorld, openWorld, type World, type WorldOptions } from './world.ts'

async function openStub(options: WorldOptions = {}): Promise<World & { socket: StubSocket }> {
  const { made, createSocket } = stubSockets()
  const world = openWorld({ createSocket, ...options })
  await world.clock.advance(0)
  lastOf(made).opens()
  await world.clock.advance(0)
  return { ...world, socket: lastOf(made) }
}

/** A Blob that is read when the test says so. */
function slowBlob(text: string) {
  let finish: () => void = () => {}
  let fail: (error: Error) => void = () => {}
  const bytes = new TextEncoder().encode(text).buffer
  const read = new Promise<ArrayBuffer>((resolve, reject) => {
    finish = () => resolve(bytes)
    fail = reject
  })
  return { blob: { size: bytes.byteLength, arrayBuffer: () => read }, finish, fail }
}

const asText = (message: Incoming) =>
  typeof message === 'string' ? message : `binary ${new TextDecoder().decode(message)}`

describe('messages', () => {
  it('come as text and as ArrayBuffer, which the socket is asked for', async () => {
    const { socket, messages } = await openStub()
    expect(socket.binaryType).toBe('arraybuffer')
    socket.gives('text')
    socket.gives(new Uint8Array([104, 105]).buffer)
    expect(messages.map(asText)).toEqual(['text', 'binary hi'])
  })

  it('that come as a view on a larger buffer become a buffer of their own', async () => {
    const { socket, messages } = await openStub()
    socket.gives(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))
    expect(messages[0]).toBeInstanceOf(ArrayBuffer)
    expect([...new Uint8Array(messages[0] as ArrayBuffer)]).toEqual([2, 3])
  })

  it('keep their order when some come as Blobs, however long each takes to read', async () => {
    const { socket, messages, clock } = await openStub()
    const [first, second] = [slowBlob('first'), slowBlob('second')]
    socket.gives('zero')
    socket.gives(first.blob)
    socket.gives('between')
    socket.gives(second.blob)
    socket.gives('last')
    second.finish()
    await clock.advance(0)
    expect(messages.map(asText)).toEqual(['zero'])
    first.finish()
    await clock.advance(0)
    expect(messages.map(asText)).toEqual(['zero', 'binary first', 'between', 'binary second', 'last'])
    socket.gives('direct')
    expect(messages.at(-1)).toBe('direct')
  })

  it('come before the close that followed them', async () => {
    const world = await openStub()
    const slow = slowBlob('slow')
    const order: string[] = []
    world.session.on('message', (message) => order.push(asText(message)))
    world.session.on('state', ({ state }) => order.push(state.name))
    world.socket.gives(slow.blob)
    world.socket.gives('after')
    world.socket.ends(4403)
    await world.clock.advance(0)
    expect(order).toEqual([])
    slow.finish()
    await world.clock.advance(0)
    expect(order).toEqual(['binary slow', 'after', 'closed'])
  })

  it('that cannot be read are reported, and the rest is delivered', async () => {
    const { socket, messages, errors, clock } = await openStub()
    const [slow, broken] = [slowBlob('slow'), slowBlob('broken')]
    const error = new Error('cannot read')
    socket.gives(slow.blob)
    socket.gives(broken.blob)
    socket.gives('after')
    // Long before its turn: nobody may find an unhandled rejection meanwhile.
    broken.fail(error)
    await new Promise((resolve) => setTimeout(resolve, 5))
    slow.finish()
    await clock.advance(0)
    expect(messages.map(asText)).toEqual(['binary slow', 'after'])
    expect(errors).toEqual([{ phase: 'message', error }])
  })

  it('that are still being read at the end are let go without a sound', async () => {
    const { socket, messages, session, clock } = await openStub()
    const [slow, broken] = [slowBlob('slow'), slowBlob('broken')]
    socket.gives(slow.blob)
    socket.gives(broken.blob)
    session.dispose()
    slow.finish()
    broken.fail(new Error('cannot read'))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await clock.advance(0)
    expect(messages).toEqual([])
  })

  it('of a connection that was given up are not delivered', async () => {
    const { socket, messages, session, clock } = await openStub()
    const slow = slowBlob('slow')
    socket.gives(slow.blob)
    session.reconnect()
    slow.finish()
    socket.gives('late')
    await clock.advance(0)
    expect(messages).toEqual([])
  })
})

describe('handlers', () => {
  it('survive reconnects: nothing is lost, and nothing comes twice', async () => {
    const world = await openedWorld()
    for (let turn = 0; turn < 3; turn += 1) {
      world.server.last.send(`turn ${turn}`)
      await world.clock.advance(0)
      world.server.last.cut()
      await world.clock.advance(60_000)
    }
    expect(world.messages).toEqual(['turn 0', 'turn 1', 'turn 2'])
  })

  it('the same function twice is called once, until both are undone', async () => {
    const { session, socket } = await openStub()
    const handler = vi.fn()
    const undo = session.on('message', handler)
    const undoAgain = session.on('message', handler)
    socket.gives('one')
    expect(handler).toHaveBeenCalledTimes(1)
    undo()
    undo()
    socket.gives('two')
    expect(handler).toHaveBeenCalledTimes(2)
    undoAgain()
    socket.gives('three')
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('once is for the next one only, also when its handler causes another', async () => {
    const { session, socket } = await openStub()
    const seen: Incoming[] = []
    session.once('message', (message) => {
      seen.push(message)
      socket.gives('from inside')
    })
    socket.gives('one')
    socket.gives('two')
    expect(seen).toEqual(['one'])
  })

  it('once can be undone before it happens', async () => {
    const { session, socket } = await openStub()
    const handler = vi.fn()
    session.once('message', handler)()
    socket.gives('one')
    expect(handler).not.toHaveBeenCalled()
  })

  it('end with the signal they were registered with, and are no resource any more', async () => {
    const { session, socket } = await openStub()
    const before = session.resources.listeners
    const controller = new AbortController()
    const handler = vi.fn()
    session.on('message', handler, { signal: controller.signal })
    session.once('message', handler, { signal: AbortSignal.abort() })
    controller.abort()
    socket.gives('one')
    expect(handler).not.toHaveBeenCalled()
    expect(session.resources.listeners).toBe(before)
  })

  it('that throw or reject are reported, and the others still run', async () => {
    const { session, socket, errors, messages, clock } = await openStub()
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    session.on('message', () => {
      throw thrown
    })
    session.on('message', () => Promise.reject(rejected))
    const after = vi.fn()
    session.on('message', after)
    socket.gives('one')
    await clock.advance(0)
    expect(after).toHaveBeenCalledWith('one')
    expect(messages).toEqual(['one'])
    expect(errors).toEqual([
      { phase: 'handler', error: thrown },
      { phase: 'handler', error: rejected },
    ])
    expect(session.state.name).toBe('open')
  })

  it('without an error listener their errors go to reportError, or to the logger where there is one', async () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    for (const logged of [false, true]) {
      reportError.mockClear()
      const records: object[] = []
      const { clock, session, socket } = await openStub(
        logged ? { logger: (record) => void records.push(record) } : {},
      )
      // The session that `openStub` makes has listeners; this one has none.
      const { connect } = await import('../src/index.ts')
      const { made, createSocket } = stubSockets()
      const own = connect('ws://server.test/', {
        clock,
        createSocket,
        ...(logged ? { logger: (record: object) => void records.push(record) } : {}),
      })
      await clock.advance(0)
      lastOf(made).opens()
      await clock.advance(0)
      const error = new Error('mine')
      own.on('message', () => {
        throw error
      })
      lastOf(made).gives('one')
      expect(reportError.mock.calls).toEqual(logged ? [] : [[error]])
      if (logged)
        expect(records).toContainEqual(expect.objectContaining({ event: 'error', phase: 'handler' }))
      own.dispose()
      session.dispose()
      socket.ends(1006)
    }
  })

  it('an error handler that throws is made visible, and does not report to itself', async () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const { session, socket, errors } = await openStub()
    const second = new Error('second')
    session.on('error', () => {
      throw second
    })
    session.on('message', () => {
      throw new Error('first')
    })
    socket.gives('one')
    expect(errors).toHaveLength(1)
    expect(reportError.mock.calls).toEqual([[second]])
  })

  it('a logger that throws is made visible, and harms nothing', async () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const error = new Error('mine')
    const { session } = await openStub({
      logger: () => {
        throw error
      },
    })
    expect(session.state.name).toBe('open')
    expect(reportError).toHaveBeenCalledWith(error)
  })
})

describe('iterators', () => {
  const take = async (iterator: AsyncIterator<Incoming>, count: number) => {
    const taken: unknown[] = []
    for (let at = 0; at < count; at += 1) taken.push((await iterator.next()).value)
    return taken
  }

  it('several at once each get every message, from the moment they were made', async () => {
    const { session, socket } = await openStub()
    const first = session[Symbol.asyncIterator]()
    socket.gives('one')
    const second = session[Symbol.asyncIterator]()
    socket.gives('two')
    socket.gives('three')
    expect(await take(first, 3)).toEqual(['one', 'two', 'three'])
    expect(await take(second, 2)).toEqual(['two', 'three'])
  })

  it('leaving a loop ends the iteration and not the session', async () => {
    const { session, socket } = await openStub()
    const seen: Incoming[] = []
    const loop = (async () => {
      for await (const message of session) {
        seen.push(message)
        if (message === 'two') break
      }
    })()
    for (const message of ['one', 'two', 'three']) socket.gives(message)
    await loop
    expect(seen).toEqual(['one', 'two'])
    expect(session.state.name).toBe('open')
  })

  it('go on over reconnects, and end when the session does, after what was buffered', async () => {
    const world = await openedWorld()
    const seen: Incoming[] = []
    const loop = (async () => {
      for await (const message of world.session) seen.push(message)
    })()
    world.server.last.send('one')
    await world.clock.advance(0)
    world.server.last.cut()
    await world.clock.advance(2_000)
    world.server.last.send('two')
    await world.clock.advance(0)
    world.session.dispose()
    await loop
    expect(seen).toEqual(['one', 'two'])
  })

  it('what is buffered at the end is still given', async () => {
    const { session, socket } = await openStub()
    const iterator = session[Symbol.asyncIterator]()
    socket.gives('one')
    session.dispose()
    expect(await iterator.next()).toEqual({ done: false, value: 'one' })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('one that leaves more than maxUnread unread ends with an error, and the others go on', async () => {
    const { session, socket, messages } = await openStub({ maxUnread: 3 })
    const slow = session[Symbol.asyncIterator]()
    const quick = session[Symbol.asyncIterator]()
    for (let number = 1; number <= 5; number += 1) {
      const next = quick.next()
      socket.gives(`${number}`)
      expect((await next).value).toBe(`${number}`)
    }
    expect(await take(slow, 3)).toEqual(['1', '2', '3'])
    await expect(slow.next()).rejects.toMatchObject({
      code: 'iterator-overflow',
      message: expect.stringContaining('3') as string,
    })
    expect(await slow.next()).toEqual({ done: true, value: undefined })
    expect(messages).toHaveLength(5)
  })
})
