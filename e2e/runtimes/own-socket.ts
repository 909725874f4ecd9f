import type { SocketLike } from 'holdfast'
import type { Scenario } from '../lab/lab.ts'

/** The names, for the limits that these show. */
export const shows = {
  none: 'a createSocket that finds no WebSocket is one failed attempt like any other, told as an error',
  headers: 'headers are handed to createSocket, and a WebSocket of the platform does not send them',
  code: 'a dial that fails is unreachable, with whatever code the platform tells beside it',
  blob: 'a Blob becomes the text "[object Blob]", and its bytes arrive as they are',
} as const

/** The platform's own WebSocket, as an application asks for it. */
export const own = (address: string, protocols: readonly string[]) =>
  new WebSocket(address, [...protocols]) as SocketLike

/** What a WebSocket of a platform does differently from `ws` and from browsers. Run by the places that have the limit. */
export const ownSocketScenarios: readonly Scenario[] = [
  {
    name: shows.none,
    async run({ connect, url, assert }) {
      const { reaches, errors } = connect(url(), { createSocket: own })
      assert.equal((await reaches('waiting')).cause, { kind: 'failed', phase: 'dial' }, 'cause')
      const { phase, error } = await errors.next()
      assert.equal([phase, (error as Error).name], ['dial', 'ReferenceError'], 'error')
      errors.skip()
    },
  },
  {
    name: shows.headers,
    async run({ connect, url, seen, assert }) {
      const headers = { 'x-lab': 'yes' }
      const given: unknown[] = []
      const { reaches } = connect(url(), {
        headers,
        createSocket: (address, protocols, context) => {
          given.push(context.headers)
          return own(address, protocols)
        },
      })
      await reaches('open')
      assert.equal(given, [headers], 'what createSocket is given')
      assert.equal((await seen()).headers[0]?.['x-lab'], undefined, 'header that arrives')
    },
  },
  {
    name: shows.code,
    async run({ connect, url, proxy, assert }) {
      const refused = connect(url('?refuse=403'))
      assert.equal((await refused.reaches('waiting')).cause.kind, 'unreachable', 'cause of a refused upgrade')
      refused.session.dispose()
      await proxy.set({ accept: 'refuse' })
      const { reaches } = connect(url())
      assert.equal((await reaches('waiting')).cause.kind, 'unreachable', 'cause of a refused dial')
      await proxy.clear()
      await reaches('open')
    },
  },
  {
    name: shows.blob,
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url())
      const blob = new Blob(['text'])
      session.send(blob)
      assert.equal(await inbox.next(), '[object Blob]', 'a Blob')
      session.send(await blob.arrayBuffer())
      assert.equal(await inbox.next(), new TextEncoder().encode('text'), 'its bytes')
    },
  },
]
