import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type DiagnosticsEvents, publishDiagnostics } from '../src/diagnostics/index.ts'
import { nothingHeld, openedWorld } from './world.ts'

type Name = keyof DiagnosticsEvents

const undo: (() => void)[] = []

afterEach(() => {
  for (const one of undo.splice(0)) one()
})

/** Gathers what is published on a channel. */
function heard(name: Name): object[] {
  const all: object[] = []
  const listen = (message: unknown) => void all.push(message as object)
  subscribe(name, listen)
  undo.push(() => unsubscribe(name, listen))
  return all
}

describe('publishDiagnostics', () => {
  it('publishes states, messages without payload, and the end', async () => {
    const names: readonly Name[] = ['holdfast:state', 'holdfast:message', 'holdfast:sent', 'holdfast:closed']
    const [states, messages, sent, closed] = names.map(heard)
    const world = await openedWorld()
    publishDiagnostics(world.session, 'chat')
    world.session.send('grün')
    world.server.last.send('secret')
    await world.clock.advance(0)
    const { session } = world
    session.pause('later')
    session.send('never')
    session.dispose()
    expect(sent).toEqual([{ session, label: 'chat', bytes: 5 }])
    expect(messages).toEqual([{ session, label: 'chat', bytes: 6 }])
    expect(states).toMatchObject([
      { previous: { name: 'open' }, state: { name: 'idle', cause: { kind: 'paused', label: 'later' } } },
      { previous: { name: 'idle' }, state: { name: 'closed' } },
    ])
    expect(closed).toEqual([
      { session, label: 'chat', cause: { kind: 'disposed' }, undelivered: 1, uncertain: 0 },
    ])
    await world.clock.advance(0)
    expect(session.resources).toEqual(nothingHeld)
  })

  it('ends with the returned function, and needs nobody to listen', async () => {
    const world = await openedWorld()
    const before = world.session.resources.listeners
    const stop = publishDiagnostics(world.session)
    const publish = vi.spyOn(channel('holdfast:sent'), 'publish')
    world.session.send('nobody listens')
    expect(publish).not.toHaveBeenCalled()
    const sent = heard('holdfast:sent')
    stop()
    stop()
    world.session.send('not published')
    expect([sent, world.session.resources.listeners]).toEqual([[], before])
    world.session.dispose()
    publishDiagnostics(world.session)()
  })

  it('does nothing where there is no such module', async () => {
    const world = await openedWorld()
    const before = world.session.resources.listeners
    vi.stubGlobal('process', { ...process, getBuiltinModule: undefined })
    publishDiagnostics(world.session)()
    vi.stubGlobal('process', undefined)
    publishDiagnostics(world.session)
    vi.unstubAllGlobals()
    expect(world.session.resources.listeners).toBe(before)
  })

  it('leaves errors to those who listen for them', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const { connect } = await import('../src/index.ts')
    const { fakeServer, ManualClock } = await import('../src/testing/index.ts')
    const clock = new ManualClock()
    const session = connect('ws://server.test/', { clock, createSocket: fakeServer({ clock }).createSocket })
    publishDiagnostics(session)
    session.on('state', () => {
      throw new Error('a bug')
    })
    await clock.advance(0)
    session.dispose()
    expect(reported[0]).toMatchObject({ message: 'a bug' })
  })
})
