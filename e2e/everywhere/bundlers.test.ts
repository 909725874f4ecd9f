import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { judgeCode } from '../../scripts/check/browser-content.mjs'
import { bundlers } from '../../scripts/everywhere/places.mjs'
import { type Backend, html, script, startBackend } from '../lab/backend.ts'
import { servePages } from '../lab/browser-files.ts'
import { launchChromium, uncaughtIn } from '../lab/chromium.ts'
import { type Addresses, type Mode, modes } from '../lab/lab.ts'
import { buildWith } from '../runtimes/built.ts'
import { subpathsOf } from '../runtimes/subpaths.ts'

// The packed package, built with the bundlers that applications use, for pages and for servers that render them.

/** Scenarios that a built page runs: it connects, echoes, comes back, ends. */
const shown = [
  'text comes back as it was sent',
  'after a reset (RST) the session comes back',
  'dispose() while open',
]

/** What the page has, see in-page.ts. */
declare function runInPage(
  name: string,
  environment: { name: 'chromium'; mode: Mode },
  addresses: Addresses,
): Promise<void>

const subpaths = subpathsOf('holdfast')

/** An application that uses everything that can be imported. */
const pageCode = [
  ...subpaths.map((path, at) => `import * as entry${at} from '${path}'`),
  `globalThis.Holdfast = Object.assign({}, ${subpaths.map((_, at) => `entry${at}`).join(', ')})`,
].join('\n')

/** How `holdfast/diagnostics` asks for a module of Node where there is one: a question at run time, not an import. */
const lookUp = /getBuiltinModule\?\.\(["'`]node:\w+["'`]\)/g

/** An application with a mistake that every bundler tells. */
const brokenCode = "import { noSuchExport } from 'holdfast'; console.log(noSuchExport)"

/** A server that waits for a message before it renders; says what it rendered. */
const serverCode = `
  import { connect } from 'holdfast'
  import { resume } from 'holdfast/resume'
  const render = async (url, options) => {
    const session = connect(url, options)
    session.send('hello')
    for await (const message of session) {
      await session.close()
      return '<p>' + message + '</p>'
    }
  }
  const [url] = process.argv.slice(2)
  console.log(await render(url), await render(url, { resume: resume() }))
`

let backend: Backend
let browser: Browser
beforeAll(async () => {
  backend = await startBackend()
  await servePages(backend)
  browser = await launchChromium()
})
afterEach(() => backend.reset())
afterAll(async () => {
  await browser?.close()
  await backend.stop()
})

for (const [place, { build: bundler, server }] of Object.entries(bundlers)) {
  if (server) continue
  describe(place, () => {
    let page: Page | undefined
    let uncaught: string[] = []
    let code = ''

    test('builds every public entry without a warning, and nothing of Node reaches the page', async () => {
      const { warnings, files } = await buildWith(bundler, 'page', pageCode)
      expect(warnings).toEqual([])
      expect(files).toHaveLength(1)
      code = readFileSync(files[0] ?? '', 'utf8')
      expect(judgeCode(place, code.replace(lookUp, ''))).toEqual([])
    })

    test('its warnings are heard', async () => {
      const { warnings } = await buildWith(bundler, 'warning', brokenCode).catch((error: unknown) => ({
        warnings: [String(error)],
      }))
      expect(warnings.join('\n')).toContain('noSuchExport')
    })

    /** Opens the built page with the scenarios, once. */
    async function openPage(): Promise<Page> {
      const sources = [
        `<script type="module" src="/${bundler}.js"></script>`,
        '<script src="/scenarios.js"></script>',
      ]
      backend.pages.set(`/${bundler}.js`, script(code))
      backend.pages.set(`/${bundler}`, html(sources.join('')))
      const opened = await browser.newPage()
      uncaught = uncaughtIn(opened)
      await opened.goto(`${backend.addresses.pages}/${bundler}`)
      return opened
    }

    for (const { mode, name } of modes.flatMap((mode) => shown.map((name) => ({ mode, name })))) {
      test(`what it built, in Chromium, ${mode}: ${name}`, async () => {
        page ??= await openPage()
        await page.evaluate(
          ({ name, mode, addresses }) => runInPage(name, { name: 'chromium', mode }, addresses),
          { name, mode, addresses: backend.addresses },
        )
        expect(uncaught).toEqual([])
      })
    }
  })
}

for (const [place, { build: bundler, server }] of Object.entries(bundlers)) {
  if (!server) continue
  describe(place, () => {
    test('builds without a warning, and the server renders what it was sent, then ends', async () => {
      const { warnings, files } = await buildWith(bundler, 'server', serverCode)
      expect(warnings).toEqual([])
      const url = `${backend.addresses.proxied}/echo/${bundler}`
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [files[0] ?? '', url], {
        timeout: 60_000,
      })
      expect({ stdout, stderr }).toEqual({ stdout: '<p>hello</p> <p>hello</p>\n', stderr: '' })
    })
  })
}
