import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { programOfRuntime } from '../../scripts/everywhere/runtimes.mjs'

/** What a runtime needs before the name of a file that may do everything. */
const flags: Readonly<Record<string, readonly string[]>> = {
  Bun: ['run', '--no-install'],
  Deno: ['run', '--allow-all', '--no-prompt', '--quiet', '--node-modules-dir=manual', '--no-lock'],
}

/** How long one line of an answer may take; a scenario gives up long before. */
const ANSWER_MS = 120_000

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly stderr: string
}

/** A process of a runtime that is told lines and tells lines. */
export class RuntimeProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #stderr = ''
  /** Resolves when the process has ended, whatever ended it. */
  readonly ended: Promise<ProcessEnd>

  /** Starts a file. @param runtime for example `Node 22` */
  constructor(runtime: string, file: string, args: readonly string[]) {
    const child = spawn(programOfRuntime(runtime), [...(flags[runtime] ?? []), file, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    })
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stderr.on('data', (data) => {
      this.#stderr += String(data)
    })
    // Whoever writes to a process that is gone learns it from `ended`.
    child.stdin.on('error', () => {})
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr: this.#stderr }))
  }

  /** Says a line. */
  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Says a line, and gives the line that is told next. @throws Error as `next` does */
  async ask(line: string): Promise<string> {
    this.say(line)
    return this.next()
  }

  /** Reads lines up to this one. @throws Error as `next` does */
  async until(line: string): Promise<void> {
    while ((await this.next()) !== line);
  }

  /** Gives the next line that is told. @throws Error when the process ends or says nothing for two minutes */
  async next(): Promise<string> {
    const tooLate = setTimeout(() => this.kill(), ANSWER_MS)
    const { done, value } = await this.#lines.next()
    clearTimeout(tooLate)
    if (!done) return value
    const { code, signal, stderr } = await this.ended
    throw new Error(`the process ended instead of an answer: code ${code}, signal ${signal}\n${stderr}`)
  }

  /** Ends stdin: a process that has nothing else to do ends by itself. */
  leaveAlone(): void {
    this.#child.stdin?.end()
  }

  /** Resolves with how it ended. @throws Error when it has not ended by then */
  async endedWithin(limitMs: number): Promise<ProcessEnd> {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the process still runs after ${limitMs} ms`)), limitMs)
    })
    return Promise.race([this.ended, tooLate]).finally(() => clearTimeout(timer))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
