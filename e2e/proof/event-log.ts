import { closeSync, fsync, openSync, readFileSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'

/** What one end says in its log: a word, then what belongs to it. */
export interface LogLine {
  readonly word: string
  readonly rest: readonly string[]
}

/** A log of one end: every line is with the operating system when `write` returns, and outlives the process. */
export class EventLog {
  readonly #file: number
  #sync: Promise<void> | undefined

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  write(word: string, ...rest: readonly (string | number)[]): void {
    writeSync(this.#file, `${[word, ...rest].join(' ')}\n`)
  }

  /** Resolves when everything written so far is on the disk. Lines of one turn share one wait. */
  durable(): Promise<void> {
    this.#sync ??= new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.#sync = undefined
        promisify(fsync)(this.#file).then(resolve, reject)
      })
    })
    return this.#sync
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** Reads a log. A last line that the end of the process cut off is not counted. */
export function readLog(path: string): readonly LogLine[] {
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return whole.map((line) => {
    const [word = '', ...rest] = line.split(' ')
    return { word, rest }
  })
}

/** The messages that a log names with a word, as `number digest`, in order. */
export function messagesIn(log: readonly LogLine[], word: string): readonly string[] {
  return log.filter((line) => line.word === word).map(({ rest }) => rest.join(' '))
}
