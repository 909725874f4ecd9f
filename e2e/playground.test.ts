import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium, uncaughtIn } from './lab/chromium.ts'
import { faintText } from './playground/contrast.ts'
import { controlsOf, walkByTab } from './playground/controls.ts'
import { type Site, startSite } from './playground/site.ts'

/** Asks again until it is so; a loaded machine is slow, not broken. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 })
const readmeImage = fileURLToPath(new URL('../docs/images/playground.png', import.meta.url))
const desktop = { width: 1440, height: 900 }
const phone = { width: 360, height: 740 }

describe('the playground', () => {
  let site: Site
  let browser: Browser
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    site = await startSite()
    browser = await launchChromium()
  })
  beforeEach(async () => {
    page = await browser.newPage({ viewport: desktop, colorScheme: 'light' })
    page.setDefaultTimeout(20_000)
    problems = uncaughtIn(page)
    page.on('console', (message) => {
      // What Chromium itself says of a dial that failed; no page can keep it from that (whatwg/websockets#57).
      const isOfTheBrowser = /^WebSocket connection to '\S+' failed: Error in conn/.test(message.text())
      if (message.type() === 'error' && !isOfTheBrowser) problems.push(message.text())
    })
    await page.goto(site.url)
    await waitForText('#control-state', 'Reached')
  })
  afterEach(async () => {
    await page.close()
    await site.proxy.clear()
    expect(problems).toEqual([])
  })
  afterAll(async () => {
    await browser.close()
    await site.stop()
  })

  const text = (selector: string) => page.locator(selector).first().innerText()
  const waitForText = (selector: string, words: string) =>
    page.locator(selector).filter({ hasText: words }).first().waitFor({ state: 'attached' })
  const press = (id: string) => page.locator(`#${id}`).click()
  const say = async (words: string) => {
    await page.fill('#text', words)
    await press('send')
  }
  const sent = (words: string) => page.locator('.entry.sent').filter({ hasText: words })
  const received = (words: string) => page.locator('.entry.received').filter({ hasText: words })
  /** Waits until the page says that the connection is so old: the picture is of a session with some past. */
  const openFor = (seconds: number) =>
    page.waitForFunction(
      (least) => Number.parseFloat(document.querySelector('#fact-open')?.textContent ?? '') >= least,
      seconds,
      { timeout: seconds * 1_000 + 30_000 },
    )
  const connect = async () => {
    await press('connect')
    await waitForText('#state-name', 'open')
  }

  test('a session outlives a cut line, sends what waited, and gives everything back', async () => {
    expect(await page.inputValue('#url')).toBe(site.proxyUrl)
    await connect()
    await say('before the cut')
    await received('before the cut').waitFor()
    expect(await sent('before the cut').innerText()).toContain('written')
    await page.waitForFunction(() => document.querySelector('#fact-rtt')?.textContent?.endsWith('ms'))

    // Bytes are held, so that the new connection cannot be ready before the message was sent.
    await page.check('#stall-both', { force: true })
    await eventually(() => site.proxy.faults.stall).toBe('both')
    await press('cut')
    await waitForText('.source', 'proxy: cut')
    await page.waitForFunction(() => document.querySelector('#state-name')?.textContent !== 'open')
    await say('while it was away')
    await waitForText('.entry.sent .chip', 'queued')
    await waitForText('#gauge-messages-value', '1 of 120')
    await press('clear-faults')

    await waitForText('#state-name', 'open')
    await received('while it was away').waitFor()
    expect(await sent('while it was away').innerText()).toContain('written')
    await waitForText('#story-text', '1 message that waited went out')
    expect(await text('#fact-losses')).toBe('1')
    expect(await page.getAttribute('#timeline', 'aria-label')).toMatch(
      /open for .*, waiting for .*, open now$/,
    )
    expect(await page.getAttribute('#plot', 'aria-label')).toMatch(/^Round-trip time: [\d.]+ ms last/)
    await waitForText('#gauge-messages-value', '0 of 120')

    expect(Number(await text('#ledger-listeners'))).toBeGreaterThan(0)
    await press('dispose')
    await waitForText('#ledger-verdict', 'everything given back')
    for (const kind of ['timers', 'listeners', 'sockets', 'closing']) {
      expect(await text(`#ledger-${kind}`), kind).toBe('0')
    }
    await waitForText('#story-text', 'no timers, no listeners, no sockets')
  })

  test('in resume mode a cut line loses nothing, and the page counts it', async () => {
    expect(await page.isVisible('#resume-card')).toBe(false)
    await page.locator('summary', { hasText: 'Options' }).click()
    await page.check('#resume')
    expect(await page.isVisible('#resume-card')).toBe(true)
    expect(await page.textContent('#snippet')).toContain('resume: resume(),')
    await connect()
    // Bytes are held, so that the cut meets a burst that is on its way.
    await page.check('#stall-both', { force: true })
    await eventually(() => site.proxy.faults.stall).toBe('both')
    await press('burst')
    await waitForText('#resume-sent', '100')
    expect(await text('#resume-acked')).toBe('0')
    await press('cut')
    await waitForText('.source', 'proxy: cut')
    await page.waitForFunction(() => document.querySelector('#state-name')?.textContent !== 'open')
    await press('clear-faults')

    await waitForText('#story-text', 'Back, nothing lost: the session went on.')
    await waitForText('.source', 'resumed')
    await waitForText('#resume-acked', '100')
    await waitForText('#resume-received', '100')
    const counted = async (name: string) => [name, await text(`#resume-${name}`)]
    const names = ['sent', 'acked', 'received', 'replayed', 'duplicates', 'resumed', 'gaps']
    expect(Object.fromEntries(await Promise.all(names.map(counted)))).toEqual({
      sent: '100',
      acked: '100',
      received: '100',
      replayed: '100',
      duplicates: '0',
      resumed: '1',
      gaps: '0',
    })
    expect(new Set(await page.locator('.entry.sent .chip').allInnerTexts())).toEqual(new Set(['acked']))
    await page.waitForFunction(() => document.querySelector('#fact-rtt')?.textContent?.endsWith('ms'))
    await press('dispose')
    await waitForText('#ledger-verdict', 'everything given back')
  })

  test('a wait shows when it ends and why it began', async () => {
    await page.fill('#url', `${site.proxyUrl}?acceptThenClose=1013&reason=retry-after-ms%3D60000`)
    await press('connect')
    await waitForText('#state-name', 'waiting')
    expect(await text('#state-detail')).toMatch(
      /^Attempt \d+ in [\d.]+ (s|min .*)\. The server closed, with code 1013/,
    )
    const left = () =>
      page.evaluate(() =>
        Number(
          /[\d.]+/.exec(document.querySelector<HTMLElement>('#countdown-bar')?.style.transform ?? '')?.[0],
        ),
      )
    const before = await left()
    await eventually(left).toBeLessThan(before)
    await press('normal-behaviour')
    await waitForText('#state-name', 'open')
    expect(await page.inputValue('#url')).toBe(site.proxyUrl)
    await press('dispose')
  })

  test('every button of a session is legal before there is one and after its end', async () => {
    for (const id of ['reconnect', 'pause', 'probe', 'close', 'dispose', 'send']) await press(id)
    expect(await text('#session-problem')).toContain('press Connect')
    await connect()
    await press('pause')
    await waitForText('#state-name', 'idle')
    await press('reconnect')
    await waitForText('#state-name', 'open')
    await press('close')
    await waitForText('#state-name', 'closed')
    for (const id of ['reconnect', 'pause', 'probe', 'close', 'dispose']) await press(id)
    await say('too late')
    await waitForText('.entry.sent .chip', 'rejected: closed')
    await connect()
    await press('dispose')
  })

  test('a bad option is told in the words of the library, a bad address in words of the page', async () => {
    await page.locator('summary', { hasText: 'Options' }).click()
    await page.fill('#intervalMs', '-5')
    await press('connect')
    expect(await text('#session-problem')).toMatch(/heartbeat\.intervalMs.*-5/)
    await page.fill('#url', 'chat.example')
    await press('connect')
    expect(await text('#session-problem')).toContain('ws://')
    expect(await page.getAttribute('#url', 'aria-invalid')).toBe('true')
  })

  test('the faults shown are those in force, whoever set them', async () => {
    await site.proxy.set({ latencyMs: 200, blackhole: 'up', accept: 'hang' })
    await eventually(() => page.isChecked('#blackhole-up')).toBe(true)
    expect(await page.isChecked('#accept-hang')).toBe(true)
    expect(await page.getAttribute('#latencyMs', 'aria-valuetext')).toBe('200 ms')
    await press('clear-faults')
    await eventually(() => page.isChecked('#blackhole-off')).toBe(true)
    expect(await page.getAttribute('#latencyMs', 'aria-valuetext')).toBe('none')
  })

  test('logs forget the oldest entries', async () => {
    await connect()
    for (let burst = 0; burst < 4; burst += 1) await press('burst')
    await waitForText('#messages-count', '400 sent, 400 received')
    await eventually(() => page.locator('.entry').count()).toBe(250)
    await press('dispose')
  })

  test('a demonstration makes a session when there is none', async () => {
    await press('demo-cut')
    await waitForText('.source', 'proxy: cut')
    await page.waitForFunction(() => document.querySelector('#fact-losses')?.textContent === '1')
    await waitForText('#state-name', 'open')
    await press('dispose')
  })

  test('everything can be reached and seen with the keyboard, and has a name', async () => {
    const unnamed = (await controlsOf(page)).filter(({ name }) => name.trim() === '')
    expect(unnamed).toEqual([])
    const { stops, unseen } = await walkByTab(page)
    expect(unseen).toEqual([])
    const wanted = [
      'theme',
      'url',
      'connect',
      'dispose',
      'demo-cut',
      'cut',
      'stall-off',
      'latencyMs',
      'behaviour',
      'text',
      'send',
    ]
    expect(stops).toEqual(expect.arrayContaining(wanted))

    await page.focus('#url')
    await page.keyboard.press('Enter')
    await waitForText('#state-name', 'open')
    await page.focus('#accept-ok')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await eventually(() => site.proxy.faults.accept).toBe('hang')
    await page.focus('#dispose')
    await page.keyboard.press('Enter')
    await waitForText('#ledger-verdict', 'everything given back')
    expect(await text('#announcer')).toContain('closed')
  })

  test.each(['light', 'dark'] as const)(
    'fits from 360 to 1440 pixels and can be read, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme })
      await page.locator('summary', { hasText: 'Options' }).click()
      await page.check('#resume')
      await connect()
      await say('a rather long message without any spaces:'.repeat(8).replaceAll(' ', '-'))
      await received('a-rather').waitFor()
      for (const size of [phone, { width: 768, height: 1024 }, { width: 1080, height: 800 }, desktop]) {
        await page.setViewportSize(size)
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(over, `pixels too wide at ${size.width}`).toBeLessThanOrEqual(0)
      }
      expect(await faintText(page)).toEqual([])
      await press('dispose')
      await waitForText('#ledger-verdict', 'everything given back')
      expect(await faintText(page)).toEqual([])
    },
  )

  const openTab = async (name: string) => {
    await press(`tab-${name}`)
    await page.locator(`#panel-${name}`).waitFor({ state: 'visible' })
  }
  const number = async (id: string) => Number((await text(`#${id}`)).replaceAll(',', ''))
  const said = (name: string) => page.getAttribute(`#${name}-picture svg`, 'aria-label')

  test('tabs follow the arrow keys, one stop for Tab, and show one panel at a time', async () => {
    const shown = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('[role=tabpanel]')]
          .filter((panel) => panel.checkVisibility())
          .map(({ id }) => id),
      )
    expect(await shown()).toEqual(['panel-session'])
    await page.focus('#tab-session')
    for (const [key, panel] of [
      ['ArrowRight', 'panel-pool'],
      ['End', 'panel-rate'],
      ['ArrowRight', 'panel-session'],
      ['ArrowLeft', 'panel-rate'],
      ['ArrowLeft', 'panel-breaker'],
    ] as const) {
      await page.keyboard.press(key)
      expect(await shown()).toEqual([panel])
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-controls'))).toBe(panel)
    }
    // Where the focus was last, the walk goes on.
    await page.focus('#theme')
    const { stops } = await walkByTab(page)
    expect(stops.filter((stop) => stop.startsWith('tab-'))).toEqual(['tab-breaker'])
  })

  test('the pool serves more people than it has sessions, also after a cut, and gives everything back', async () => {
    await openTab('pool')
    await page.fill('#pool-workers', '12')
    await press('pool-start')
    await eventually(() => number('pool-leased')).toBeGreaterThan(20)
    await eventually(() => said('pool')).toMatch(/^6 sessions, .* [1-9]\d* workers? in line$/)
    expect(await number('pool-waited')).toBeGreaterThan(0)
    await press('pool-eject')
    await eventually(() => number('pool-left')).toBeGreaterThan(0)
    const before = await number('pool-leased')
    await press('pool-cut')
    await eventually(() => number('pool-leased')).toBeGreaterThan(before + 20)
    expect(await number('pool-failed')).toBe(0)
    await page.fill('#pool-workers', '1')
    await eventually(() => said('pool')).toMatch(/^\d sessions?, .* 0 workers in line$/)
    await press('pool-stop')
    await waitForText('#pool-verdict', 'everything given back')
    expect(await said('pool')).toBe('0 sessions, 0 open, 0 leased; 0 workers in line')
  })

  test('the breaker opens when the server is down, lets single probes through, and closes when it is back', async () => {
    await openTab('breaker')
    await press('breaker-start')
    await eventually(() => said('breaker')).toMatch(/^The circuit is closed; .* 5 of 5 sessions open$/)
    await press('breaker-down')
    await eventually(() => said('breaker')).toMatch(/^The circuit is open; .* 0 of 5 sessions open$/)
    await eventually(() => number('breaker-held')).toBe(5)
    await eventually(() => number('breaker-probes')).toBeGreaterThan(0)
    await press('breaker-back')
    await eventually(() => said('breaker')).toMatch(/^The circuit is closed; .* 5 of 5 sessions open$/)
    await press('breaker-trip')
    await eventually(() => said('breaker')).toMatch(/^The circuit is open/)
    await press('breaker-reset')
    await eventually(() => said('breaker')).toMatch(/^The circuit is closed/)
    await press('breaker-stop')
    await waitForText('#breaker-verdict', 'everything given back')
  })

  test('the limit holds for a burst and for what waited while the line was cut, and drops nothing', async () => {
    await openTab('rate')
    await page.fill('#rate-perSecond', '40')
    await press('rate-start')
    await waitForText('#rate-verdict', 'open')
    await press('rate-burst')
    await eventually(() => number('rate-waiting')).toBeGreaterThan(40)
    expect(await said('rate')).toMatch(/at most 40 a second; \d+ messages waiting$/)
    await press('rate-slow')
    await eventually(() => said('rate')).toMatch(/at most 2 a second/)
    await eventually(() => said('rate')).toMatch(/at most [3-9]\d? a second/)
    await eventually(() => number('rate-written')).toBe(100)
    await eventually(() => number('rate-back')).toBe(100)
    await press('rate-stop')
    await waitForText('#rate-verdict', 'everything given back')
  })

  test.each(['light', 'dark'] as const)(
    'the tabs fit, can be read and have names, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme })
      for (const name of ['pool', 'breaker', 'rate']) {
        await openTab(name)
        await press(`${name}-start`)
        await eventually(() => said(name)).toMatch(/open|message/)
        for (const size of [phone, { width: 768, height: 1024 }, desktop]) {
          await page.setViewportSize(size)
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
          expect(over, `${name}: pixels too wide at ${size.width}`).toBeLessThanOrEqual(0)
        }
        expect(await faintText(page)).toEqual([])
        expect((await controlsOf(page)).filter((control) => control.name.trim() === '')).toEqual([])
        await page.focus('#theme')
        const { stops, unseen } = await walkByTab(page)
        expect(unseen).toEqual([])
        expect(stops).toEqual(expect.arrayContaining([`${name}-start`, `${name}-stop`, `${name}-cut`]))
        await press(`${name}-stop`)
        await waitForText(`#${name}-verdict`, 'everything given back')
      }
    },
  )

  /** Takes the picture in the README, with more of a past than a test has time for. */
  const takeReadmeImage = async () => {
    await page.setViewportSize({ width: 1440, height: 980 })
    await press('demo-slow')
    await openFor(24)
    await page.check('#stall-both', { force: true })
    await page.waitForFunction(() => document.querySelector('#fact-losses')?.textContent === '2')
    for (const words of ['first', 'second', 'third']) await say(`${words} message while it was away`)
    await waitForText('#state-detail', 'Attempt 3')
    await press('clear-faults')
    await waitForText('#state-name', 'open')
    await openFor(9)
    await page.mouse.move(0, 0)
    await page.evaluate(() => scrollTo(0, 0))
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    mkdirSync(dirname(readmeImage), { recursive: true })
    await page.screenshot({ path: readmeImage })
  }

  test('its picture shows a session that was lost and came back', { timeout: 180_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-playground-'))
    const file = join(folder, 'playground.png')
    try {
      await connect()
      await say('hello')
      await openFor(4)
      await press('demo-cut')
      await page.waitForFunction(() => document.querySelector('#fact-losses')?.textContent === '1')
      await waitForText('#state-name', 'open')
      await openFor(3)
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
      await page.screenshot({ path: file })
      expectPicture(readFileSync(file), desktop)
      const colours = await page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>('#timeline')
        const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
        return new Set(new Uint32Array(pixels?.buffer ?? new ArrayBuffer(0))).size
      })
      expect(colours).toBeGreaterThan(3)
      if (process.env['UPDATE_SCREENSHOT'] === '1' || !existsSync(readmeImage)) await takeReadmeImage()
      await press('dispose')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** A PNG of the right size that is not one flat colour: that would be a few kilobytes. */
function expectPicture(png: Buffer, { width, height }: typeof desktop): void {
  expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
  expect({ width: png.readUInt32BE(16), height: png.readUInt32BE(20) }).toEqual({ width, height })
  expect(png.length).toBeGreaterThan(40_000)
}
