import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type Codec,
  type CodedError,
  type CodedSession,
  coded,
  isCodecError,
  json,
} from '../src/codec/index.ts'
import { isHoldfastError, type Message } from '../src/index.ts'
import { resume } from '../src/resume/index.ts'
import { nothingHeld, openedWorld, openWorld, type World, type WorldOptions } from './world.ts'

const receivedBy = ({ server }: World) => server.sockets.flatMap(({ received }) => received)

/** Lets everything happen that needs no time. */
async function settle(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
}

interface Seen<Out, In> extends World {
  readonly view: CodedSession<Out, In>
  readonly values: In[]
  readonly failures: CodedError[]
}

async function seen<Out, In>(codec: Codec<Out, In>, options: WorldOptions = {}): Promise<Seen<Out, In>> {
  const world = await openedWorld(options)
  const view = coded(world.session, codec, { clock: world.clock })
  const values: In[] = []
  const failures: CodedError[] = []
  view.on('message', (value) => values.push(value))
  view.on('error', (error) => failures.push(error))
  return { ...world, view, values, failures }
}

/** A codec whose answers come when the test says so, in any order. */
function slow() {
  const waiting: { readonly text: string; resolve(text: string): void; reject(error: Error): void }[] = []
  const later = (text: string) =>
    new Promise<string>((resolve, reject) => waiting.push({ text, resolve, reject }))
  const codec: Codec<string> = { encode: later, decode: (message) => later(message as string) }
  return { codec, waiting }
}

