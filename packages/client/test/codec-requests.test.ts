import * as library from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { batched, coded, json, msgpack, requestsOn } from '../src/codec/index.ts'
import { openedWorld, openWorld } from './world.ts'

const plain = (message: unknown) =>
  library.decode(new Uint8Array(message as ArrayBuffer)) as Record<string, unknown>

describe('requests on a view', () => {
  it('find their answers among values of any codec', async () => {
    const world = await openedWorld()
    const api = requestsOn(coded(world.session, msgpack(library)), { clock: world.clock })
    const [first, second] = [api.request({ get: 'a' }), api.request({ get: 'b' })]
    await world.clock.advance(0)
    const asked = world.server.last.received.map(plain)
    expect(asked).toEqual([
      { get: 'a', id: 1 },
      { get: 'b', id: 2 },
    ])
    for (const answer of [{ id: 2, value: 'B' }, { news: true }, { id: 1, error: 'no' }]) {
      world.server.last.send(library.encode(answer).slice().buffer)
    }
    await world.clock.advance(0)
    expect(await second).toEqual({ id: 2, value: 'B' })
    await expect(first).rejects.toMatchObject({ code: 'request-failed', cause: 'no', sent: 'yes' })
    expect(api.pending).toBe(0)
  })

  it('share a batch, and its answers may as well', async () => {
    const world = await openedWorld()
    const view = coded(world.session, batched(json()), { clock: world.clock })
    const api = requestsOn(view, { clock: world.clock })
    const answers = Promise.all([api.request({ n: 1 }), api.request({ n: 2 })])
    await world.clock.advance(5)
    expect(world.server.last.received).toEqual(['[{"n":1,"id":1},{"n":2,"id":2}]'])
    world.server.last.send('[{"id":1},{"id":2}]')
    await world.clock.advance(0)
    expect(await answers).toEqual([{ id: 1 }, { id: 2 }])
  })

  it('take back at the deadline what still waits, and end with the session', async () => {
    const world = openWorld({ autoConnect: false })
    const api = requestsOn(coded(world.session, json()), { clock: world.clock, timeoutMs: 50 })
    const late = expect(api.request({ n: 1 })).rejects.toMatchObject({ code: 'timeout', sent: 'no' })
    await world.clock.advance(50)
    await late
    expect(world.session.queue.size).toBe(0)
    const ended = expect(api.request({ n: 2 })).rejects.toMatchObject({ code: 'closed', sent: 'no' })
    world.session.dispose()
    await ended
  })

  it('of two views of one session have different numbers', async () => {
    const world = await openedWorld()
    const apis = [json(), json()].map((codec) =>
      requestsOn(coded(world.session, codec), { clock: world.clock }),
    )
    const answers = apis.map((api) => api.request({ n: 1 }))
    await world.clock.advance(0)
    const ids = world.server.last.received.map((text) => (JSON.parse(text as string) as { id: number }).id)
    expect(ids).toEqual([1, 2 ** 32 + 1])
    for (const id of ids) world.server.last.send(JSON.stringify({ id }))
    await world.clock.advance(0)
    expect(await Promise.all(answers)).toEqual(ids.map((id) => ({ id })))
  })

  it('may find answers in another way, and refuse what cannot have a number', async () => {
    const world = await openedWorld()
    const view = coded(world.session, json<unknown[], unknown[]>())
    const api = requestsOn(view, {
      clock: world.clock,
      correlation: {
        write: (request: { name: string }, id) => [id, request.name],
        read: ([id, answer]) => ({ id, answer }),
      },
    })
    const answer = api.request({ name: 'x' })
    await world.clock.advance(0)
    world.server.last.send('[1,"X"]')
    await world.clock.advance(0)
    expect(await answer).toBe('X')
    const byId = requestsOn(coded(world.session, json()))
    expect(() => byId.request({ id: 7 })).toThrow('request: must be an object without a field id')
  })
})
