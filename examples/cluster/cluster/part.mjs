import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * A part of the cluster that is a process: started, stopped in good order, killed, and started again. A part that is told to do what
 * it cannot do now says so.
 */
export class Part {
  #state = { name: 'down' }
  #options

  /**
   * @param {object} options
   * @param {string} options.name
   * @param {string} options.program a script for Node that sends one message when it is ready
   * @param {readonly string[]} options.args
   * @param {(ready: object) => Promise<void> | void} [options.whenReady] what is to be waited for besides
   * @param {(what: string) => void} options.onChange hears in words what happened
   */
  constructor(options) {
    this.#options = options
  }

  get name() {
    return this.#options.name
  }

  /** `down`, `starting`, `up` or `stopping`. */
  get state() {
    return this.#state.name
  }

  /** What it said when it was ready; `undefined` unless it is up or stopping. */
  get ready() {
    return this.#state.ready
  }

  /** Starts it and waits until it is ready. @throws Error when it runs, or ends before it is ready */
  async start() {
    const { program, args, whenReady } = this.#options
    this.#must('down')
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const ended = once(child, 'exit')
    const state = { name: 'starting', child, ended }
    this.#move(state, 'starts')
    void ended.then(([code, signal]) =>
      this.#over(signal === null ? `ended with ${code}` : `ended by ${signal}`),
    )
    const [ready] = await Promise.race([once(child, 'message'), ended.then(() => [])])
    if (ready !== undefined) await whenReady?.(ready)
    if (this.#state !== state) throw new Error(`${this.name}: ended before it was ready`)
    this.#move({ name: 'up', child, ended, ready }, `is up, process ${ready.pid ?? child.pid}`)
  }

  /** The process to signal. */
  get pid() {
    return this.#state.ready?.pid ?? this.#state.child?.pid
  }

  /** Ends it at once, as a crash would, and waits until it is gone. */
  async kill() {
    this.#must('starting', 'up', 'stopping')
    const { ended } = this.#state
    this.#strike()
    await ended
  }

  /** Asks it to end in good order, and waits until it is gone. */
  async stop() {
    this.#must('up')
    const { child, ended, ready } = this.#state
    this.#move({ name: 'stopping', child, ended, ready }, 'is asked to stop')
    child.kill('SIGTERM')
    await ended
  }

  /** Ends it whatever it is doing: in good order if it does that in time. */
  async end(withinMs) {
    if (this.#state.name === 'down') return
    const { child, ended } = this.#state
    child.kill('SIGTERM')
    const timer = setTimeout(() => this.#strike(), withinMs)
    await ended
    clearTimeout(timer)
  }

  #strike() {
    try {
      process.kill(this.pid, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }

  #must(...states) {
    if (states.includes(this.#state.name)) return
    throw new RangeError(`${this.name}: it is ${this.#state.name}, and must be ${states.join(' or ')}`)
  }

  #over(how) {
    this.#move({ name: 'down' }, how)
  }

  #move(state, what) {
    this.#state = state
    this.#options.onChange(`${this.name} ${what}`)
  }
}
