import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'

const source = (name: string) => fileURLToPath(new URL(`../src/${name}`, import.meta.url))

const entries = {
  holdfast: source('index.ts'),
  'holdfast/adaptive': source('adaptive.ts'),
  'holdfast/breaker': source('breaker/index.ts'),
  'holdfast/codec': source('codec/index.ts'),
  'holdfast/diagnostics': source('diagnostics/index.ts'),
  'holdfast/lifetime': source('lifetime/index.ts'),
  'holdfast/rate': source('rate/index.ts'),
  'holdfast/request': source('request/index.ts'),
  'holdfast/stats': source('stats/index.ts'),
  'holdfast/streams': source('streams/index.ts'),
  'holdfast/testing': source('testing/index.ts'),
}

/** Bundles an entry with everything it needs into one script. */
async function bundle(entry: string, platform: 'node' | 'browser'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    logLevel: 'silent',
    platform,
    target: 'es2022',
    format: platform === 'node' ? 'cjs' : 'iife',
    globalName: 'Bundle',
    // As the build for browsers does it.
    plugins:
      platform === 'node'
        ? []
        : [
            {
              name: 'browser-twin',
              setup: ({ onResolve }) => {
                onResolve({ filter: /platform-socket\.ts$/ }, () => ({
                  path: source('platform-socket.browser.ts'),
                }))
              },
            },
          ],
  })
  return outputFiles[0]?.text ?? ''
}

interface Run {
  readonly code: number | null
  readonly output: string
  readonly tookMs: number
}

/** Runs a script in a process of its own. */
async function run(script: string, args: readonly string[] = []): Promise<Run> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-import-'))
  try {
    const file = join(dir, 'script.cjs')
    await writeFile(file, script)
    const started = performance.now()
    const child = spawn(process.execPath, [file, ...args], { stdio: 'pipe' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString()
      })
    }
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output, tookMs: performance.now() - started }
  } finally {
    await rm(dir, { recursive: true })
  }
}

describe('importing', () => {
  for (const [name, entry] of Object.entries(entries)) {
    it(`${name} works where there is nothing but the language, and touches nothing`, async () => {
      const code = await bundle(entry, 'browser')
      const world = createContext(Object.create(null) as object)
      runInContext(code, world)
      const left = runInContext('Object.getOwnPropertyNames(globalThis)', world) as string[]
      const names = runInContext('Object.keys(Bundle)', world) as string[]
      expect(names.length).toBeGreaterThan(0)
      const builtIn = runInContext(
        'Object.getOwnPropertyNames(globalThis)',
        createContext(Object.create(null) as object),
      ) as string[]
      expect(left.filter((one) => !builtIn.includes(one))).toEqual(['Bundle'])
    })

    it(`${name} in a process without a page prints nothing, and lets the process end`, async () => {
      const { code, output } = await run(await bundle(entry, 'node'))
      expect([code, output]).toEqual([0, ''])
    })
  }

  it('works without Symbol.dispose, and then no method by the name of "undefined" appears', async () => {
    const code = await bundle(entries.holdfast, 'browser')
    const world = createContext({
      setTimeout,
      clearTimeout,
      performance,
      queueMicrotask,
      URL,
      AbortController,
    })
    const found = runInContext(
      `${code}
       const session = Bundle.connect('ws://server.test/', { autoConnect: false })
       const found = [typeof Symbol.dispose, 'undefined' in session, session.state.name]
       session.dispose()
       found.push(session.state.name)
       found.join(' ')`,
      world,
    ) as string
    expect(found).toBe(`${typeof runInContext('Symbol.dispose', world)} false idle closed`)
  })
})

describe('a process', () => {
  const use = (body: string) => async () =>
    `${await bundle(entries.holdfast, 'node')}
     {
       const { connect } = module.exports
       ${body}
     }`

  it.each([
    ['a session that nobody can reach', `connect(process.argv[2]).send('x')`],
    ['one whose provider fails', `connect(() => Promise.reject(new Error('no')))`],
    [
      'one that is refused by every means',
      `connect(process.argv[2], { onConnected() { throw new Error('no') } })`,
    ],
  ])(
    'with %s prints nothing, with no listener at all, and ends by itself after dispose',
    async (_, start) => {
      const script = await use(`const session = ${start.replace(".send('x')", '')}
      ${start.includes('send') ? "session.send('x')" : ''}
      setTimeout(() => session.dispose(), 300)`)()
      const { code, output } = await run(script, ['ws://127.0.0.1:1/'])
      expect([code, output]).toEqual([0, ''])
    },
  )

  it('ends while a session with unref is open, and stays for one without', async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(wss, 'listening')
    const url = `ws://127.0.0.1:${(wss.address() as AddressInfo).port}/`
    const body = (unref: boolean) => `
      const session = connect(process.argv[2], { unref: ${unref} })
      session.once('state', function look() {
        if (session.state.name === 'open') return console.log('open')
        session.once('state', look)
      })
      ${unref ? '' : "setTimeout(() => { console.log('still here'); session.dispose() }, 700)"}`
    try {
      const alone = await run(await use(body(true))(), [url])
      expect([alone.code, alone.output]).toEqual([0, 'open\n'])
      const held = await run(await use(body(false))(), [url])
      expect([held.code, held.output]).toEqual([0, 'open\nstill here\n'])
    } finally {
      for (const client of wss.clients) client.terminate()
      wss.close()
    }
  })

  it('ends after dispose against a peer that never answers', async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(wss, 'listening')
    wss.on('connection', (_, request) => request.socket.pause())
    const url = `ws://127.0.0.1:${(wss.address() as AddressInfo).port}/`
    const script = await use(`
      const session = connect(process.argv[2])
      session.opened().then(() => {
        const disposedAt = performance.now()
        session.dispose()
        process.on('exit', () => console.log(performance.now() - disposedAt < 1000 ? 'soon' : 'late'))
      })`)()
    try {
      const { code, output } = await run(script, [url])
      expect([code, output]).toEqual([0, 'soon\n'])
    } finally {
      for (const client of wss.clients) client.terminate()
      wss.close()
    }
  })
})
