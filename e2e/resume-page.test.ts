import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChaos } from '@holdfast/chaos'
import { createServer as createSocketServer } from '@holdfast/server'
import { echoSessions, sessions } from '@holdfast/server/sessions'
import type { connect } from 'holdfast'
import type { resume } from 'holdfast/resume'
import { chromium } from 'playwright'
import { expect, test } from 'vitest'
import { chromiumExecutable } from '../scripts/setup/browsers.mjs'

// The second file for script tags, in a real browser: a session that resumes through resets of the line.

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'packages/client/dist')

interface Outcome {
  readonly received: readonly string[]
  readonly ends: readonly string[]
  readonly gaps: number
  readonly resumed: number
  readonly resources: unknown
}

/** Runs in the page: sends `count` messages, some of them while the line is down, and waits for all echoes. */
async function converse({ url, count }: { url: string; count: number }): Promise<Outcome> {
  const { Holdfast, cut } = globalThis as unknown as {
    Holdfast: { connect: typeof connect; resume: typeof resume }
    cut: () => Promise<void>
  }
  const backoff = { baseMs: 20, capMs: 100, stableAfterMs: 0 }
  const session = Holdfast.connect(url, { resume: Holdfast.resume(), backoff })
  const received: string[] = []
  let gaps = 0
  let resumed = 0
  session.on('message', (message) => received.push(message as string))
  session.on('gap', () => (gaps += 1))
  session.on('resumed', () => (resumed += 1))
  await session.opened()
  const receipts = []
  for (let n = 0; n < count; n += 1) {
    receipts.push(session.send(`message ${n}`))
    if (n % 50 === 25) await cut()
    await session.ready()
  }
  await session.flushed()
  while (received.length < count) {
    await new Promise<void>((resolve) => {
      session.once('message', () => resolve())
    })
  }
  const ends = await Promise.all(receipts.map(({ settled }) => settled))
  await session.close()
  return { received, ends, gaps, resumed, resources: session.resources }
}

test('a page loses, doubles and reorders nothing over ten resets, with the second file for script tags', async () => {
  const server = createSocketServer({
    port: 0,
    origins: 'any',
    sessions: sessions({ handler: echoSessions, ack: 'handled' }),
  })
  const { host, port } = await server.start()
  const proxy = await startChaos({ target: { host, port }, control: false })
  const name = 'holdfast.resume.min.js'
  const script = await readFile(join(dist, name))
  const pages = createServer((request, response) => {
    if (request.url === `/${name}`) return response.end(script)
    response.setHeader('content-type', 'text/html')
    return response.end(`<script src="${name}"></script>`)
  })
  pages.listen(0, '127.0.0.1')
  await once(pages, 'listening')
  const browser = await chromium.launch({
    executablePath: chromiumExecutable(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage()
    await page.exposeFunction('cut', () => void proxy.reset())
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`)
    const count = 500
    const outcome = await page.evaluate(converse, { url: `ws://127.0.0.1:${proxy.port}/`, count })
    expect(outcome.received).toEqual(Array.from({ length: count }, (_, n) => `message ${n}`))
    expect(new Set(outcome.ends)).toEqual(new Set(['acked']))
    expect(outcome.gaps).toBe(0)
    expect(outcome.resumed).toBeGreaterThan(0)
    expect(outcome.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
  } finally {
    await browser.close()
    pages.close()
    await proxy.close()
    await server.stop()
  }
})
