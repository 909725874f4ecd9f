import { describe, expect, it } from 'vitest'
import type { Plug, Settings } from '../src/index.ts'
import { connect } from '../src/index.ts'
import { lastOf, stubSockets } from './stub-socket.ts'
import { openWorld } from './world.ts'

describe('the option plugs', () => {
  it('hands each plug the session as the one before left it, and uses what comes out', async () => {
    const order: string[] = []
    const limit =
      (name: string, maxMessages: number): Plug<Settings> =>
      (host) => {
        order.push(`${name} sees ${host.settings.queue.maxMessages}`)
        return { settings: { ...host.settings, queue: { ...host.settings.queue, maxMessages } } }
      }
    const world = openWorld({
      plugs: [
        limit('first', 7),
        limit('second', 8),
        (host) => void order.push(String(host.settings.queue.maxMessages)) as never,
      ],
    })
    expect(order).toEqual(['first sees 1000', 'second sees 7', '8'])
    await world.clock.advance(10)
    expect(world.session.state.name).toBe('open')
  })

  it('lets a plug hold messages back, in order, with their receipts', async () => {
    let isHeld = true
    let pump = () => {}
    const hold: Plug<Settings> = ({ outbound }) => {
      pump = () => outbound.pump()
      const opened = outbound.opened.bind(outbound)
      return {
        outbound: Object.assign(outbound, {
          opened: (wire: Parameters<typeof opened>[0]) =>
            opened({
              send: (message, receipt) => wire.send(message, receipt),
              get bufferedAmount() {
                return isHeld ? Infinity : wire.bufferedAmount
              },
            }),
        }),
      }
    }
    const world = openWorld({ plugs: [hold] })
    await world.clock.advance(10)
    const receipts = ['one', 'two'].map((message) => world.session.send(message))
    await world.clock.advance(1_000)
    expect(world.server.last.received).toEqual([])
    expect(receipts.map(({ status }) => status)).toEqual(['queued', 'queued'])
    isHeld = false
    pump()
    await world.clock.advance(1)
    expect(world.server.last.received).toEqual(['one', 'two'])
    expect(receipts.map(({ status }) => status)).toEqual(['written', 'written'])
  })

  it('refuses a list that is none', () => {
    expect(() => connect('ws://server.test', { plugs: [1 as never] })).toThrow(
      'plugs: must be functions, got 1',
    )
  })
})

describe('the event sent', () => {
  it('comes for every message when it is handed to the connection, not when it is queued', async () => {
    const world = openWorld()
    const sent: unknown[] = []
    world.session.on('sent', (message) => sent.push(message))
    world.session.send('early')
    expect(sent).toEqual([])
    await world.clock.advance(10)
    world.session.send('live')
    expect(sent).toEqual(['early', 'live'])
  })

  it('does not come for a message that the socket refuses', async () => {
    const { made, createSocket } = stubSockets()
    const world = openWorld({ createSocket, heartbeat: false })
    const sent: unknown[] = []
    world.session.on('sent', (message) => sent.push(message))
    await world.clock.advance(0)
    const socket = lastOf(made)
    socket.opens()
    await world.clock.advance(0)
    socket.send = () => {
      throw new Error('refused')
    }
    expect(world.session.send('lost').status).toBe('rejected')
    expect(sent).toEqual([])
  })
})