describe('a coded session', () => {
  it('sends values as messages and gives messages as values', async () => {
    const world = await seen(json<{ readonly n: number }, readonly string[]>())
    expectTypeOf(world.view).toEqualTypeOf<CodedSession<{ readonly n: number }, readonly string[]>>()
    const receipt = world.view.send({ n: 1 })
    await world.clock.advance(0)
    world.server.last.send('["a"]')
    world.server.last.send(new TextEncoder().encode('["b"]').buffer)
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['{"n":1}'])
    expect(receipt.status).toBe('written')
    expect(world.values).toEqual([['a'], ['b']])
    // @ts-expect-error -- a value of another type
    world.view.send({ n: 'one' })
  })

  it('of a codec that needs no time gives the receipt of the session itself, which can be cancelled', async () => {
    const world = openWorld({ autoConnect: false })
    const view = coded(world.session, json())
    const receipt = view.send('waits')
    expect(world.session.queue.entries()[0]?.receipt).toBe(receipt)
    expect(view.cancel(receipt)).toBe(true)
    expect(receipt.status).toBe('dropped')
    expect(view.cancel(receipt)).toBe(false)
  })

  it('passes the options of a message on, and refuses unknown ones at the call', async () => {
    const world = await seen(json())
    world.session.pause()
    const old = world.view.send(1, { key: 'price' })
    world.view.send(2, { key: 'price' })
    expect(old.status).toBe('dropped')
    expect(world.view.send(3, { whenOffline: 'drop' }).status).toBe('dropped')
    expect(() => world.view.send(4, { retries: 1 } as never)).toThrow('unknown option send.retries')
    expect(() => world.view.send(4, { ttlMs: 0 })).toThrow(RangeError)
  })

  it('tells of a value that cannot be encoded, with a rejected receipt, and goes on', async () => {
    const world = await seen(json())
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    const receipts = [world.view.send(loop), world.view.send(undefined), world.view.send('good')]
    await world.clock.advance(0)
    expect(receipts.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'written'])
    expect(isHoldfastError(receipts[0]?.error, 'codec-failed')).toBe(true)
    expect(world.failures.map(({ phase, input }) => [phase, input])).toEqual([
      ['encode', loop],
      ['encode', undefined],
    ])
    expect(world.failures[0]?.error).toBe(receipts[0]?.error)
    expect(receivedBy(world)).toEqual(['"good"'])
    expect(world.errors).toEqual([])
  })

  it('tells of a codec that makes something that cannot be sent', async () => {
    const world = await seen({ encode: () => 5 as unknown as Message, decode: (message) => message })
    expect(world.view.send('x').status).toBe('rejected')
    expect(world.failures).toMatchObject([{ phase: 'encode', input: 'x' }])
  })

  it('tells of a message that cannot be decoded, and goes on', async () => {
    const world = await seen(json())
    world.server.last.send('{nonsense')
    world.server.last.send('1')
    await world.clock.advance(0)
    expect(world.values).toEqual([1])
    expect(world.failures).toMatchObject([{ phase: 'decode', input: '{nonsense' }])
    expect(world.failures.every(({ error }) => isCodecError(error))).toBe(true)
    expect([world.session.state.name, world.errors.length]).toEqual(['open', 0])
  })

  it('without a handler for errors stays silent about what the server sent', async () => {
    const world = await openedWorld()
    const values: unknown[] = []
    coded(world.session, json()).on('message', (value) => values.push(value))
    world.server.last.send('{nonsense')
    world.server.last.send('2')
    await world.clock.advance(0)
    expect(values).toEqual([2])
  })

  it('reports a handler that throws, and the others get the value', async () => {
    const world = await openedWorld()
    const view = coded(world.session, json())
    const [failures, values]: [CodedError[], unknown[]] = [[], []]
    const broken = new Error('broken')
    view.on('message', () => {
      throw broken
    })
    view.on('message', (value) => values.push(value))
    view.on('error', (error) => failures.push(error))
    world.server.last.send('1')
    await world.clock.advance(0)
    expect([values, failures]).toEqual([[1], [{ phase: 'handler', error: broken, input: undefined }]])
  })

  it('decodes nothing for nobody, and once for many', async () => {
    const world = await openedWorld()
    let decoded = 0
    const view = coded(world.session, {
      encode: String,
      decode: (message) => {
        decoded += 1
        return message
      },
    })
    world.server.last.send('nobody')
    await world.clock.advance(0)
    expect(decoded).toBe(0)
    const got: unknown[] = []
    view.on('message', (value) => got.push(value))
    view.once('message', (value) => got.push(value))
    const loop = view[Symbol.asyncIterator]()
    world.server.last.send('many')
    await world.clock.advance(0)
    expect(await loop.next()).toEqual({ done: false, value: 'many' })
    expect([decoded, got]).toEqual([1, ['many', 'many']])
    await loop.return?.()
  })

  it('works beside a second one with another codec', async () => {
    const world = await seen(json<unknown, number>())
    const texts: unknown[] = []
    const other = coded(world.session, { encode: String, decode: (message) => `text ${message as string}` })
    other.on('message', (value) => texts.push(value))
    other.send('plain')
    world.view.send('quoted')
    world.server.last.send('7')
    await world.clock.advance(0)
    expect([world.values, texts, receivedBy(world)]).toEqual([[7], ['text 7'], ['plain', '"quoted"']])
    other.dispose()
    world.server.last.send('8')
    await world.clock.advance(0)
    expect([world.values, texts]).toEqual([[7, 8], ['text 7']])
  })

  it('that is disposed gives its listeners back, and the session goes on', async () => {
    const world = await openedWorld()
    const before = world.session.resources.listeners
    const view = coded(world.session, json())
    const loop = view[Symbol.asyncIterator]()
    const next = loop.next()
    view.dispose()
    view.dispose()
    expect((await next).done).toBe(true)
    expect(world.session.resources.listeners).toBe(before)
    expect(view.send(1)).toMatchObject({ status: 'rejected', error: { code: 'closed' } })
    expect(world.session.state.name).toBe('open')
  })

  it('ends with its session, and one that is made after that has ended', async () => {
    const world = await seen(json())
    const loop = world.view[Symbol.asyncIterator]()
    world.session.dispose()
    expect((await loop.next()).done).toBe(true)
    expect(world.view.send(1).status).toBe('rejected')
    await world.clock.advance(10)
    expect(world.session.resources).toEqual(nothingHeld)
    const late = coded(world.session, json())
    expect((await late[Symbol.asyncIterator]().next()).done).toBe(true)
    expect(late.send(1).status).toBe('rejected')
  })

  it('flushes as its session does', async () => {
    const world = await seen(json())
    world.view.send(1)
    await world.view.flushed()
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['1'])
    world.session.dispose()
    await expect(world.view.flushed()).rejects.toMatchObject({ code: 'closed' })
  })

  it('refuses what is no session, no codec and no option', async () => {
    const { session } = await openedWorld()
    expect(() => coded({} as never, json())).toThrow('coded.session.send: must be a function')
    expect(() => coded(session, { encode: String } as never)).toThrow(
      'coded.codec.decode: must be a function',
    )
    expect(() => coded(session, json(), { maxUnread: 0 })).toThrow('coded.maxUnread: must be from 1')
    expect(() => coded(session, json(), { clock: {} as never })).toThrow('coded.clock.now')
  })
})

