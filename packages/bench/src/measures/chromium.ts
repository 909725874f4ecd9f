import { build } from 'esbuild'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { type Figure, type Row, single } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Measure } from './measure.ts'

/** Chromium gives a context no more than 255 WebSockets, so there are two contexts of half each. */
const contexts = 2

const those = [
  {
    name: 'WebSocket',
    server: 'ws',
    code: `export const open = (url) => new Promise((resolve) => {
      const socket = new WebSocket(url)
      socket.onmessage = () => {}
      socket.onopen = () => resolve(() => socket.close())
    })`,
  },
  {
    name: 'holdfast',
    server: 'ws',
    code: `import { connect } from 'holdfast'
    export const open = async (url) => {
      const session = connect(url)
      session.on('message', () => {})
      await session.opened()
      return () => session.dispose()
    }`,
  },
  {
    name: 'holdfast resume',
    server: 'holdfast-resume',
    code: `import { connect } from 'holdfast'; import { resume } from 'holdfast/resume'
    export const open = async (url) => {
      const session = connect(url, { resume: resume() })
      session.on('message', () => {})
      await session.opened()
      return () => session.dispose()
    }`,
  },
  {
    name: 'reconnecting-websocket',
    server: 'ws',
    code: `import ReconnectingWebSocket from 'reconnecting-websocket'
    export const open = (url) => new Promise((resolve) => {
      const socket = new ReconnectingWebSocket(url)
      socket.addEventListener('message', () => {})
      socket.addEventListener('open', () => resolve(() => socket.close()))
    })`,
  },
  {
    name: 'partysocket',
    server: 'ws',
    code: `import { WebSocket as PartyWebSocket } from 'partysocket'
    export const open = (url) => new Promise((resolve) => {
      const socket = new PartyWebSocket(url)
      socket.addEventListener('message', () => {})
      socket.addEventListener('open', () => resolve(() => socket.close()))
    })`,
  },
  {
    name: 'socket.io',
    server: 'socket.io',
    code: `import { io } from 'socket.io-client'
    export const open = (url) => new Promise((resolve) => {
      const socket = io(url, { transports: ['websocket'], forceNew: true })
      socket.on('m', () => {})
      socket.on('connect', () => resolve(() => socket.disconnect()))
    })`,
  },
] as const

/** Memory of idle sessions in a page. */
export const chromiumMeasure: Measure = {
  name: 'chromium',
  about: 'memory per idle session in Chromium',
  load: 'calm',
  run: async (lab) => {
    const count = lab.quick ? 100 : 500
    const browser = await launch()
    if (typeof browser === 'string') {
      const rows = those.map(({ name }) => ({
        name,
        figures: columns.map((): Figure => ({ text: browser })),
      }))
      return [tableOf(count, rows)]
    }
    try {
      const rows: Row[] = []
      let raw: number | undefined
      for (const one of those) {
        lab.progress(`${one.name}, ${count} sessions`)
        const [perSession, retained] = await measure(lab, browser, one, count)
        raw ??= perSession
        rows.push({ name: one.name, figures: [perSession, perSession / raw, retained].map(single) })
      }
      return [tableOf(count, rows)]
    } finally {
      await browser.close()
    }
  },
}

const columns = [
  { name: 'each session', unit: 'KiB', digits: 1 },
  { name: 'ratio to `WebSocket`', unit: '×' },
  { name: 'retained after close', unit: 'KiB', digits: 2 },
]

function tableOf(count: number, rows: readonly Row[]) {
  const note = `JavaScript heap and the browser's own objects after garbage collection, divided by ${count} sessions, in ${contexts} pages.`
  return { id: 'chromium', title: 'Memory per idle session in Chromium', note, columns, rows }
}

/** @returns why there is no browser, or the browser */
async function launch(): Promise<Browser | string> {
  const executablePath = process.env['HOLDFAST_BENCH_CHROMIUM']
  if (executablePath === undefined) return 'no Chromium here'
  try {
    return await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-sync',
      ],
    })
  } catch {
    return 'Chromium does not start here'
  }
}

async function measure(
  lab: Lab,
  browser: Browser,
  one: (typeof those)[number],
  count: number,
): Promise<readonly [perSession: number, retained: number]> {
  const server = await lab.server(one.server)
  const script = await bundled(lab.root, one.code)
  const halves = await Promise.all(
    Array.from({ length: contexts }, async () => {
      const page = await (await browser.newContext()).newPage()
      await page.addScriptTag({ content: script })
      // What the first of its kind loads is no part of a session.
      await openIn(page, server.url, 5)
      const before = await heldKiB(page)
      await openIn(page, server.url, count / contexts)
      const during = await heldKiB(page)
      await page.evaluate('for (const close of globalThis.ends.splice(0)) close()')
      await page.waitForTimeout(500)
      const after = await heldKiB(page)
      await page.context().close()
      return { during: during - before, after: after - before }
    }),
  )
  await server.end()
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / count
  return [sum(halves.map(({ during }) => during)), sum(halves.map(({ after }) => after))]
}

async function openIn(page: Page, url: string, count: number): Promise<void> {
  await page.evaluate(
    `(async () => {
      globalThis.ends ??= []
      for (let n = 0; n < ${count}; n += 10) {
        const some = Array.from({ length: Math.min(10, ${count} - n) }, () => Bench.open(${JSON.stringify(url)}))
        globalThis.ends.push(...(await Promise.all(some)))
      }
    })()`,
  )
}

async function heldKiB(page: Page): Promise<number> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('HeapProfiler.collectGarbage')
  await cdp.send('HeapProfiler.collectGarbage')
  const usage = (await cdp.send('Runtime.getHeapUsage')) as {
    usedSize: number
    embedderHeapUsedSize?: number
  }
  await cdp.detach()
  return (usage.usedSize + (usage.embedderHeapUsedSize ?? 0)) / 1_024
}

async function bundled(root: string, contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(root, 'packages/bench') },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    globalName: 'Bench',
    platform: 'browser',
    logLevel: 'silent',
  })
  // A constant of a script is no property of the page.
  return `${outputFiles[0]?.text ?? ''};globalThis.Bench = Bench`
}
