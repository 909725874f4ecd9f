import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  batched,
  type BatchLimits,
  type CodedError,
  coded,
  json,
  type ListCodec,
  validated,
} from '../src/codec/index.ts'
import { openedWorld, type World } from './world.ts'

const receivedBy = ({ server }: World) => server.sockets.flatMap(({ received }) => received)

async function batching<Out, In>(codec: ListCodec<Out, In>, limits: Partial<BatchLimits> = {}) {
  const world = await openedWorld()
  const view = coded(world.session, batched(codec, limits), { clock: world.clock })
  const values: In[] = []
  const failures: CodedError[] = []
  view.on('message', (value) => values.push(value))
  view.on('error', (error) => failures.push(error))
  return { ...world, view, values, failures }
}

describe('batched', () => {
  it('puts values of a short time into one message, with one timer', async () => {
    const world = await batching(json(), { lingerMs: 20 })
    const receipts = [1, 2, 3].map((value) => world.view.send(value))
    await world.clock.advance(19)
    expect([receivedBy(world), receipts.map(({ status }) => status)]).toEqual([
      [],
      ['queued', 'queued', 'queued'],
    ])
    await world.clock.advance(1)
    expect([receivedBy(world), await Promise.all(receipts.map(({ settled }) => settled))]).toEqual([
      ['[1,2,3]'],
      ['written', 'written', 'written'],
    ])
  })

  it('with a linger of 0 gathers what one turn sends', async () => {
    const world = await batching(json(), { lingerMs: 0 })
    for (const value of [1, 2]) world.view.send(value)
    await world.clock.advance(0)
    world.view.send(3)
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['[1,2]', '[3]'])
  })

  it('sends at once when the number is reached, and the rest in its own time', async () => {
    const world = await batching(json(), { lingerMs: 50, maxMessages: 2 })
    for (const value of [1, 2, 3]) world.view.send(value)
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['[1,2]'])
    await world.clock.advance(50)
    expect(receivedBy(world)).toEqual(['[1,2]', '[3]'])
  })

  it('halves a message that would be too large, down to single values', async () => {
    const world = await batching(json(), { maxBytes: 12 })
    for (const value of ['aaaa', 'b', 'c', 'longer than twelve bytes']) world.view.send(value)
    await world.view.flushed()
    await world.clock.advance(0)
    expect(receivedBy(world)).toEqual(['["aaaa","b"]', '["c"]', '["longer than twelve bytes"]'])
  })

  it('keeps one value that cannot be encoded from harming the others', async () => {
    const world = await batching(json())
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    const receipts = [1, loop, 3].map((value) => world.view.send(value))
    await world.clock.advance(5)
    expect(receivedBy(world).join('')).toBe('[1][3]')
    expect(receipts.map(({ status }) => status)).toEqual(['written', 'rejected', 'written'])
    expect(world.failures).toMatchObject([{ phase: 'encode', input: loop }])
  })

  it('understands arrays and single values', async () => {
    const world = await batching(json<unknown, number>())
    for (const text of ['[1,2]', '3', '[]', '[4]']) world.server.last.send(text)
    await world.clock.advance(0)
    expect(world.values).toEqual([1, 2, 3, 4])
  })

  it('gives a value with options a message of its own, in order', async () => {
    const world = await batching(json())
    world.view.send(1)
    const alone = world.view.send(2, { ttlMs: 1_000 })
    world.view.send(3)
    await world.view.flushed()
    await world.clock.advance(0)
    expect([receivedBy(world), alone.status]).toEqual([['[1]', '[2]', '[3]'], 'written'])
  })

  it('sends what lingers when it is flushed, and nothing of a view that is disposed', async () => {
    const world = await batching(json(), { lingerMs: 1_000 })
    world.view.send(1)
    await world.view.flushed()
    const lost = world.view.send(2)
    world.view.dispose()
    await world.clock.advance(2_000)
    expect([receivedBy(world), await lost.settled]).toEqual([['[1]'], 'undelivered'])
  })

  it('takes a value back while it lingers, and not out of a message', async () => {
    const world = await batching(json())
    const [first, second] = [world.view.send(1), world.view.send(2)]
    expect([world.view.cancel(first), first.status]).toEqual([true, 'dropped'])
    await world.clock.advance(5)
    expect([receivedBy(world), world.view.cancel(second)]).toEqual([['[2]'], false])
  })

  it('drops only the bad ones of a batch that arrives', async () => {
    const isNumber = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] },
      },
    } as const
    const world = await batching(validated(json(), { incoming: isNumber, outgoing: isNumber }))
    world.server.last.send('[1,"two",3]')
    const receipts = [4, 'five' as never, 6].map((value) => world.view.send(value))
    await world.clock.advance(5)
    expect(world.values).toEqual([1, 3])
    expect(receivedBy(world)).toEqual(['[4,6]'])
    expect(receipts.map(({ status }) => status)).toEqual(['written', 'rejected', 'written'])
    expect(world.failures.map(({ phase, input }) => [phase, input])).toEqual([
      ['schema', 'five'],
      ['schema', 'two'],
    ])
  })

  it('refuses codecs without arrays, and bounds that are none', () => {
    const plain = { encode: String, decode: String }
    expect(() => batched(plain as never)).toThrow('batched.codec.encodeAll: must be a function')
    expect(() => batched(json(), { lingerMs: -1 })).toThrow('batched.lingerMs: must be from 0')
    expect(() => batched(json(), { maxMessages: 0 })).toThrow('batched.maxMessages: must be from 1')
    expect(() => batched(json(), { maxBytes: 0 })).toThrow('batched.maxBytes: must be from 1')
    expect(() => batched(json(), { maxSize: 1 } as never)).toThrow('unknown option batched.maxSize')
  })

  it('loses, repeats and reorders nothing, whatever is sent when', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), size: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ kind: fc.constant('alone' as const), size: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ kind: fc.constant('wait' as const), size: fc.integer({ min: 0, max: 12 }) }),
      fc.constant({ kind: 'flush' as const, size: 0 }),
    )
    const limits = fc.record({
      lingerMs: fc.integer({ min: 0, max: 8 }),
      maxMessages: fc.integer({ min: 1, max: 5 }),
      maxBytes: fc.integer({ min: 1, max: 90 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), limits, async (steps, bounds) => {
        const world = await batching(json(), bounds)
        const sent: string[] = []
        for (const { kind, size } of steps) {
          if (kind === 'wait') await world.clock.advance(size)
          else if (kind === 'flush') await world.view.flushed()
          else {
            sent.push(`${sent.length}${'x'.repeat(size)}`)
            world.view.send(sent.at(-1), kind === 'alone' ? { ttlMs: 1_000 } : undefined)
          }
        }
        await world.clock.advance(20)
        const batches = receivedBy(world).map((text) => JSON.parse(text as string) as string[])
        expect(batches.flat()).toEqual(sent)
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(bounds.maxMessages)
          if (batch.length > 1) expect(JSON.stringify(batch).length).toBeLessThanOrEqual(bounds.maxBytes)
        }
        world.session.dispose()
      }),
      { numRuns: 60 },
    )
  })
})
