import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { programOfRuntime } from '../../scripts/everywhere/runtimes.mjs'
import type { Ask } from './worker.ts'

/** A Worker that reaches addresses of this machine, which the default configuration refuses. */
const configuration = (module: string) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "${module}")],
      compatibilityDate = "2026-11-01",
    )),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`

/** A workerd with one Worker. */
export class Workerd {
  readonly #child: ChildProcess
  readonly #url: string

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.#url = url
  }

  /** Starts workerd with a bundled Worker, on a port of its own. */
  static async start(module: string): Promise<Workerd> {
    const file = join(dirname(module), 'workerd.capnp')
    await writeFile(file, configuration(basename(module)))
    const child = spawn(programOfRuntime('workerd'), ['serve', '--control-fd=3', file], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    const port = await portIn(child.stdio[3] as Readable, child)
    return new Workerd(child, `http://127.0.0.1:${port}/`)
  }

  /** Runs a scenario in the Worker. @throws Error as the scenario did */
  async run(ask: Ask): Promise<void> {
    const answer = await fetch(this.#url, { method: 'POST', body: JSON.stringify(ask) })
    const failure = await answer.text()
    if (failure !== '' || !answer.ok) throw new Error(failure || `workerd answered ${answer.status}`)
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    const [code, signal] = await ended
    return { code, signal }
  }
}

/** Reads on which port it listens: it says so on the descriptor for its control. */
function portIn(control: Readable, child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    let stderr = ''
    child.stderr?.on('data', (data) => {
      stderr += String(data)
    })
    control.on('data', (data) => {
      text += String(data)
      const port = /"port":\s*(\d+)/.exec(text)?.[1]
      if (port) resolve(Number(port))
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error(`workerd did not start: ${stderr}`)))
  })
}
