import { ClientCore, type Payload, type ServerSession, resolveClientOptions } from '../src/index.ts'
import type { Random } from '../sim/random.ts'
import { hold } from './broken.ts'
import { holdWellFormed } from './hold-well-formed.ts'
import { type Numbered, isMessage, message } from './messages.ts'
import type { Wire, Visitor } from './visitor.ts'

/** A client that keeps to the protocol, and whose session must go on whatever others do. */
export class HonestPair implements Visitor {
  readonly principal: string | null
  readonly auth: string
  readonly isHostile = false
  readonly #wire: Wire
  readonly #client: ClientCore<Numbered>
  #connection: number | undefined
  #attempt = 0
  /** What no longer arrives on the present connection. */
  #deaf: 'neither' | 'up' | 'down' | 'both' = 'neither'
  #hello = ''
  #token = 'none'
  #away = 0
  /** Newest number sent, delivered and acknowledged, per direction. */
  readonly #up = { sent: 0, delivered: 0, acked: 0 }
  readonly #down = { sent: 0, delivered: 0 }
  #welcomes = 0

  constructor(name: string, principal: string | null, wire: Wire) {
    this.auth = name
    this.principal = principal
    this.#wire = wire
    this.#client = new ClientCore<Numbered>(resolveClientOptions({ cid: name }))
  }

  get sid(): string {
    return this.#client.sid ?? ''
  }

  get connection(): number | undefined {
    return this.#connection
  }

  /** The token for the next HELLO, as a thief on the wire would know it. */
  get token(): string {
    return this.#token
  }

  /** The token of the present connection's HELLO. */
  get deadToken(): string {
    return tokenIn(this.#hello) ?? 'none'
  }

  /** Counts the calls without a connection; true when there were that many. */
  isAwayFor(steps: number): boolean {
    this.#away = this.#connection === undefined ? this.#away + 1 : 0
    return this.#away > steps
  }

  /** The HELLO of the present connection: its token is dead once the handshake is over. */
  get usedHello(): string {
    return this.#hello
  }

  get isAtRest(): boolean {
    const { sent, delivered, acked } = this.#up
    return delivered === sent && acked === sent && this.#down.delivered === this.#down.sent
  }

  get delivered(): number {
    return this.#up.delivered + this.#down.delivered
  }

  dial(): void {
    this.hangUp()
    this.#deaf = 'neither'
    this.#attempt = this.#client.begin(this.auth)
    this.#connection = this.#wire.connect(this)
  }

  hangUp(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#client.closed(this.#attempt)
    if (connection !== undefined) this.#wire.close(connection)
  }

  /** From now on nothing arrives in one direction or both, and only later somebody notices. */
  goDeaf(random: Random): void {
    // What has begun to be lost stays lost: in a connection nothing goes missing in the middle.
    this.#deaf = this.#deaf === 'neither' ? random.pick('up', 'down', 'both') : 'both'
  }

  /** Both ends send a little. */
  talk(random: Random, session: ServerSession<Numbered> | undefined): void {
    for (let times = random.between(1, 3); times > 0; times -= 1) {
      if (random.chance(0.5)) {
        if (typeof this.#client.offer(message(this.#up.sent + 1)) === 'number') this.#up.sent += 1
      } else if (session !== undefined && session.state !== 'unconfirmed' && session.held.messages < 16) {
        hold(typeof session.offer(message(this.#down.sent + 1)) === 'number', 'an honest session has ended')
        this.#down.sent += 1
      }
    }
  }

  tick(): void {
    this.#client.due('ack')
    this.#client.due('drain', 0)
  }

  receive(data: Payload): void {
    if (this.#deaf === 'down' || this.#deaf === 'both') return
    if (typeof data === 'string') {
      this.#token = tokenIn(data) ?? this.#token
      this.#client.text(this.#attempt, data)
    } else this.#client.binary(this.#attempt, data)
  }

  closed(code: number): void {
    this.#connection = undefined
    this.#client.closed(this.#attempt, code)
  }

  /** Takes what the server's application was given. */
  take(number: number, payload: Payload): void {
    hold(number === this.#up.delivered + 1, 'a message of an honest client is lost or doubled')
    hold(isMessage(number, payload), `message ${number} of an honest client has become ${String(payload)}`)
    this.#up.delivered = number
  }

  /** Executes what the client asks for; returns whether there was anything. */
  pump(): boolean {
    const action = this.#client.next()
    if (action === undefined) return false
    switch (action.type) {
      case 'send':
        this.#send(action.attempt, action.data)
        break
      case 'deliver':
        hold(action.number === this.#down.delivered + 1, 'a message to an honest client is lost or doubled')
        hold(isMessage(action.number, action.payload), 'a message to an honest client has changed')
        this.#down.delivered = action.number
        break
      case 'acked':
        this.#up.acked = action.upTo
        break
      case 'welcomed':
        this.#welcomes += 1
        hold(
          action.outcome.name === (this.#welcomes === 1 ? 'first' : 'resumed'),
          `an honest client is told ${action.outcome.name}`,
        )
        break
      case 'lost':
      case 'superseded':
      case 'ended':
      case 'failed':
        hold(false, `an honest client is told ${action.type}`)
        break
      default:
    }
    return true
  }

  #send(attempt: number, data: Payload): void {
    holdWellFormed(data, 'server')
    if (attempt !== this.#attempt || this.#connection === undefined) return
    if (this.#deaf === 'up' || this.#deaf === 'both') return
    if (typeof data === 'string' && data.startsWith('\u0010H')) this.#hello = data
    this.#wire.send(this.#connection, data)
  }
}

function tokenIn(frame: string): string | undefined {
  return frame.startsWith('\u0010') ? /"tok":"([^"]+)"/.exec(frame)?.[1] : undefined
}
