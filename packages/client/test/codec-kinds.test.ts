import * as library from '@msgpack/msgpack'
import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  batched,
  type Codec,
  type CodedError,
  type CodedSession,
  coded,
  compressed,
  isCodecError,
  json,
  msgpack,
  type MessagePackLibrary,
  type SchemaFailure,
  type StandardSchema,
  validated,
} from '../src/codec/index.ts'
import { byteLengthOf, type Message } from '../src/message.ts'
import { openedWorld, type World } from './world.ts'

/** Lets happen what takes no time of the clock, but some of the platform: streams that compress, and imports. */
async function until({ clock }: World, done: () => boolean): Promise<void> {
  while (!done()) {
    await clock.advance(0)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function seen<Out, In>(codec: Codec<Out, In>) {
  const world = await openedWorld()
  const view = coded(world.session, codec, { clock: world.clock })
  const values: In[] = []
  const failures: CodedError[] = []
  view.on('message', (value) => values.push(value))
  view.on('error', (error) => failures.push(error))
  return { ...world, view, values, failures }
}

const lastOf = ({ server }: World) => server.last.received.at(-1) as ArrayBuffer | string

/** Gives a message as the other end gets it: what a codec made, in a buffer of its own. */
async function arriving(message: Message | Promise<Message>): Promise<string | ArrayBuffer> {
  const made = await message
  if (typeof made === 'string') return made
  return new Uint8Array(made as Uint8Array).slice().buffer
}

describe('msgpack', () => {
  it('takes a library as it is, and then needs no time', async () => {
    const world = await seen(msgpack<{ n: number }, { n: number }>(library))
    expect(world.view.send({ n: 1 }).status).toBe('written')
    await world.clock.advance(0)
    expect(library.decode(new Uint8Array(lastOf(world) as ArrayBuffer))).toEqual({ n: 1 })
    world.server.last.send(library.encode({ n: 2 }).slice().buffer)
    await world.clock.advance(0)
    expect(world.values).toEqual([{ n: 2 }])
  })

  it('loads a library before the first value, once, and needs no time after', async () => {
    let loads = 0
    const world = await seen(
      msgpack(() => {
        loads += 1
        return import('@msgpack/msgpack')
      }),
    )
    const receipts = [world.view.send(1), world.view.send(2)]
    await until(world, () => receipts.every(({ status }) => status === 'written'))
    expect([loads, world.view.send(3).status]).toEqual([1, 'written'])
  })

  it('tries to load again with the next value when that failed', async () => {
    let loads = 0
    const world = await seen(
      msgpack(async () => {
        loads += 1
        if (loads === 1) throw new Error('offline')
        return library
      }),
    )
    const receipts = [world.view.send(1), world.view.send(2)]
    await until(world, () => receipts.every(({ status }) => status !== 'queued'))
    expect(receipts.map(({ status }) => status)).toEqual(['rejected', 'written'])
    expect(world.failures).toMatchObject([{ phase: 'encode', input: 1 }])
  })

  it('refuses text, nonsense, and what is no library', async () => {
    const world = await seen(msgpack(library))
    world.server.last.send('text')
    world.server.last.send(new Uint8Array([0xc1]).buffer)
    await world.clock.advance(0)
    expect(world.failures.map(({ phase }) => phase)).toEqual(['decode', 'decode'])
    expect(() => msgpack({} as MessagePackLibrary)).toThrow('msgpack.encode: must be a function')
    expect(() => msgpack(undefined as never)).toThrow('msgpack: must be a library')
  })

  it('is batched as one array', async () => {
    const world = await seen(batched(msgpack(library)))
    for (const value of ['a', 'b']) world.view.send(value)
    await world.clock.advance(5)
    expect(library.decode(new Uint8Array(lastOf(world) as ArrayBuffer))).toEqual(['a', 'b'])
    world.server.last.send(library.encode([1, 2]).slice().buffer)
    world.server.last.send(library.encode(3).slice().buffer)
    await world.clock.advance(0)
    expect(world.values).toEqual([1, 2, 3])
  })
})

describe('compressed', () => {
  const bytes: Codec<Uint8Array, ArrayBuffer> = {
    encode: (value) => value,
    decode: (message) => message as ArrayBuffer,
  }

  it('leaves small messages as they are, and compresses the others', async () => {
    const world = await seen(compressed(json<string, string>(), { thresholdBytes: 100 }))
    expect(world.view.send('small').status).toBe('written')
    await world.clock.advance(0)
    expect(lastOf(world)).toBe('"small"')
    const large = 'large '.repeat(100)
    const receipt = world.view.send(large)
    await until(world, () => receipt.status === 'written')
    await world.clock.advance(0)
    const [mark, ...rest] = new Uint8Array(lastOf(world) as ArrayBuffer)
    expect([mark, rest.length < 50]).toEqual([1, true])
    expect(inflateRawSync(new Uint8Array(rest)).toString()).toBe(JSON.stringify(large))
    world.server.last.send(lastOf(world))
    await until(world, () => world.values.length > 0)
    expect(world.values).toEqual([large])
  })

  it('sends what would not become smaller as it is', async () => {
    const { encode } = compressed(bytes, { thresholdBytes: 0 })
    const random = crypto.getRandomValues(new Uint8Array(300))
    const made = (await encode(random)) as Uint8Array
    expect([made[0], made.length]).toEqual([0, 301])
    expect(((await encode(new Uint8Array(300))) as Uint8Array)[0]).toBe(2)
  })

  it.each(['deflate-raw', 'deflate', 'gzip'] as const)(
    'gives back whatever went in, with %s',
    async (format) => {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.string(),
            fc.string().map((text) => text.repeat(200)),
          ),
          fc.uint8Array({ maxLength: 3_000 }),
          fc.integer({ min: 0, max: 600 }),
          async (text, binary, thresholdBytes) => {
            const texts = compressed(json<string, string>(), { format, thresholdBytes })
            expect(await texts.decode(await arriving(texts.encode(text)))).toBe(text)
            const binaries = compressed(bytes, { format, thresholdBytes })
            const back = await binaries.decode(await arriving(binaries.encode(binary)))
            expect(new Uint8Array(back)).toEqual(binary)
          },
        ),
        { numRuns: 30 },
      )
    },
  )

  it('takes blobs and views', async () => {
    const plain: Codec<Message, ArrayBuffer> = { encode: (value) => value, decode: bytes.decode }
    const { encode, decode } = compressed(plain, { thresholdBytes: 4 })
    for (const message of [
      new Blob(['hello hello hello hello hello']),
      Buffer.from('hello hello hello hello hello'),
      new Uint8Array(Buffer.from('xxhello hello hello hello hello')).subarray(2),
    ]) {
      const back = await decode(await arriving(encode(message)))
      expect(Buffer.from(back).toString()).toBe('hello hello hello hello hello')
    }
  })

  it('stops at a message that becomes too large, long before it is inflated', async () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1_048_576))
    expect(bomb.length).toBeLessThan(70_000)
    const world = await seen(compressed(json(), { maxBytes: 1_000_000 }))
    world.server.last.send(new Uint8Array([1, ...bomb]).buffer)
    world.server.last.send('"next"')
    await until(world, () => world.values.length > 0)
    expect(world.failures).toMatchObject([
      { phase: 'decode', error: { cause: { code: 'message-too-large' } } },
    ])
    const [, told] = /: (\d+) bytes, at most 1000000/.exec(String(world.failures[0]?.error)) ?? []
    // A piece of input is 4 KiB, and deflate makes at most 1,032 bytes of one.
    expect(Number(told)).toBeLessThan(1_000_000 + 4_096 * 1_032)
    expect([world.values, world.session.state.name]).toEqual([['next'], 'open'])
  })

  it.each([
    ['nothing at all', []],
    ['another first byte', [9, 1, 2]],
    ['nonsense', [1, 0xff, 0xff]],
    ['half of a message', [1, ...deflateRawSync('hello hello hello hello').subarray(0, 5)]],
    ['no UTF-8', [1, ...deflateRawSync(new Uint8Array([0xff, 0xfe]))]],
  ])('tells of %s, and goes on', async (_, sent) => {
    const world = await seen(compressed(json()))
    world.server.last.send(new Uint8Array(sent).buffer)
    world.server.last.send('1')
    await until(world, () => world.values.length > 0)
    expect(world.failures).toMatchObject([{ phase: 'decode' }])
  })

  it('compresses batches, whichever of the two comes first', async () => {
    for (const codec of [
      compressed(batched(json<string>()), { thresholdBytes: 50 }),
      batched(compressed(json<string>(), { thresholdBytes: 50 })),
    ]) {
      const world = await seen(codec)
      const receipts = Array.from({ length: 30 }, () => world.view.send('again'))
      await world.clock.advance(5)
      await until(world, () => receipts.every(({ status }) => status === 'written'))
      await world.clock.advance(0)
      expect(world.server.last.received).toHaveLength(1)
      world.server.last.send(lastOf(world))
      await until(world, () => world.values.length === 30)
      expect(world.failures).toEqual([])
    }
  })

  it('refuses what is no bound or format', () => {
    expect(() => compressed(json(), { thresholdBytes: -1 })).toThrow('compressed.thresholdBytes')
    expect(() => compressed(json(), { maxBytes: Number.NaN })).toThrow('compressed.maxBytes')
    expect(() => compressed(json(), { format: 'brotli' as never })).toThrow(
      'compressed.format: must be one of',
    )
    expect(() => compressed({} as never)).toThrow('compressed.codec.encode')
  })
})

