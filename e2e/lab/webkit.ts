import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { webkitExecutables } from '../../scripts/setup/browsers.mjs'
import type { LabBrowser, LabPage, LaunchOptions } from './browser.ts'
import { eventually, soon } from './diary.ts'
import { startKept } from './kept.ts'
import { WebDriver } from './webdriver.ts'

/** How long a function in a page may take: longer than any test. */
const SCRIPT_MS = 240_000

/** Starts WebKitGTK's small browser through its WebDriver, on a display of its own: it has no mode without one. */
export async function launchWebKit(options: LaunchOptions = {}): Promise<LabBrowser> {
  const { driver: program, browser, xvfb } = webkitExecutables()
  const screen = startKept(xvfb, ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'])
  const closers = [() => screen.stop()]
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    const [, display] = await soon('a display', screen.says(/^(\d+)\n/m))
    const port = await freePort()
    const kept = startKept(program, [`--port=${port}`, '--host=127.0.0.1'], { DISPLAY: `:${display}` })
    closers.push(() => kept.stop())
    const driver = new WebDriver(`http://127.0.0.1:${port}`)
    await eventually('the driver listens', () => answers(driver), Boolean)
    const { sessionId, capabilities } = await openSession(driver, browser, options)
    closers.push(async () => void (await driver.delete(`/session/${sessionId}`)))
    const session = new WebDriver(`http://127.0.0.1:${port}/session/${sessionId}`)
    await session.post('/timeouts', { script: SCRIPT_MS })
    return { name: 'webkit', version: capabilities.browserVersion, newPage: () => newPage(session), close }
  } catch (error) {
    await close()
    throw error
  }
}

interface SessionAnswer {
  readonly sessionId: string
  readonly capabilities: { readonly browserVersion: string }
}

function openSession(driver: WebDriver, binary: string, { trusting = false }: LaunchOptions) {
  const alwaysMatch = {
    browserName: 'MiniBrowser',
    acceptInsecureCerts: trusting,
    'webkitgtk:browserOptions': { binary, args: ['--automation'] },
  }
  return driver.post('/session', { capabilities: { alwaysMatch } }) as Promise<SessionAnswer>
}

/** A window, because a new tab of this browser stays behind the old one and is hidden. */
async function newPage(session: WebDriver): Promise<LabPage> {
  const { handle } = (await session.post('/window/new', { type: 'window' })) as { handle: string }
  const inFront = () => session.post('/window', { handle })
  return {
    async goto(url) {
      await inFront()
      await session.post('/url', { url })
    },
    async back() {
      await inFront()
      await session.post('/back')
    },
    async evaluate(run, argument) {
      await inFront()
      return (await runIn(session, String(run), argument)) as never
    },
    async close() {
      await inFront()
      const [left] = (await session.delete('/window')) as string[]
      await session.post('/window', { handle: left })
    },
  }
}

async function runIn(session: WebDriver, source: string, argument: unknown): Promise<unknown> {
  const script = `const done = arguments[1]
    new Promise((resolve) => resolve((${source})(arguments[0]))).then(
      (value) => done({ value }),
      (error) => done({ error: error instanceof Error ? error.message + '\\n' + error.stack : String(error) }))`
  const answer = await session.post('/execute/async', { script, args: [argument ?? null] })
  const { value, error } = answer as { value?: unknown; error?: string }
  if (error !== undefined) throw new Error(error)
  return value ?? undefined
}

async function answers(driver: WebDriver): Promise<boolean> {
  try {
    await driver.get('/status')
    return true
  } catch {
    return false // it does not listen yet
  }
}

/** The driver wants to be told its port, and port 0 is none to it. */
async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
