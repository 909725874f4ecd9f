// A process of a measurement: started, asked over its own channel, killed.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** One process that answers questions. */
export class Program {
  #child
  #name
  #asked = new Map()
  #last = 0

  /** Starts a program beside this file, with something to read at `process.argv[2]`. */
  constructor(file, given) {
    this.#name = file
    const path = fileURLToPath(new URL(file, import.meta.url))
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc']
    this.#child = fork(path, [JSON.stringify(given)], { execArgv: ['--expose-gc'], stdio })
    this.#child.on('message', ({ number, answer, failed }) => {
      const { resolve, reject } = this.#asked.get(number)
      this.#asked.delete(number)
      if (failed === undefined) resolve(answer)
      else reject(new Error(`${file}: ${failed}`))
    })
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`${file} ended: ${code ?? signal}`))
      this.#asked.clear()
    })
  }

  /** Asks the process for something it has a name for. */
  ask(what, given = {}) {
    if (this.#isGone) return Promise.reject(new Error(`${this.#name} has ended`))
    this.#last += 1
    const number = this.#last
    const answered = new Promise((resolve, reject) => this.#asked.set(number, { resolve, reject }))
    this.#child.send({ number, what, given }, () => {})
    return answered
  }

  /** Sends a signal, and resolves with how it ended. */
  async end(signal) {
    if (!this.#isGone) {
      const exited = once(this.#child, 'exit')
      this.#child.kill(signal)
      await exited
    }
    return { code: this.#child.exitCode, signal: this.#child.signalCode }
  }

  /** Kills it, as `kill -9` does. */
  kill() {
    return this.end('SIGKILL')
  }

  get #isGone() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

/** Answers what the parent asks; ends with the parent. */
export function answer(answers) {
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ number, what, given }) => {
    try {
      process.send({ number, answer: await answers[what](given) })
    } catch (error) {
      process.send({ number, failed: String(error) })
    }
  })
}

/** Heap and buffers that are still held, after garbage collection. */
export async function heldBytes() {
  // What was closed just now is let go of in the turns that follow.
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    globalThis.gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
