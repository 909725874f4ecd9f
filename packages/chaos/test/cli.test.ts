import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogEntry } from '../src/index.ts'
import { bundle } from './bundle.ts'
import { dial, echo, Target } from './tcp.ts'

let built: Awaited<ReturnType<typeof bundle>>
beforeAll(async () => {
  built = await bundle()
})
afterAll(() => built.remove())

class Cli {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly #waiting = new Set<() => void>()
  stderr = ''

  constructor(...args: string[]) {
    const child = spawn(process.execPath, [built.cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    child.stderr.on('data', (text: Buffer) => {
      this.stderr += String(text)
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line)
      for (const check of Array.from(this.#waiting)) check()
    })
  }

  /** Resolves with the first line that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const check = () => {
        for (const line of this.lines) {
          const match = pattern.exec(line)
          if (match === null) continue
          this.#waiting.delete(check)
          resolve(match)
          return
        }
      }
      this.#waiting.add(check)
      check()
    })
  }

  async exited(): Promise<number | null> {
    const [code] = (await once(this.child, 'close')) as [number | null]
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const closed = once(this.child, 'close')
    this.child.kill('SIGKILL')
    await closed
  }
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'it prints its addresses, serves, and ends with 0 on %s',
  async (signal) => {
    await using target = await Target.start(echo)
    await using cli = new Cli('--target', `127.0.0.1:${target.port}`, '--latency-ms', 'up=1,down=2')
    const [, port] = await cli.line(
      new RegExp(`^proxy {4}127\\.0\\.0\\.1:(\\d+) -> 127\\.0\\.0\\.1:${target.port}$`),
    )
    const [, url] = await cli.line(/^control {2}(http:\/\/127\.0\.0\.1:\d+\/)$/)
    await using client = await dial(Number(port))
    client.socket.write('hello')
    expect(String(await client.bytes(5))).toBe('hello')
    expect(await (await fetch(`${url}faults`)).json()).toMatchObject({ latencyMs: { up: 1, down: 2 } })
    await cli.line(/^ +\d+\.\d{3}s #1 opened client=127\.0\.0\.1:\d+$/)
    const exited = cli.exited()
    cli.child.kill(signal)
    expect(await exited).toBe(0)
    await client.saw('end')
    expect(cli.lines.at(-1)).toMatch(/s stopped$/)
    expect(cli.stderr).toBe('')
  },
)

test('with --json every line is an event', async () => {
  await using target = await Target.start()
  await using cli = new Cli(
    '--json',
    '--target',
    String(target.port),
    '--listen',
    'localhost:0',
    '--control',
    'off',
  )
  await cli.line(/"listening"/)
  const exited = cli.exited()
  cli.child.kill('SIGTERM')
  expect(await exited).toBe(0)
  const entries = cli.lines.map((line) => JSON.parse(line) as LogEntry)
  expect(entries.map(({ n, event }) => [n, event])).toEqual([
    [1, 'listening'],
    [2, 'not-listening'],
    [3, 'stopped'],
  ])
  expect(entries[0]).toMatchObject({ host: 'localhost' })
})

test('--schedule carries out the steps of a file', async () => {
  const file = join(dirname(built.cli), 'schedule.json')
  writeFileSync(file, JSON.stringify([{ afterMs: 1, action: 'cut' }]))
  await using cli = new Cli('--json', '--target', '9', '--schedule', file)
  await cli.line(/"schedule-ended"/)
  expect(cli.lines.join('\n')).toContain('"event":"cut","connections":0')
})

test('--help and --version print and end with 0', async () => {
  await using help = new Cli('--help')
  expect(await help.exited()).toBe(0)
  expect(help.lines.join('\n')).toContain('Usage: holdfast-chaos --target [host:]port [options]')
  await using version = new Cli('-v')
  expect(await version.exited()).toBe(0)
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  expect(version.lines).toEqual([(JSON.parse(text) as { version: string }).version])
})

test.each<[string, string[]]>([
  ['--target: must be given as [host:]port, got undefined', []],
  ["--target: must be [host:]port, got 'here'", ['--target', 'here']],
  ['--target: must be an integer from 1 to 65535, got 0', ['--target', '0']],
  ['--listen: must be an integer from 0 to 65535, got 65536', ['--target', '9', '--listen', '65536']],
  [
    "--control: must be a loopback name or address, got '10.0.0.1'",
    ['--target', '9', '--control', '10.0.0.1:0'],
  ],
  ["--seed: must be a whole number, got '-x'", ['--target', '9', '--seed=-x']],
  [
    '--seed: must be an integer from 0 to 4294967295, got 4294967296',
    ['--target', '9', '--seed', '4294967296'],
  ],
  ["--latency-ms: must be a whole number, got 'fast'", ['--target', '9', '--latency-ms', 'fast']],
  [
    '--latency-ms.up: must be an integer from 0 to 600000, got 600001',
    ['--target', '9', '--latency-ms', 'up=600001'],
  ],
  ['--latency-ms: must be one of "up", "down", got \'left\'', ['--target', '9', '--latency-ms', 'left=1']],
  ['--stall: must be one of "up", "down", "both", false, got \'x\'', ['--target', '9', '--stall', 'x']],
  ["--schedule: must be the name of a readable JSON file, got 'no'", ['--target', '9', '--schedule', 'no']],
  ["Unknown option '--nope'", ['--nope']],
  ["Option '--target <value>' argument missing", ['--target']],
])('bad arguments end with 2: %s', async (message, args) => {
  await using cli = new Cli(...args)
  expect(await cli.exited()).toBe(2)
  expect(cli.stderr).toContain(message)
  expect(cli.stderr).toContain('Try holdfast-chaos --help')
  expect(cli.lines).toEqual([])
})

test('a busy port ends with 1 and is named', async () => {
  await using target = await Target.start()
  await using cli = new Cli('--target', '9', '--listen', String(target.port))
  expect(await cli.exited()).toBe(1)
  expect(cli.stderr).toBe(`holdfast-chaos: listen: port ${target.port} on 127.0.0.1 is already in use\n`)
})

test('it ends quietly when nobody reads its output any more', async () => {
  await using target = await Target.start(echo)
  await using cli = new Cli('--target', String(target.port))
  const [, port] = await cli.line(/^proxy .*:(\d+) ->/)
  const exited = cli.exited()
  cli.child.stdout?.destroy()
  // Its event is what cannot be written.
  await using _client = await dial(Number(port))
  expect(await exited).toBe(0)
  expect(cli.stderr).toBe('')
})
