import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer as createEchoServer, type HoldfastServer } from '@holdfast/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// Everything that a reader of the README and the guide can copy runs here, against a real server. `expression // => value`
// in a snippet is an assertion.

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const pages = ['README.md', 'docs/guide.md', 'docs/errors.md', 'docs/close-codes.md']

interface Snippet {
  readonly page: string
  readonly line: number
  readonly code: string
}

async function snippetsOf(page: string): Promise<readonly Snippet[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(/^```js\n([^]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }))
}

/** Turns `expression // => value` into an assertion, and the example's hosts into real ones. */
function runnable(code: string, socketUrl: string, httpUrl: string): string {
  const asserted = code.replace(
    /^( *)(?:const \w+ = )?(\S.*?);? \/\/ => (.*)$/gm,
    (_, indent: string, expression: string, value: string) =>
      `${indent}assert.deepEqual(${expression}, ${value})`,
  )
  const placed = asserted
    .replaceAll('wss://chat.example/live', socketUrl)
    .replaceAll('https://chat.example', httpUrl)
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

let server: HoldfastServer
let socketUrl: string
const http = createServer((request, response) =>
  response.end(request.url === '/ticket' ? 'a-ticket' : 'page'),
)
let dir: string

beforeAll(async () => {
  server = createEchoServer({ port: 0 })
  const address = await server.start()
  socketUrl = address.url
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  dir = await mkdtemp(join(root, 'e2e', '.snippets-'))
})

afterAll(async () => {
  await server.stop()
  http.close()
  await rm(dir, { recursive: true, force: true })
})

for (const page of pages) {
  describe(page, async () => {
    for (const { line, code } of await snippetsOf(page)) {
      test(`the snippet at line ${line} does what it says, and its process ends by itself`, async () => {
        const file = join(dir, `${page.replaceAll('/', '-')}-${line}.mjs`)
        const httpUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
        await writeFile(file, runnable(code, socketUrl, httpUrl))
        expect(await run(file)).toMatchObject({ code: 0 })
      })
    }
  })
}