describe('validated', () => {
  const schemas = {
    zod: {
      outgoing: z.object({ buy: z.coerce.number() }),
      incoming: z.object({ price: z.number().positive() }),
    },
    valibot: {
      outgoing: v.object({ buy: v.number() }),
      incoming: v.object({ price: v.pipe(v.number(), v.minValue(0)) }),
    },
    arktype: { outgoing: type({ buy: 'number' }), incoming: type({ price: 'number>0' }) },
  }

  it.each(['zod', 'valibot', 'arktype'] as const)(
    'works with %s unchanged, in both directions',
    async (name) => {
      const world = await seen(validated(json(), schemas[name]) as Codec<{ buy: number }, { price: number }>)
      const receipts = [world.view.send({ buy: 1 }), world.view.send({ sell: 1 } as never)]
      world.server.last.send('{"price":3}')
      world.server.last.send('{"price":-3}')
      await world.clock.advance(0)
      expect(world.server.last.received).toEqual(['{"buy":1}'])
      expect(receipts.map(({ status }) => status)).toEqual(['written', 'rejected'])
      expect(world.values).toEqual([{ price: 3 }])
      expect(world.failures.map(({ phase, input }) => [phase, input])).toEqual([
        ['schema', { sell: 1 }],
        ['schema', { price: -3 }],
      ])
      for (const { error } of world.failures) {
        expect(isCodecError(error) && error.code).toBe('invalid-value')
        expect(((error as Error).cause as SchemaFailure).issues.length).toBeGreaterThan(0)
      }
      expect(String(world.failures[1]?.error)).toMatch(/validated\.incoming: price: \S/)
      expect(receipts[1]?.error).toBe(world.failures[0]?.error)
    },
  )

  it('infers the types of a view from the schemas', async () => {
    const { session } = await openedWorld()
    const { zod, valibot, arktype } = schemas
    const codecs = [
      coded(
        session,
        validated(json(), { outgoing: v.object({ buy: v.number() }), incoming: arktype.incoming }),
      ),
      coded(session, batched(validated(json(), { ...valibot }))),
    ]
    expectTypeOf(codecs).toEqualTypeOf<CodedSession<{ buy: number }, { price: number }>[]>()
    const onlyIn = coded(session, validated(json<'ping'>(), { incoming: zod.incoming }))
    expectTypeOf(onlyIn).toEqualTypeOf<CodedSession<'ping', { price: number }>>()
    // @ts-expect-error -- not what the schema takes
    codecs[0]?.send({ buy: 'three' })
  })

  it('sends and delivers what the schemas make of values, those of a nested one in turn', async () => {
    const trimmed = z.string().transform((text) => text.trim())
    const counted = z.string().transform((text) => text.length)
    const inner = validated(json(), {
      outgoing: z.string().transform((text) => `<${text}>`),
      incoming: trimmed,
    })
    const world = await seen(validated(inner, { outgoing: trimmed, incoming: counted }))
    world.view.send('  out ')
    world.server.last.send('"  in "')
    await world.clock.advance(0)
    expect([world.server.last.received, world.values]).toEqual([['"<out>"'], [2]])
  })

  it('keeps the order with a schema that answers with promises, and tells of one that breaks', async () => {
    const later: StandardSchema<number> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        async validate(value) {
          await new Promise((resolve) => setImmediate(resolve))
          if (value === 2) throw new Error('cannot say')
          return value === 3 ? { issues: [{ message: 'no three' }] } : { value: value as number }
        },
      },
    }
    const world = await seen(validated(json(), { incoming: later, outgoing: later }))
    const receipts = [1, 2, 3, 4].map((value) => world.view.send(value))
    for (const text of ['1', '2', '3', '4']) world.server.last.send(text)
    await until(world, () => world.values.length === 2 && receipts.every(({ status }) => status !== 'queued'))
    await world.clock.advance(0)
    expect([world.values, world.server.last.received]).toEqual([
      [1, 4],
      ['1', '4'],
    ])
    expect(world.failures.map(({ phase }) => phase)).toEqual(['schema', 'schema', 'schema', 'schema'])
  })

  it('refuses what follows no Standard Schema', () => {
    const old = { parse: () => 1 } as never
    expect(() => validated(json(), { incoming: old })).toThrow('validated.incoming: must be a schema')
    expect(() => validated(json(), { outgoing: null as never })).toThrow(
      'validated.outgoing: must be a schema',
    )
    expect(() => validated(json(), { inbound: z.string() } as never)).toThrow(
      'unknown option validated.inbound',
    )
    expect(() => validated({} as never, {})).toThrow('validated.codec.encode')
  })
})

it('a codec of one’s own may be an instance with methods, through every layer', async () => {
  class Shout implements Codec<string> {
    readonly #end = '!'
    encode(value: string): string {
      return value.toUpperCase() + this.#end
    }
    decode(message: string | ArrayBuffer): string {
      return `${message as string}${this.#end}`
    }
  }
  const codec = compressed(validated(new Shout(), { outgoing: z.string() }))
  const world = await seen(codec)
  world.view.send('hey')
  world.server.last.send('you')
  await world.clock.advance(0)
  expect([world.server.last.received, world.values]).toEqual([['HEY!'], ['you!']])
  expect(byteLengthOf('HEY!')).toBe(4)
})
