import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../examples/cluster/run.mjs', import.meta.url))

/** The example, as its one command starts it, on ports of its own. */
export interface Example {
  /** The address that it printed. Rejects when it ends before. */
  readonly address: Promise<string>
  /** Resolves with its exit code and signal when it and everything that writes to its output is gone. */
  readonly ended: Promise<readonly unknown[]>
  /** What it printed so far. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** The processes that it started: as the address of its desk tells them. */
  processes(): Promise<readonly number[]>
  /** What it has left: processes of its group, those that `processes` told of, and temporary files. */
  leftovers(): readonly string[]
  /** Ends it, whatever it is doing. */
  dispose(): Promise<void>
}

/** Starts it. @param env what differs in its environment */
export function startExample(env: Readonly<Record<string, string>> = {}): Example {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-cluster-'))
  const child = spawn(process.execPath, [program, '--no-build', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder, ...env },
    detached: true,
  })
  let output = ''
  const told = new Set<number>()
  const ended = once(child, 'close')
  const address = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const [, found] = /Open, twice,\s+(http:\S+)/.exec(output) ?? []
        if (found !== undefined) resolve(found)
      })
    }
    child.once('close', () => reject(new Error(`it ended before it was ready: ${output}`)))
  })
  address.catch(() => {}) // a test that expects no start does not wait for it
  return {
    address,
    ended,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    async processes() {
      const config = (await (await fetch(`${await address}config.json`)).json()) as { desk: string }
      const stream = (await fetch(config.desk)).body?.getReader()
      const { value } = (await stream?.read()) ?? {}
      await stream?.cancel()
      for (const [, pid] of new TextDecoder().decode(value).matchAll(/"pid":(\d+)/g)) told.add(Number(pid))
      return [...told]
    },
    leftovers() {
      const groups = isThere(-(child.pid ?? 0)) ? ['a process of its group'] : []
      const processes = [...told].filter(isThere).map((pid) => `process ${pid}`)
      return [...groups, ...processes, ...readdirSync(folder)]
    },
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
