import { connect, type Session, type SessionEvents } from 'holdfast'
import { resume } from 'holdfast/resume'
import { gapWords } from './gap-words.ts'
import { Ledger } from './ledger.ts'
import { OwnLine } from './own-line.ts'
import { type FromNode, type FromPage, type Line, type Person, readFromNode } from './wire.ts'

/** Who shows the chat. */
export interface ChatView {
  /** A line of the room; `own` if it was said on this page. */
  line(line: Line, own: OwnLine | undefined): void
  /** Something that a reader should know of, between the lines. */
  note(words: string, kind: 'plain' | 'gap'): void
  /** Anything else has changed. */
  changed(): void
}

/** One person in the room, on this page. */
export class Chat {
  readonly session: Session
  readonly ledger = new Ledger()
  readonly #view: ChatView
  /** Names this page to the others, so that they can count its lines. */
  readonly #from = crypto.randomUUID()
  readonly #own = new Map<number, OwnLine>()
  #saidLines = 0
  #people: readonly Person[] = []
  #node: string | undefined
  #room: string | undefined
  /** The last line of the room that is here. */
  #last: number | null = null
  #resumedTimes = 0
  #gaps = 0

  constructor(url: string, name: string, view: ChatView) {
    this.#view = view
    this.session = connect(url, {
      // What a lost session certainly did not deliver is sent again by itself: it cannot come twice.
      resume: resume({ carryOver: true }),
      credentials: () => name,
      // Sooner than by default, as somebody is watching.
      backoff: { baseMs: 300, capMs: 2_000 },
    })
    this.session.on('message', (data) => this.#take(readFromNode(data)))
    this.session.on('gap', (gap) => this.#gap(gap))
    this.session.on('resumed', () => {
      this.#resumedTimes += 1
    })
    for (const type of ['state', 'sent', 'message'] as const) this.session.on(type, () => view.changed())
  }

  /** Who is here, as far as it is known. */
  get people(): readonly Person[] {
    return this.#people
  }

  /** The node that the session is at, or was at last; `undefined` before the first. */
  get node(): string | undefined {
    return this.#node
  }

  /** Lines that the room does not have yet, as far as is known here. */
  get underWay(): readonly OwnLine[] {
    return [...this.#own.values()]
  }

  /** How often a connection went on with the session, and how often none could. */
  get counts(): { readonly resumed: number; readonly gaps: number } {
    return { resumed: this.#resumedTimes, gaps: this.#gaps }
  }

  /** Says a line, now or when there is a connection again. */
  say(text: string): void {
    const k = (this.#saidLines += 1)
    const receipt = this.session.send(write({ kind: 'say', text, from: this.#from, k }))
    const line = new OwnLine(k, text, receipt)
    this.#own.set(k, line)
    void line.settled.then(() => this.#view.changed())
    this.#view.changed()
  }

  /** Gives a line up that the room does not have. */
  drop({ k }: OwnLine): void {
    this.#own.delete(k)
    this.#view.changed()
  }

  #take(message: FromNode): void {
    if (message.kind === 'node') this.#arrived(message)
    else if (message.kind === 'line') this.#line(message)
    else if (message.kind === 'skipped') {
      this.ledger.skip()
      this.#last = message.to
    } else if (message.kind === 'caught-up') {
      this.#last = message.to
      for (const line of this.#own.values()) line.notFound()
    } else if (message.kind === 'here') this.#people = message.people
    else this.#view.note(`The server refused a line: ${message.why}.`, 'gap')
  }

  #arrived({ node, room, visit }: Extract<FromNode, { kind: 'node' }>): void {
    if (this.#room !== undefined && this.#room !== room) {
      this.#last = null
      this.ledger.skip()
      this.#view.note(
        'The cluster was started anew: this is another room, without what was said before.',
        'gap',
      )
    }
    const isFirst = this.#node === undefined
    this.#view.note(isFirst ? `You came in at node ${node}.` : `You are at node ${node} now.`, 'plain')
    this.#node = node
    this.#room = room
    this.session.send(write({ kind: 'join', visit, after: this.#last }))
  }

  #line(line: Line): void {
    this.ledger.take(line)
    this.#last = line.n
    const own = line.from === this.#from ? this.#own.get(line.k) : undefined
    if (own !== undefined) this.#own.delete(line.k)
    this.#view.line(line, own)
  }

  #gap(gap: SessionEvents['gap']): void {
    this.#gaps += 1
    this.#view.note(gapWords(gap.reason, this.underWay), 'gap')
  }
}

function write(message: FromPage): string {
  return JSON.stringify(message)
}