describe('a codec that takes its time', () => {
  it('keeps the order of what goes out, and its receipts follow', async () => {
    const { codec, waiting } = slow()
    const world = await seen(codec)
    const receipts = ['a', 'b', 'c'].map((text) => world.view.send(text))
    await settle()
    expect(waiting.map(({ text }) => text)).toEqual(['a'])
    expect(receipts.map(({ status }) => status)).toEqual(['queued', 'queued', 'queued'])
    const first = receipts[0]?.settled
    waiting[0]?.resolve('A')
    await settle()
    waiting[1]?.reject(new Error('no b'))
    await settle()
    waiting[2]?.resolve('C')
    await settle()
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['A', 'C'])
    expect([await first, ...receipts.map(({ status }) => status)]).toEqual([
      'written',
      'written',
      'rejected',
      'written',
    ])
    expect(await receipts[1]?.settled).toBe('rejected')
  })

  it('keeps the order of what comes in', async () => {
    const { codec, waiting } = slow()
    const world = await seen(codec)
    for (const text of ['a', 'b']) world.server.last.send(text)
    await world.clock.advance(0)
    expect(waiting).toHaveLength(1)
    waiting[0]?.reject(new Error('bad'))
    await settle()
    waiting[1]?.resolve('B')
    await settle()
    expect(world.values).toEqual(['B'])
    expect(world.failures).toMatchObject([{ phase: 'decode', input: 'a' }])
  })

  it('delivers what arrived before the session ended, and then ends', async () => {
    const { codec, waiting } = slow()
    const world = await seen(codec)
    const loop = world.view[Symbol.asyncIterator]()
    world.server.last.send('last')
    await world.clock.advance(0)
    world.session.dispose()
    waiting[0]?.resolve('LAST')
    expect([await loop.next(), (await loop.next()).done]).toEqual([{ done: false, value: 'LAST' }, true])
  })

  it('takes back a value that is being encoded, and settles all of them when the view ends', async () => {
    const { codec, waiting } = slow()
    const world = await seen(codec)
    const [first, second, third] = ['a', 'b', 'c'].map((text) => world.view.send(text))
    if (!first || !second || !third) throw new Error('three receipts')
    expect(world.view.cancel(first)).toBe(true)
    expect(first.status).toBe('dropped')
    waiting[0]?.resolve('A')
    await settle()
    world.view.dispose()
    expect([await second.settled, await third.settled]).toEqual(['undelivered', 'undelivered'])
    for (const { resolve } of waiting) resolve('late')
    await settle()
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual([])
  })

  it('has bounds for what waits, in both directions', async () => {
    const { codec, waiting } = slow()
    const world = await openedWorld()
    const view = coded(world.session, codec, { maxPending: 2, maxPendingBytes: 10 })
    const failures: CodedError[] = []
    const values: string[] = []
    view.on('error', (error) => failures.push(error))
    view.on('message', (value) => values.push(value))
    const receipts = ['a', 'b', 'c'].map((text) => view.send(text))
    expect(receipts.map(({ status }) => status)).toEqual(['queued', 'queued', 'rejected'])
    expect(receipts[2]?.error).toMatchObject({ code: 'codec-full', phase: 'encode' })
    for (const text of ['x'.repeat(50), 'x'.repeat(8), 'y']) world.server.last.send(text)
    await world.clock.advance(0)
    expect(failures.map(({ phase }) => phase)).toEqual(['encode', 'decode', 'decode'])
    expect(failures.slice(1).map(({ input }) => (input as string).length)).toEqual([8, 1])
    for (let n = 0; n < 4; n += 1) {
      waiting[n]?.resolve('done')
      await settle()
    }
    expect([values, world.session.state.name]).toEqual([['done'], 'open'])
  })
})

it('a codec that takes its time leaves no more messages waiting than maxPending', async () => {
  const world = await openedWorld()
  const view = coded(world.session, slow().codec, { maxPending: 2 })
  const refused: unknown[] = []
  view.on('error', ({ input }) => refused.push(input))
  view.on('message', () => {})
  for (const text of ['a', 'b', 'c', 'd']) world.server.last.send(text)
  await world.clock.advance(0)
  expect(refused).toEqual(['c', 'd'])
  // What arrived is still passed on after the end of a session, so a codec that never answers keeps a view.
  view.dispose()
})

