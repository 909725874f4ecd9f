import { describe, expect, it } from 'vitest'
import { type ConnectedContext, unauthorized } from '../src/index.ts'
import { openedWorld, openWorld, stateOf, type World } from './world.ts'

const never = () => new Promise<never>(() => {})

/** A hook that stays until the test lets it go, and shows its context. */
function heldHook() {
  let context: ConnectedContext | undefined
  let letGo: () => void = () => {}
  return {
    onConnected: (given: ConnectedContext) => {
      context = given
      return new Promise<void>((resolve) => {
        letGo = resolve
      })
    },
    get context(): ConnectedContext {
      if (!context) throw new Error('the hook was not called')
      return context
    },
    letGo: () => letGo(),
  }
}

describe('onConnected', () => {
  it('runs in the phase hello, after each dial and before open', async () => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    await world.clock.advance(0)
    expect(stateOf(world, 'connecting').phase).toBe('hello')
    hook.letGo()
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('open')
    world.server.last.cut()
    await world.clock.advance(2_000)
    expect(stateOf(world, 'connecting')).toMatchObject({ phase: 'hello', attempt: 2 })
  })

  it('is told the attempt, the cause, the credentials and the subprotocol', async () => {
    let seen: Partial<ConnectedContext> = {}
    await openedWorld({
      credentials: () => Promise.resolve({ token: 'x' }),
      protocols: ['a', 'b'],
      server: { onDial: () => ({ protocol: 'b' }) },
      onConnected: ({ attempt, cause, credentials, protocol }) => {
        seen = { attempt, cause, credentials, protocol }
      },
    })
    expect(seen).toEqual({
      attempt: 1,
      cause: { kind: 'not-started' },
      credentials: { token: 'x' },
      protocol: 'b',
    })
  })

  it('what it sends goes first, then what waited, then what is sent later', async () => {
    const world = openWorld({
      onConnected: async ({ send, receive }) => {
        send('auth')
        await receive()
        send('subscribe')
      },
    })
    world.server.onConnection((socket) => socket.onMessage((data) => data === 'auth' && socket.send('ok')))
    world.session.send('queued 1')
    await world.clock.advance(0)
    world.session.on('state', ({ state }) => {
      if (state.name === 'open') world.session.send('on open')
    })
    world.session.send('queued 2')
    await world.clock.advance(10)
    world.session.send('live')
    await world.clock.advance(0)
    expect(world.server.last.received).toEqual(['auth', 'subscribe', 'queued 1', 'queued 2', 'live'])
    expect(world.messages).toEqual([])
  })

  it('nothing of the queue is sent before it is over, and what is sent in it waits too', async () => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    world.session.send('early')
    await world.clock.advance(0)
    expect(world.session.send('inside').status).toBe('queued')
    await world.clock.advance(5_000)
    expect(world.server.last.received).toEqual([])
    hook.letGo()
    await world.clock.advance(0)
    expect(world.server.last.received).toEqual(['early', 'inside'])
  })

  for (const [way, onConnected] of Object.entries({
    throws: () => {
      throw new Error('refused')
    },
    rejects: () => Promise.reject(new Error('refused')),
  })) {
    it(`that ${way} fails the attempt: the connection is let go, the queue stays, and it is reported`, async () => {
      const world = openWorld({ onConnected })
      const receipt = world.session.send('waits')
      await world.clock.advance(0)
      expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'failed', phase: 'hello' })
      expect(world.errors).toMatchObject([{ phase: 'hello', error: { message: 'refused' } }])
      expect(receipt.status).toBe('queued')
      await world.clock.advance(0)
      expect(world.server.last.closed).toBeDefined()
      expect(world.session.resources).toMatchObject({ sockets: 0 })
    })
  }

  it('that hangs fails the attempt at helloTimeoutMs', async () => {
    const world = openWorld({ onConnected: never, connect: { helloTimeoutMs: 400 } })
    await world.clock.advance(400)
    expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'timeout', phase: 'hello', limitMs: 400 })
  })

  it('that throws unauthorized() ends the session', async () => {
    const world = openWorld({ onConnected: () => Promise.reject(unauthorized()) })
    await world.clock.advance(0)
    expect(stateOf(world, 'closed').cause).toEqual({ kind: 'unauthorized', phase: 'hello' })
  })

  it('whose connection is lost under it fails with that cause, and its signal aborts', async () => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    await world.clock.advance(0)
    world.server.last.close(4401, 'who?')
    await world.clock.advance(0)
    expect(hook.context.signal.aborted).toBe(true)
    expect(world.changes.at(-1)?.state).toMatchObject({
      name: 'closed',
      cause: { kind: 'server-close', code: 4401 },
    })
    expect(world.errors).toEqual([])
  })

  it.each(['ready', 'flushed'] as const)(
    'waiting for %s() in it is an error, not a deadlock',
    async (what) => {
      let code: unknown
      const world: World = openWorld({
        autoConnect: false,
        onConnected: async () => {
          code = await world.session[what]().catch((error: { code: string }) => error.code)
        },
      })
      world.session.reconnect()
      await world.clock.advance(0)
      expect(code).toBe('in-hook')
      expect(world.session.state.name).toBe('open')
      await world.session[what]()
    },
  )
})

