import type { HandBack, ServerAction, ServerCore, ServerSession } from '../src/index.ts'
import { hold } from './broken.ts'
import type { HonestPair } from './honest-pair.ts'
import type { Numbered } from './messages.ts'

/** What the application knows of a session: number of the last message it was given, and what it waits for. */
interface Acquaintance {
  rx: number
  /** Newest message sent, and the last that was acknowledged. */
  tx: number
  acked: number
  readonly open: Set<Numbered>
}

/** The application on top of the server core: what it is told must make sense, session by session. */
export class ServerApplication {
  readonly #known = new Map<string, Acquaintance>()
  readonly #honestOf: (sid: string) => HonestPair | undefined

  constructor(honestOf: (sid: string) => HonestPair | undefined) {
    this.#honestOf = honestOf
  }

  get sids(): readonly string[] {
    return [...this.#known.keys()]
  }

  offer(session: ServerSession<Numbered>, entry: Numbered): void {
    const acquaintance = this.#known.get(session.sid)
    const result = session.offer(entry)
    if (typeof result !== 'number' || acquaintance === undefined) return
    hold(result === acquaintance.tx + 1, 'a message has a number out of order')
    acquaintance.tx = result
    acquaintance.open.add(entry)
  }

  /** Takes what is not about connections. */
  hear(action: ServerAction<Numbered>, core: ServerCore<Numbered>): void {
    switch (action.type) {
      case 'opened':
        hold(!this.#known.has(action.sid), 'a session is opened twice')
        this.#known.set(action.sid, { rx: 0, tx: 0, acked: 0, open: new Set() })
        return
      case 'deliver':
        this.#take(action, core)
        return
      case 'acked':
        this.#acked(action)
        return
      case 'ended':
        this.#end(action.sid, action.handBack)
        return
      case 'attached':
      case 'detached':
        this.#acquaintance(action.sid, action.type)
        return
      default:
    }
  }

  #acquaintance(sid: string, what: string): Acquaintance {
    const found = this.#known.get(sid)
    hold(found !== undefined, `${what} in a session that the application does not know`)
    return found
  }

  #take(action: Extract<ServerAction<Numbered>, { type: 'deliver' }>, core: ServerCore<Numbered>): void {
    const { sid, number, payload } = action
    const acquaintance = this.#acquaintance(sid, 'a message')
    hold(number === acquaintance.rx + 1, 'a message is delivered out of order')
    acquaintance.rx = number
    this.#honestOf(sid)?.take(number, payload)
    core.session(sid)?.settle(number)
  }

  #acked({ sid, entries, upTo }: Extract<ServerAction<Numbered>, { type: 'acked' }>): void {
    this.#fates(sid, entries)
    if (this.#honestOf(sid) !== undefined) return
    const acquaintance = this.#acquaintance(sid, 'an acknowledgement')
    acquaintance.acked += entries.length
    hold(
      upTo === acquaintance.acked && upTo <= acquaintance.tx,
      'an acknowledgement covers what was not sent',
    )
  }

  /** What is known of a session; nothing happened yet in one that is not. */
  standing(sid: string): { readonly rx: number; readonly tx: number; readonly acked: number } {
    return this.#known.get(sid) ?? { rx: 0, tx: 0, acked: 0 }
  }

  /** Messages to honest clients are counted by themselves; those to attackers must have exactly one fate. */
  #fates(sid: string, entries: readonly Numbered[]): void {
    const { open } = this.#acquaintance(sid, 'a fate')
    if (this.#honestOf(sid) !== undefined) return
    for (const entry of entries) hold(open.delete(entry), 'a message has two fates')
  }

  #end(sid: string, { delivered, uncertain, undelivered }: HandBack<Numbered>): void {
    this.#fates(sid, [...delivered, ...uncertain, ...undelivered])
    hold(this.#acquaintance(sid, 'an end').open.size === 0, 'a session ended, and a message has no fate')
    this.#known.delete(sid)
  }
}
