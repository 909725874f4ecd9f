import { setTimeout as sleep } from 'node:timers/promises'
import { atARate } from '../at-a-rate.ts'
import type { Link, Setup, Start } from '../contender.ts'
import { contenderOf } from '../contenders.ts'
import { Echo, type EchoPlan } from '../echo.ts'
import { allocated, heldBytes } from '../held-bytes.ts'
import { cpuUs } from '../cpu.ts'
import { answerParent } from '../part.ts'

/** Something that happened to a link, with the time of day. */
export interface Happened {
  readonly what: 'message' | 'lost'
  readonly link: number
  readonly atMs: number
  readonly data?: unknown
}

/** One contender in its own process: opens links, echoes, and tells what happened. */
export async function attend(name: string): Promise<void> {
  const echo = new Echo()
  const links = new Links(await contenderOf(name).load(), echo)
  const first = () => links.at(0)
  answerParent({
    open: (given: OpenPlan) => links.open(given),
    echo: (plan: EchoPlan) => echo.run(first(), plan),
    send: (plan: EchoPlan) => sendAll(first(), plan),
    cpuUs: () => cpuUs(),
    allocated: (plan: EchoPlan) => allocated(() => echo.run(first(), plan)),
    stream: ({ count, everyMs }: { count: number; everyMs: number }) =>
      atARate(count, everyMs, (n) => first().send(`c${n}`)),
    note: () => links.note(),
    happened: () => links.happened,
    heldBytes: () => heldBytes(),
    settle: () => sleep(500),
    active: () => process.getActiveResourcesInfo(),
    close: () => links.close(),
  })
}

/** Between two bursts, so that a server keeps up. */
const pauseMs = 5

/** Sends without waiting for answers, so many in each turn, and then the word that says that it is over. */
async function sendAll(link: Link, { bytes, messages, window }: Omit<EchoPlan, 'kind'>): Promise<void> {
  const message = 'x'.repeat(bytes)
  for (let sent = 0; sent < messages; sent += window) {
    for (let n = 0; n < window; n += 1) link.send(message)
    await sleep(pauseMs)
  }
  link.send('last')
}

interface OpenPlan {
  readonly url: string
  readonly setup?: Setup
  readonly count?: number
}

/** How many links are opened at a time: a server has a limit to what waits to be accepted. */
const atATime = 100

/** The links of a process. */
class Links {
  readonly #start: Start
  readonly #echo: Echo
  readonly #links: Link[] = []
  #happened: Happened[] | undefined

  constructor(start: Start, echo: Echo) {
    this.#start = start
    this.#echo = echo
  }

  /** What happened since `note` was called. */
  get happened(): readonly Happened[] {
    return this.#happened ?? []
  }

  /** @throws Error when there is no such link */
  at(index: number): Link {
    const link = this.#links[index]
    if (link === undefined) throw new Error(`link ${index}: only ${this.#links.length} are open`)
    return link
  }

  async open({ url, setup = 'default', count = 1 }: OpenPlan): Promise<void> {
    for (let left = count; left > 0; left -= atATime) {
      await Promise.all(Array.from({ length: Math.min(atATime, left) }, () => this.#open(url, setup)))
    }
  }

  /** From now on what happens is noted, and messages are not taken for echoes. */
  note(): void {
    this.#happened = []
  }

  close(): void {
    for (const link of this.#links.splice(0)) (link.dispose ?? link.close)()
  }

  async #open(url: string, setup: Setup): Promise<void> {
    const link = this.#links.length
    const note = (what: Happened['what'], data?: unknown) =>
      this.#happened?.push({ what, link, atMs: Date.now(), data })
    const message = (data: unknown) => {
      if (this.#happened) note('message', data)
      else this.#echo.take(data)
    }
    const started = this.#start({ url, setup, events: { message, lost: () => note('lost') } })
    this.#links.push(started.link)
    await started.opened
  }
}
