import type { HandBack } from '../src/index.ts'
import {
  MemoryStore,
  type ServerAction,
  ServerCore,
  type ServerOptions,
  type ServerTimer,
} from '../src/index.ts'
import { type Note, note } from './pair.ts'

/**
 * One line of a transcript. What happens to a server: `open`, `c` (the client sends a text on a connection), `lost` (a
 * connection is gone), `app` (the application sends a text in a session), `leave` (it ends a session), `due` (a timer runs
 * out). What the server must do then, in this order: `s` (sends a text on a connection), `close`, `deliver`, `opened`,
 * `detached`, `attached`, `ended`.
 */
export type Line = Readonly<Record<string, unknown>>

/** What a transcript says of the server it was taken from. */
export interface Transcript {
  readonly name: string
  readonly options?: ServerOptions
  readonly lines: readonly Line[]
}

const inputs = ['open', 'c', 'lost', 'app', 'leave', 'due'] as const

const isInput = (line: Line): boolean => inputs.some((name) => name in line)

/** Session ids are s1, s2, … and tokens t1, t2, …, one of each for every HELLO that is let in. Everybody is the same principal. */
class Stage {
  readonly #core: ServerCore<Note>
  readonly #store = new MemoryStore<Note>()
  readonly #lines: Line[] = []
  #ids = 0

  constructor(options: ServerOptions) {
    this.#core = new ServerCore<Note>(options)
  }

  play(given: readonly Line[]): readonly Line[] {
    for (const line of given) {
      this.#lines.push(line)
      this.#feed(line)
      for (let action = this.#core.next(); action !== undefined; action = this.#core.next())
        this.#perform(action)
    }
    return this.#lines
  }

  #feed(line: Line): void {
    const core = this.#core
    const text = String(line['text'])
    if ('open' in line) core.open(Number(line['open']))
    else if ('c' in line) core.text(Number(line['c']), text)
    else if ('lost' in line) core.closed(Number(line['lost']))
    else if ('app' in line) core.session(String(line['app']))?.offer(note(text))
    else if ('leave' in line) core.session(String(line['leave']))?.leave(4_000)
    else core.due(line['due'] as ServerTimer)
  }

  #perform(action: ServerAction<Note>): void {
    const say = (line: Line): number => this.#lines.push(line)
    switch (action.type) {
      case 'send':
        say({ s: action.connection, text: action.data })
        return
      case 'close':
        say({ close: action.connection, code: action.code })
        return
      case 'deliver':
        say({ deliver: action.sid, number: action.number, text: action.payload })
        return
      case 'opened':
      case 'attached':
      case 'detached':
        say({ [action.type]: action.sid })
        return
      case 'ended':
        say({ ended: action.sid, reason: action.reason, ...this.#fates(action.handBack) })
        return
      case 'authenticate':
        this.#letIn(action.connection, action.hello.tok)
        return
      case 'attach':
        this.#core.attached(action.connection, this.#store.attach(action.request))
        return
      case 'store':
        this.#store.write(action.write)
        return
      default:
    }
  }

  #fates(handBack: HandBack<Note>): Line {
    const texts = (notes: readonly Note[]) => notes.map(({ payload }) => payload)
    return {
      delivered: texts(handBack.delivered),
      uncertain: texts(handBack.uncertain),
      undelivered: texts(handBack.undelivered),
    }
  }

  #letIn(connection: number, token: string | null): void {
    this.#ids += 1
    this.#core.authenticated(connection, {
      kind: 'known',
      principal: 'ada',
      presentedHash: token,
      freshSid: `s${this.#ids}`,
      freshToken: `t${this.#ids}`,
      freshTokenHash: `t${this.#ids}`,
    })
  }
}

/** Plays the inputs of a transcript to a real server and returns the transcript that this gives. */
export function play({ options = {}, lines }: Transcript): readonly Line[] {
  return new Stage(options).play(lines.filter(isInput))
}
