import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Order, Told } from './orders.ts'

/** How long anything may take before the proof gives up. */
const PATIENCE_MS = 60_000

type Word = Told['told']

/** One end of a proof: a process that obeys. */
export class End {
  readonly #process: ChildProcess
  readonly #unread: Told[] = []
  readonly #name: string
  #look: () => void = () => {}

  /** Starts the program beside this one. */
  constructor(name: 'server' | 'client', args: readonly (string | number)[]) {
    const program = fileURLToPath(new URL(`${name}.mjs`, import.meta.url))
    this.#name = name
    this.#process = fork(program, args.map(String))
    this.#process.on('message', (told) => {
      this.#unread.push(told as Told)
      this.#look()
    })
    this.#process.on('exit', () => this.#look())
  }

  /** Gives an order, and resolves with how many messages of this end have no fate when it is carried out. */
  async order(order: Order): Promise<number> {
    this.#process.send(order)
    const { unsettled } = await this.hears('done')
    return unsettled
  }

  /** Resolves when the end has told this, now or at some time before that nobody read. */
  async hears<W extends Word>(word: W): Promise<Extract<Told, { told: W }>> {
    const tooLate = performance.now() + PATIENCE_MS
    for (;;) {
      const at = this.#unread.findIndex(({ told }) => told === word)
      if (at >= 0) return this.#unread.splice(at, 1)[0] as Extract<Told, { told: W }>
      const { exitCode, signalCode } = this.#process
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`the ${this.#name} ended (${exitCode ?? signalCode}) without ${word}`)
      }
      await this.#news(tooLate - performance.now(), word)
    }
  }

  /** Forgets what was told and not read. */
  forget(word: Word): void {
    const kept = this.#unread.filter(({ told }) => told !== word)
    this.#unread.splice(0, Infinity, ...kept)
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, 'exit')
    return this.#process.exitCode
  }

  /** Kills the process, as `kill -9` does, and resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  #news(limitMs: number, word: Word): Promise<void> {
    return new Promise((resolve, reject) => {
      const what = `the ${this.#name} did not tell ${word} within ${PATIENCE_MS} ms`
      const timer = setTimeout(() => reject(new Error(what)), limitMs)
      this.#look = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
