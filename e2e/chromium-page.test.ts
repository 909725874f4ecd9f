import { createServer } from '@holdfast/server'
import { describe, expect, test } from 'vitest'
import { html, script } from './lab/backend.ts'
import { cdn } from './lab/browser-files.ts'
import { measured } from './lab/measured.ts'
import { type InPage, openInPage, statesIn, tagged, untilState } from './lab/page-session.ts'
import { useChromiumPage } from './lab/use-chromium-page.ts'

// What only a page has: script tags, policies, an offline switch.

const lab = useChromiumPage()
const hasGlobal = () => lab.page.evaluate(() => 'Holdfast' in globalThis)

describe('the CDN file by script tag', () => {
  const tag = (integrity: string) =>
    html(`<script src="/holdfast.min.js" integrity="${integrity}" crossorigin="anonymous"></script>`)

  test('loads with its integrity hash, and works', async () => {
    lab.backend.pages.set('/cdn', tag(cdn.integrity))
    await lab.open('/cdn')
    const { url } = tagged(lab.backend, 'cdn')
    const answer = await lab.page.evaluate(async (url) => {
      const session = (globalThis as unknown as InPage).Holdfast.connect(url)
      session.send('from a script tag')
      for await (const message of session) return message
      return undefined
    }, url)
    expect(answer).toBe('from a script tag')
  })

  test('does not run with another hash', async () => {
    lab.backend.pages.set('/cdn-wrong', tag(`sha384-${'A'.repeat(64)}`))
    await lab.open('/cdn-wrong')
    expect(await hasGlobal()).toBe(false)
  })
})

describe('content security policy', () => {
  /** A page without any inline script, under a policy, which says what it violated. */
  function policed(path: string, policy: string): Promise<unknown> {
    const sources = ['/violations.js', '/holdfast.min.js']
    lab.backend.pages.set(
      '/violations.js',
      script(
        "violations = []; document.addEventListener('securitypolicyviolation', (e) => violations.push(e.effectiveDirective))",
      ),
    )
    const tags = sources.map((source) => `<script src="${source}"></script>`).join('')
    lab.backend.pages.set(path, html(tags, { 'Content-Security-Policy': policy }))
    return lab.open(path)
  }
  const violations = () =>
    lab.page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations)

  test("default-src 'self': a session to the page's own origin works, with no violation", async () => {
    const own = createServer({ server: lab.backend.http, path: '/ws' })
    await own.start()
    await policed('/csp-self', "default-src 'self'")
    await openInPage(lab.page, `${lab.backend.addresses.pages}/ws`)
    await lab.page.evaluate(() => (globalThis as unknown as InPage).session.dispose())
    expect(await violations()).toEqual([])
    await own.stop({ deadlineMs: 0 })
  })

  test('a strict policy with Trusted Types: the session works and comes back, and violates nothing', async () => {
    const policy =
      "default-src 'none'; connect-src 'self' ws:; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    await policed('/csp-trusted', policy)
    const { url } = tagged(lab.backend, 'csp-trusted')
    await openInPage(lab.page, url)
    lab.backend.proxy.cut()
    await untilState(lab.page, (state) => state.name === 'open' && state.resumed === false)
    const enforced = await lab.page.evaluate(() => {
      ;(globalThis as unknown as InPage).session.dispose()
      try {
        // A page under this policy cannot do this; otherwise the test would prove nothing.
        Object.assign(document.createElement('script'), { text: 'alert()' })
        return 'not enforced'
      } catch (error) {
        return (error as Error).name
      }
    })
    expect(enforced).toBe('TypeError')
    expect(await violations()).toEqual(['require-trusted-types-for'])
  })

  test('a connection that the policy forbids is told as it is, and no other is made', async () => {
    const { url, seen } = tagged(lab.backend, 'csp-forbidden')
    await policed('/csp-other', "default-src 'self'; connect-src https://other.example")
    const told = await lab.page.evaluate(async (url) => {
      const session = (globalThis as unknown as InPage).Holdfast.connect(url, {
        backoff: { baseMs: 20, capMs: 50 },
      })
      const states: unknown[] = []
      await new Promise<void>((resolve) => {
        session.on('state', ({ state }) => {
          if (state.name !== 'waiting' && state.name !== 'closed') return
          states.push([state.name, state.cause.kind])
          if (states.length === 2 || state.name === 'closed') resolve()
        })
      })
      const told = [...states]
      session.dispose()
      return told
    }, url)
    measured(`a WebSocket that connect-src forbids, in Chromium: ${JSON.stringify(told)}`)
    expect(told).toEqual([
      ['waiting', 'unreachable'],
      ['waiting', 'unreachable'],
    ])
    expect((await violations())[0]).toBe('connect-src')
    expect((await seen()).opened).toBe(0)
  })
})

test('mixed content, which the constructor itself refuses, ends the session as forbidden', async () => {
  // A page of an origin that has TLS, made up here; nothing of it leaves the browser.
  await lab.page.route('https://app.example/*', (route) => {
    const { body } = lab.backend.pages.get('/holdfast.min.js') ?? {}
    const isScript = route.request().url().endsWith('.js')
    return isScript
      ? route.fulfill({ contentType: 'text/javascript', body: body ?? '' })
      : route.fulfill({ contentType: 'text/html', body: '<script src="/holdfast.min.js"></script>' })
  })
  await lab.page.goto('https://app.example/')
  const end = await lab.page.evaluate(async () => {
    const session = (globalThis as unknown as InPage).Holdfast.connect('ws://other.example/')
    return (await session.closed).cause
  })
  expect(end).toEqual({ kind: 'forbidden', name: 'SecurityError' })
})

describe('offline and online', () => {
  const never = { baseMs: 1_000_000_000, capMs: 1_000_000_000 }

  test('a session with a ping notices offline by a probe, and dials by itself within half a second of online', async () => {
    await lab.open('/lab')
    const { url, seen } = tagged(lab.backend, 'offline')
    // Nothing but the signals of the page can bring it back: the next retry is days away, and so is the next ping.
    await openInPage(lab.page, url, {
      pings: true,
      backoff: never,
      heartbeat: { intervalMs: 1_000_000, probeMs: 300 },
    })
    await lab.page.context().setOffline(true)
    await untilState(lab.page, (state) => state.name === 'waiting' && state.cause.kind === 'liveness')
    const before = (await statesIn(lab.page)).length
    await lab.page.context().setOffline(false)
    const states = await untilState(lab.page, (state) => state.name === 'open', before)
    const planned = states.find((state) => state.name === 'waiting' && state.cause.kind === 'wake')
    expect(planned).toMatchObject({ cause: { kind: 'wake', signal: 'online' } })
    expect(planned && 'delayMs' in planned && planned.delayMs).toBeLessThanOrEqual(500)
    expect((await seen()).opened).toBe(2)
  })

  test('offline and online leave a session alone whose connection answers', async () => {
    await lab.open('/lab')
    const { url, seen } = tagged(lab.backend, 'hints')
    await openInPage(lab.page, url, { pings: true })
    await lab.page.evaluate(async () => {
      for (const type of ['offline', 'online', 'online']) dispatchEvent(new Event(type))
      await (globalThis as unknown as InPage).session.probe()
    })
    expect((await statesIn(lab.page)).at(-1)?.name).toBe('open')
    expect((await seen()).opened).toBe(1)
  })
})
