import { encodeText } from '@holdfast/protocol'
import type { SocketLike } from '../socket-like.ts'

type Frame = string | Uint8Array

/** A socket whose messages become frames: everything that goes on the wire is written with `write`. */
interface FramingSocket extends SocketLike {
  write(frame: Frame): void
}

/** A limit that messages have to pass. */
export interface Gate {
  /** May one go now? Who is told no calls `release` when it may. */
  allows(): boolean
  /** How many more may go because they have paid already. */
  readonly paid: number
  /** One has gone. */
  passed(frame: Frame): void
}

const DLE = '\u0010'

/** One for each socket, however many limits there are: a message goes when all of them let it. */
const known = new WeakMap<SocketLike, HeldFrames>()

/**
 * Holds up what a resumable session writes, most of all what it sends again after a break, until its limits let it go. Control
 * frames are not held up; the counts in them are those of what really went, for the server compares them with its own.
 */
export class HeldFrames {
  readonly #write: (frame: Frame) => void
  readonly #gates: Gate[] = []
  /** One message each, oldest first. */
  #held: Frame[] = []

  /** Gives the one of this socket; none when messages are no frames there. */
  static of(socket: SocketLike): HeldFrames | undefined {
    if (!('write' in socket)) return undefined
    const frames = known.get(socket) ?? new HeldFrames(socket as FramingSocket)
    known.set(socket, frames)
    return frames
  }

  /** Takes the place of the socket's `write`. */
  constructor(socket: FramingSocket) {
    this.#write = socket.write.bind(socket)
    socket.write = (frame) => this.#take(frame)
  }

  /** Is anything held up? */
  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** Has messages pass one more gate. */
  add(gate: Gate): void {
    this.#gates.push(gate)
  }

  /** Lets go what may go. */
  release(): void {
    for (let [frame] = this.#held; frame !== undefined && this.#isOpen; [frame] = this.#held) {
      this.#held.shift()
      this.#letGo(frame)
    }
  }

  /** The connection is over: forgets the gates and what is held up, which the protocol still has. */
  drop(): void {
    this.#held = []
    this.#gates.length = 0
  }

  get #isOpen(): boolean {
    return this.#gates.every(isOpen)
  }

  #take(frame: Frame): void {
    const kind = kindOf(frame)
    if (kind === undefined) this.#takeMessage(frame)
    else if (kind === 'M') this.#takeBatch(frame as string)
    else this.#takeControl(frame as string, kind)
  }

  #takeMessage(frame: Frame): void {
    if (!this.isHolding && this.#isOpen) this.#letGo(frame)
    else this.#held.push(frame)
  }

  /** What was held up in front of it goes one by one: a frame may have more messages than there ever are tokens. */
  #takeBatch(frame: string): void {
    const texts = textsOf(frame)
    const isPaid = !this.isHolding && this.#gates.every(({ paid }) => paid >= texts.length)
    if (!isPaid) return texts.forEach((text) => this.#takeMessage(encodeText(text)))
    for (const gate of this.#gates) for (const text of texts) gate.passed(text)
    this.#write(frame)
  }

  #takeControl(frame: string, kind: string): void {
    const { length } = this.#held
    // Behind BYE and ERROR nothing may come.
    if (kind === 'B' || kind === 'E') this.#held = []
    // The second number is how many messages went before this frame.
    this.#write(
      length > 0 ? frame.replace(/^(.[APQ]\d+,)(\d+)/, (_, head, sent) => head + (sent - length)) : frame,
    )
  }

  #letGo(frame: Frame): void {
    for (const gate of this.#gates) gate.passed(frame)
    this.#write(frame)
  }
}

const isOpen = (gate: Gate) => gate.allows()

/** Gives the letter of a control frame or a batch; nothing for a message. */
function kindOf(frame: Frame): string | undefined {
  const isMarked = typeof frame === 'string' && frame.startsWith(DLE) && frame[1] !== DLE
  return isMarked ? frame[1] : undefined
}

/** Takes the messages out of a batch: their lengths, and behind them the texts. */
function textsOf(frame: string): string[] {
  let at = frame.indexOf(';') + 1
  const lengths = frame
    .slice(2, at - 1)
    .split(',')
    .map(Number)
  return lengths.map((length) => frame.slice(at, (at += length)))
}