describe('receive()', () => {
  it('takes messages in order, whether they came before or come after the call', async () => {
    const taken: unknown[] = []
    const world = openWorld({
      onConnected: async ({ receive }) => {
        taken.push(await receive())
        const [second, third] = await Promise.all([receive(), receive()])
        taken.push(second, third)
      },
    })
    world.server.onConnection((socket) => {
      socket.send('one')
      world.clock.setTimeout(() => {
        for (const message of ['two', 'three', 'four']) socket.send(message)
      }, 100)
    })
    await world.clock.advance(200)
    expect(taken).toEqual(['one', 'two', 'three'])
    expect(world.messages).toEqual(['four'])
  })

  it('what it did not take is delivered after open, in order, and before what comes later', async () => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    const order: unknown[] = []
    world.session.on('state', ({ state }) => order.push(state.name))
    world.session.on('message', (message) => order.push(message))
    world.server.onConnection((socket) => {
      socket.send('one')
      socket.send('two')
    })
    await world.clock.advance(10)
    expect(world.messages).toEqual([])
    order.length = 0
    hook.letGo()
    world.server.last.send('three')
    await world.clock.advance(0)
    expect(order).toEqual(['open', 'one', 'two', 'three'])
  })

  it('rejects when its own signal aborts, with its reason, and takes no message then', async () => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    await world.clock.advance(0)
    const controller = new AbortController()
    const given = hook.context.receive({ signal: controller.signal })
    const other = hook.context.receive()
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(given).rejects.toBe(reason)
    await expect(hook.context.receive({ signal: controller.signal })).rejects.toBe(reason)
    world.server.last.send('for the other')
    await world.clock.advance(0)
    expect(await other).toBe('for the other')
    hook.letGo()
    await world.clock.advance(0)
  })

  it('rejects when the hook is over, and nobody has to look at that', async () => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    await world.clock.advance(0)
    const { receive } = hook.context
    void receive()
    const looked = receive()
    hook.letGo()
    await world.clock.advance(0)
    await expect(looked).rejects.toMatchObject({ code: 'closed' })
    void receive()
    void receive({ signal: AbortSignal.abort() })
    await expect(receive()).rejects.toMatchObject({ code: 'closed' })
    // An unhandled rejection would fail the run.
    await new Promise((resolve) => setTimeout(resolve, 5))
    world.server.last.send('for the session')
    await world.clock.advance(0)
    expect(world.messages).toEqual(['for the session'])
  })

  it.each(['dispose', 'pause', 'reconnect'] as const)('rejects at %s()', async (act) => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    await world.clock.advance(0)
    const given = hook.context.receive()
    world.session[act]()
    await expect(given).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('send() of the context', () => {
  it('does nothing once the connection was given up', async () => {
    const hook = heldHook()
    const world = openWorld({ onConnected: hook.onConnected })
    await world.clock.advance(0)
    const { send } = hook.context
    world.session.pause()
    expect(() => send('late')).not.toThrow()
    await world.clock.advance(1_000)
    expect(world.server.last.received).toEqual([])
  })
})