it('values that a loop left unread count as handled', async () => {
  const world = await openedWorld()
  const handled: string[] = []
  const loop = coded(spied(world, handled), json())[Symbol.asyncIterator]()
  for (const text of ['1', '2']) world.server.last.send(text)
  await world.clock.advance(0)
  expect([(await loop.next()).value, handled]).toEqual([1, []])
  await loop.return?.()
  await settle()
  expect(handled).toEqual(['1', '2'])
})

describe('loops over values', () => {
  it('end with iterator-overflow when they fall behind', async () => {
    const world = await openedWorld()
    const loop = coded(world.session, json(), { maxUnread: 2 })[Symbol.asyncIterator]()
    for (const text of ['1', '2', '3']) world.server.last.send(text)
    await world.clock.advance(0)
    expect([(await loop.next()).value, (await loop.next()).value]).toEqual([1, 2])
    await expect(loop.next()).rejects.toMatchObject({ code: 'iterator-overflow' })
    expect((await loop.next()).done).toBe(true)
  })

  it('end alone when they are left', async () => {
    const world = await seen(json())
    const read: unknown[] = []
    const reading = (async () => {
      for await (const value of world.view) {
        read.push(value)
        if (value === 2) break
      }
    })()
    for (const text of ['1', '2', '3']) world.server.last.send(text)
    await world.clock.advance(0)
    await reading
    expect([read, world.values]).toEqual([
      [1, 2],
      [1, 2, 3],
    ])
  })
})

it('a message counts as handled when its values are: handlers, loops and codec are done with them', async () => {
  const world = await openedWorld()
  const handled: string[] = []
  const { codec, waiting } = slow()
  const view = coded({ ...spied(world, handled) }, codec)
  let finish = () => {}
  view.on('message', () => new Promise<void>((resolve) => (finish = resolve)))
  const loop = view[Symbol.asyncIterator]()
  world.server.last.send('a')
  await world.clock.advance(0)
  expect(handled).toEqual([])
  waiting[0]?.resolve('A')
  await settle()
  finish()
  await loop.next()
  await settle()
  expect(handled).toEqual([])
  const next = loop.next()
  await settle()
  expect(handled).toEqual(['a'])
  await loop.return?.()
  await next
})

/** A session that tells when what a handler returned has settled, as resume mode with `ack: 'handled'` sees it. */
function spied({ session }: World, handled: string[]) {
  return {
    state: session.state,
    send: session.send.bind(session),
    on: (type: 'message', handler: (message: string) => Promise<unknown> | undefined) =>
      type === 'message'
        ? session.on(type, (message) => {
            void Promise.resolve(handler(message as string)).then(() => handled.push(message as string))
          })
        : session.on(type, handler),
  } as unknown as World['session']
}

it('values survive a reconnect, and the view with them', async () => {
  const world = await seen(json())
  world.server.last.cut()
  world.view.send('while away')
  await world.clock.advance(2_000)
  world.server.last.send('"back"')
  await world.clock.advance(0)
  expect([receivedBy(world), world.values]).toEqual([['"while away"'], ['back']])
})

it('in resume mode a view has the receipts of that mode', async () => {
  const world = openWorld({ resume: resume() })
  const receipt = coded(world.session, json()).send(1)
  expect(receipt.status).toBe('queued')
  world.session.dispose()
  expect(await receipt.settled).toBe('undelivered')
})

it('however long each value takes, order and receipts stay', async () => {
  const step = fc.record({ n: fc.integer({ min: 0, max: 3 }), fails: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const slowly = async <T>(turns: number, value: T): Promise<T> => {
        await settle(turns)
        return value
      }
      const codec: Codec<number> = {
        encode(at) {
          const { n, fails } = steps[at] as (typeof steps)[number]
          if (fails) throw new Error('fails')
          return n === 0 ? String(at) : slowly(n * 3, String(at))
        },
        decode: (message) => Number(message),
      }
      const world = await seen(codec)
      const receipts = steps.map((_, at) => world.view.send(at))
      await settle(300)
      await world.clock.advance(0)
      const good = steps.flatMap(({ fails }, at) => (fails ? [] : [String(at)]))
      expect(receivedBy(world)).toEqual(good)
      expect(receipts.map(({ status }) => status)).toEqual(
        steps.map(({ fails }) => (fails ? 'rejected' : 'written')),
      )
      world.session.dispose()
    }),
    { numRuns: 40 },
  )
})
