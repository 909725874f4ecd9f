import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { connect, type SessionOptions } from '../src/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import type { Address, Provided } from '../src/index.ts'

const canary = 'canary-5f3a'

/** Everything that can be seen of a value. */
function everythingOf(value: unknown): string {
  const seen = new Set<object>()
  const json = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part
    if (seen.has(part)) return 'again'
    seen.add(part)
    if (!(part instanceof Error)) return part
    return [Object.entries(part), part.message, part.stack, part.cause]
  })
  return `${String(value)} ${json} ${inspect(value, { depth: 20, showHidden: true, getters: true })}`
}

/** Watches a session through its life, and gives everything that was shown of it. */
async function watched(
  url: Provided<Address>,
  options: SessionOptions,
  live: (session: ReturnType<typeof connect>) => Promise<void>,
): Promise<string> {
  const shown: string[] = []
  const show = (value: unknown) => void shown.push(everythingOf(value))
  const session = connect(url, { logger: show, random: () => 0.5, ...options })
  session.on('state', show)
  session.on('error', show)
  session.on('closed', show)
  show(session)
  await live(session)
  show(session)
  show(session.state)
  session.dispose()
  show(session)
  show(await session.closed)
  return shown.join('\n')
}

const places: Record<string, { readonly url: Provided<Address>; readonly options: SessionOptions }> = {
  'the query of the URL': { url: `ws://server.test/?token=${canary}`, options: {} },
  'the query of the URL of a provider': {
    url: () => Promise.resolve(`ws://server.test/?token=${canary}`),
    options: {},
  },
  'the password in the URL': { url: `ws://user:${canary}@server.test/`, options: {} },
  'a subprotocol': { url: 'ws://server.test/', options: { protocols: ['chat', canary] } },
  'a header': { url: 'ws://server.test/', options: { headers: { authorization: canary } } },
  'the credentials': { url: 'ws://server.test/', options: { credentials: { token: canary } } },
  'the credentials of a provider': { url: 'ws://server.test/', options: { credentials: () => canary } },
  'a message that waits': { url: 'ws://server.test/', options: {} },
}

const endings = ['refuse', 'hang', 'accept', 'cut', 'close', 'freeze', 'too-large', 'hello'] as const

describe('a secret is not shown', () => {
  for (const [place, { url, options }] of Object.entries(places)) {
    for (const ending of endings) {
      it(`from ${place}, when the server does: ${ending}`, async () => {
        const clock = new ManualClock()
        const server = fakeServer({
          clock,
          onDial: () => (ending === 'refuse' || ending === 'hang' ? ending : 'accept'),
        })
        const { createSocket } = server
        const hello: SessionOptions =
          ending === 'hello' ? { onConnected: () => Promise.reject(new Error('no')) } : {}
        const own = { ...options, ...hello, clock, createSocket, heartbeat: { ping: () => 'ping' } }
        const shown = await watched(url, own, async (session) => {
          session.send(canary, { ttlMs: 20_000, key: canary })
          await clock.advance(5)
          const last = server.sockets.at(-1)
          if (ending === 'cut') last?.cut()
          if (ending === 'close') last?.close(4401, 'expired')
          if (ending === 'freeze') last?.freeze()
          if (ending === 'too-large') last?.close(1009)
          await clock.advance(60_000)
          session.setCredentials(canary)
          session.pause()
          session.queue.clear()
        })
        expect(shown).not.toContain(canary)
        expect(shown.length).toBeGreaterThan(500)
      })
    }
  }

  for (const [what, url] of Object.entries({
    'text that is no URL': canary,
    'a URL with a fragment': `ws://server.test/#${canary}`,
    'a URL of another scheme': `ftp://server.test/${canary}`,
    'a URL that does not parse': `ws://[${canary}`,
  })) {
    it(`from a provider that gives ${what}`, async () => {
      const clock = new ManualClock()
      const shown = await watched(
        () => url,
        { clock },
        () => clock.advance(5_000),
      )
      expect(shown).not.toContain(canary)
    })
  }

  for (const [what, options] of Object.entries<SessionOptions>({
    protocols: { protocols: () => [`${canary} with a space`] },
    'protocols twice': { protocols: () => [canary, canary] },
    headers: { headers: (() => ({ [canary]: 5 })) as never },
  })) {
    it(`from a provider that gives unusable ${what}`, async () => {
      const clock = new ManualClock()
      const shown = await watched('ws://server.test/', { clock, ...options }, () => clock.advance(5_000))
      expect(shown).not.toContain(canary)
    })
  }

  it.each([
    ['a URL', () => connect(`ws://[${canary}`)],
    ['a scheme', () => connect(`ftp://server.test/?${canary}`)],
    ['a subprotocol', () => connect('ws://server.test/', { protocols: `${canary} x` })],
    ['headers', () => connect('ws://server.test/', { headers: { x: [canary] } as never })],
    ['a reason too long', () => connect('ws://server.test/', { autoConnect: false })],
  ])('in the error of %s that is refused at the call', (_, call) => {
    try {
      call().dispose()
    } catch (error) {
      expect(everythingOf(error)).not.toContain(canary)
    }
  })

  for (const head of [
    `401 No\r\nSet-Cookie: session=${canary}`,
    `302 There\r\nLocation: https://server.test/login?return=${canary}`,
    '503 Busy',
    '200 OK',
  ]) {
    it(`when ws in Node is answered ${head.slice(0, 3)}`, async () => {
      const http = createServer()
      http.on('upgrade', (_, socket: Socket) => socket.end(`HTTP/1.1 ${head}\r\nConnection: close\r\n\r\n`))
      http.listen(0, '127.0.0.1')
      await once(http, 'listening')
      const { port } = http.address() as AddressInfo
      const shown = await watched(
        () => `ws://127.0.0.1:${port}/?token=${canary}`,
        { protocols: canary, headers: { authorization: `Bearer ${canary}` } },
        (session) =>
          new Promise((resolve) =>
            session.on('state', ({ state }) => {
              if (state.name === 'waiting' || state.name === 'closed') resolve()
            }),
          ),
      )
      http.close()
      expect(shown).toContain(`"status":${head.slice(0, 3)}`)
      expect(shown).not.toContain(canary)
    })
  }

  it('when ws in Node cannot make the socket, or reach anybody', async () => {
    for (const headers of [{ authorization: `${canary}\n` }, { authorization: canary }]) {
      const shown = await watched(
        `ws://127.0.0.1:1/?token=${canary}`,
        { headers },
        (session) =>
          new Promise((resolve) =>
            session.on('state', ({ state }) => {
              if (state.name === 'waiting') resolve()
            }),
          ),
      )
      expect(shown).not.toContain(canary)
    }
  })
})
