import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer as createEchoServer, type HoldfastServer } from '@holdfast/server'
import { echoSessions, sessions } from '@holdfast/server/sessions'
import { chromium } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumExecutable } from '../scripts/setup/browsers.mjs'

// Everything that a reader of the README and the guide can copy runs here, against a real server. `expression // => value`
// in a snippet is an assertion.

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const pages = [
  'README.md',
  'packages/client/README.md',
  'docs/guide.md',
  'docs/pool.md',
  'docs/registry.md',
  'docs/errors.md',
  'docs/close-codes.md',
  'docs/breaker.md',
  'docs/requests.md',
  'docs/streams.md',
  'docs/codecs.md',
  'docs/stats.md',
  'docs/rate.md',
]

interface Snippet {
  readonly page: string
  readonly line: number
  readonly code: string
}

async function snippetsOf(page: string, language: 'js' | 'html'): Promise<readonly Snippet[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }))
}

/** Turns `expression // => value` into an assertion, and the example's hosts into real ones. */
function runnable(code: string): string {
  const asserted = code.replace(
    /^( *)(?:const \w+ = )?(\S.*?);? \/\/ => (.*)$/gm,
    (_, indent: string, expression: string, value: string) =>
      `${indent}assert.deepEqual(${expression}, ${value})`,
  )
  const placed = asserted
    .replaceAll('wss://chat.example/live', urls.plain)
    .replaceAll('wss://resume.example/live', urls.resume)
    .replaceAll('https://chat.example', urls.http)
  return `import assert from 'node:assert/strict'\n${placed}`
}

async function run(file: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, output }
}

const urls = { plain: '', resume: '', http: '' }
const servers: HoldfastServer[] = []
/** What the example's other host answers: a ticket, a page, or a built file of the client. */
const answers = new Map<string | undefined, string>([['/ticket', 'a-ticket']])
const http = createServer((request, response) => {
  if (request.url === '/page') response.setHeader('content-type', 'text/html')
  response.end(answers.get(request.url) ?? '')
})
let dir: string

beforeAll(async () => {
  const plain = createEchoServer({ port: 0, origins: 'any' })
  const resumable = createEchoServer({ port: 0, sessions: sessions({ handler: echoSessions }) })
  servers.push(plain, resumable)
  urls.plain = (await plain.start()).url
  urls.resume = (await resumable.start()).url
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  urls.http = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  dir = await mkdtemp(join(root, 'e2e', '.snippets-'))
})

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  http.close()
  await rm(dir, { recursive: true, force: true })
})

for (const page of pages) {
  describe(page, async () => {
    for (const { line, code } of await snippetsOf(page, 'js')) {
      test(`the snippet at line ${line} does what it says, and its process ends by itself`, async () => {
        const file = join(dir, `${page.replaceAll('/', '-')}-${line}.mjs`)
        await writeFile(file, runnable(code))
        expect(await run(file)).toMatchObject({ code: 0 })
      })
    }
  })
}

describe('README.md in a page', async () => {
  for (const { line, code } of await snippetsOf('README.md', 'html')) {
    test(`the snippet at line ${line} works in Chromium`, async () => {
      const browser = await chromium.launch({
        executablePath: chromiumExecutable(),
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      })
      try {
        const view = await browser.newPage()
        const said = view.waitForEvent('console')
        const [, script] = /src="([^"]+)"/.exec(code) ?? []
        answers.set('/page', code.replaceAll('wss://chat.example/live', urls.plain))
        answers.set(`/${script}`, await readFile(join(root, `packages/client/dist/${script}`), 'utf8'))
        await view.goto(`${urls.http}/page`)
        expect((await said).text()).toBe('from a page')
      } finally {
        await browser.close()
      }
    })
  }
})
