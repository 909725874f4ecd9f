// What the servers wrote down, read as it grows.
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** Reads the logs of a folder, one per server. */
export class Journal {
  #folder
  #files = new Map()
  #events = []
  /** The newest event with which each session came to a server. */
  #opened = []

  constructor(folder) {
    this.#folder = folder
  }

  /** All events so far, in the order of their logs. */
  get events() {
    this.#read()
    return this.#events
  }

  /** The events `open` and `attached` so far. */
  get arrivals() {
    this.#read()
    return this.#opened
  }

  #read() {
    for (const name of readdirSync(this.#folder).filter((file) => file.endsWith('.log'))) {
      const known = this.#files.get(name) ?? { offset: 0, rest: '' }
      this.#files.set(name, known)
      const text = known.rest + readFrom(join(this.#folder, name), known)
      const lines = text.split('\n')
      known.rest = lines.pop() ?? ''
      for (const line of lines) this.#take(JSON.parse(line))
    }
  }

  #take(event) {
    this.#events.push(event)
    if (event.event === 'open' || event.event === 'attached') this.#opened.push(event)
  }
}

function readFrom(path, known) {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(fstatSync(file).size - known.offset)
    known.offset += readSync(file, bytes, 0, bytes.length, known.offset)
    return bytes.toString()
  } finally {
    closeSync(file)
  }
}
