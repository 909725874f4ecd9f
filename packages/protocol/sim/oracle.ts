import type { HandBack, Limits, LossReason, Payload } from '../src/index.ts'
import { type Note, samePayload } from './notes.ts'

export type Direction = 'up' | 'down'

type Fate = 'acked' | 'delivered' | 'uncertain' | 'undelivered'

/** One direction of one session, as an observer who sees both ends knows it. */
interface Way {
  readonly sent: Note[]
  /** Messages freed at the sender. */
  acked: number
  /** Messages handed to the receiving application. */
  delivered: number
  /** Of those, how many the application is done with, without a hole. */
  handled: number
  readonly ahead: Set<number>
  /** The acknowledgement the receiver told last, and since when it owes a newer one. */
  told: number
  owingSince: number
  readonly fates: Map<Note, Fate>
}

export interface Ledger {
  readonly sid: string
  readonly up: Way
  readonly down: Way
  /** The connection that was welcomed last. */
  connection: number
  detachedAt: number
  endedAtServer: LossReason | undefined
  /** What happened to the server since: its memory went, or this session was taken over by somebody else. */
  readonly excuses: Set<'crash' | 'stolen'>
  state: 'new' | 'surfaced' | 'gone'
}

const way = (): Way => ({
  sent: [],
  acked: 0,
  delivered: 0,
  handled: 0,
  ahead: new Set(),
  told: 0,
  owingSince: 0,
  fates: new Map(),
})

/** Thrown when an invariant does not hold: the run ends there. */
export class Broken extends Error {}

/** Knows what both ends did, and compares it with what they claim: I1 to I9 of PROTOCOL.md, and the rule about acknowledgements. */
export class Oracle {
  readonly ledgers = new Map<string, Ledger>()
  /** How often something worth seeing was seen, by name: a simulation that never meets a case proves nothing about it. */
  readonly seen: Record<string, number> = {}
  readonly counts = { up: 0, down: 0, resumed: 0, gaps: 0, uncertain: 0, undelivered: 0, delivered: 0 }

  see(name: string): void {
    this.seen[name] = (this.seen[name] ?? 0) + 1
  }

  fail(invariant: string, what: string): never {
    throw new Broken(`${invariant}: ${what}`)
  }

  check(holds: boolean, invariant: string, what: () => string): void {
    if (!holds) this.fail(invariant, what())
  }

  ledger(sid: string): Ledger {
    const known = this.ledgers.get(sid)
    if (known !== undefined) return known
    const fresh: Ledger = {
      sid,
      up: way(),
      down: way(),
      connection: 0,
      detachedAt: Number.POSITIVE_INFINITY,
      endedAtServer: undefined,
      excuses: new Set(),
      state: 'new',
    }
    this.ledgers.set(sid, fresh)
    return fresh
  }

  /** A message got its number. */
  numbered(direction: Direction, sid: string, note: Note, number: number, limits: Limits | undefined): void {
    const { sent, acked } = this.ledger(sid)[direction]
    sent.push(note)
    this.check(
      number === sent.length,
      'I1',
      () => `${sid} ${direction} number ${number}, expected ${sent.length}`,
    )
    if (limits === undefined) return
    const outstanding = sent.slice(acked)
    const bytes = outstanding.reduce((sum, { bytes }) => sum + bytes, 0)
    const fits = outstanding.length <= limits.windowMessages && bytes <= limits.windowBytes
    this.check(
      fits || outstanding.length === 1,
      'I7',
      () => `${sid} ${direction} window exceeded: ${outstanding.length}, ${bytes} bytes`,
    )
    this.check(
      note.bytes <= limits.maxBytes,
      'I7',
      () => `${sid} ${direction} message of ${note.bytes} bytes`,
    )
  }

  /** The receiving application got a message. */
  delivered(direction: Direction, sid: string, number: number, payload: Payload): void {
    const target = this.ledger(sid)[direction]
    const { sent, fates } = target
    this.check(
      number === target.delivered + 1,
      'I1',
      () => `${sid} ${direction} delivered ${number} after ${target.delivered}`,
    )
    const note = sent[number - 1]
    if (note === undefined || !samePayload(note.payload, payload)) {
      this.fail('I1', `${sid} ${direction} ${number} is not the message that was sent under this number`)
    }
    const fate = fates.get(note)
    this.check(
      fate !== 'undelivered',
      'I5',
      () => `${note.id} delivered after it was handed back as undelivered`,
    )
    target.delivered = number
    this.counts[direction] += 1
  }

  /** The receiving application is done with a message. */
  settled(direction: Direction, sid: string, number: number, now: number): void {
    const target = this.ledger(sid)[direction]
    if (number <= target.handled) return
    target.ahead.add(number)
    const before = target.handled
    while (target.ahead.delete(target.handled + 1)) target.handled += 1
    if (before <= target.told && target.handled > target.told) target.owingSince = now
  }

  /** The receiver told an acknowledgement. */
  told(direction: Direction, sid: string, ack: number): void {
    const target = this.ledger(sid)[direction]
    this.check(
      ack <= target.handled,
      'I2',
      () => `${sid} ${direction} acknowledges ${ack} of ${target.handled} handled`,
    )
    target.told = ack
  }

  /** Everything an end wanted to do is done: does it owe an acknowledgement for too long? */
  quiet(direction: Direction, sid: string, limits: Limits, now: number): void {
    const { handled, told, sent, owingSince } = this.ledger(sid)[direction]
    if (handled === told) return
    const owed = handled - told
    const most = Math.min(64, Math.ceil(limits.windowMessages / 2))
    this.check(owed < most, 'ack', () => `${sid} ${direction} owes ${owed} messages, ${most} are due`)
    const bytes = sent.slice(told, handled).reduce((sum, note) => sum + note.bytes, 0)
    const mostBytes = Math.min(65_536, Math.ceil(limits.windowBytes / 2))
    this.check(
      bytes < mostBytes,
      'ack',
      () => `${sid} ${direction} owes ${bytes} bytes, ${mostBytes} are due`,
    )
    this.check(now - owingSince <= 200, 'ack', () => `${sid} ${direction} owes since ${now - owingSince} ms`)
  }

  /** The sender learned that messages are acknowledged. */
  acked(direction: Direction, sid: string, entries: readonly Note[], upTo: number): void {
    const target = this.ledger(sid)[direction]
    const expected = target.sent.slice(target.acked, upTo)
    const same = entries.length === expected.length && entries.every((note, at) => note === expected[at])
    this.check(
      same,
      'I3',
      () => `${sid} ${direction} frees other messages than ${target.acked + 1} to ${upTo}`,
    )
    this.check(
      upTo <= target.handled,
      'I2',
      () => `${sid} ${direction} acked ${upTo}, handled ${target.handled}`,
    )
    for (const note of entries) this.#end(target, note, 'acked')
    target.acked = upTo
  }

  /** The sender handed the rest back: together with what was acknowledged it must be all, each with a true fate. */
  handedBack(
    direction: Direction,
    sid: string,
    handBack: HandBack<Note>,
    knowledge: 'counts' | 'none',
  ): void {
    const target = this.ledger(sid)[direction]
    const { delivered, uncertain, undelivered } = handBack
    const all = [...delivered, ...uncertain, ...undelivered]
    const rest = target.sent.slice(target.acked)
    const same = all.length === rest.length && all.every((note, at) => note === rest[at])
    this.check(
      same,
      'I5',
      () => `${sid} ${direction} hands back ${all.length} messages, ${rest.length} were open`,
    )
    if (knowledge === 'counts') {
      const inDoubt = target.delivered - target.handled
      this.check(
        uncertain.length === inDoubt,
        'I5',
        () => `${sid} ${direction}: ${uncertain.length} uncertain, ${inDoubt} are`,
      )
    }
    for (const [fate, notes] of Object.entries(handBack) as [Fate, readonly Note[]][]) {
      for (const note of notes) this.#end(target, note, fate)
    }
    this.counts.uncertain += uncertain.length
    this.counts.undelivered += undelivered.length
    this.counts.delivered += delivered.length
  }

  #end(target: Way, note: Note, fate: Fate): void {
    this.check(
      !target.fates.has(note),
      'I5',
      () => `${note.id} ends twice: ${target.fates.get(note)}, ${fate}`,
    )
    target.fates.set(note, fate)
    const number = target.sent.indexOf(note, target.acked) + 1
    if (fate === 'delivered')
      this.check(number <= target.handled, 'I5', () => `${note.id} is called delivered`)
    if (fate === 'undelivered')
      this.check(number > target.delivered, 'I5', () => `${note.id} is called undelivered`)
  }

  /** The process of the server is gone; what it had committed may remain. */
  crashed(store: 'memory' | 'durable'): void {
    for (const ledger of this.ledgers.values()) {
      if (ledger.endedAtServer !== undefined || store === 'memory') ledger.excuses.add('crash')
      const { up } = ledger
      // What was not committed dies with the application that held it, and is sent again.
      up.delivered = up.handled
      up.ahead.clear()
      ledger.detachedAt = Number.POSITIVE_INFINITY
    }
  }

  /** A session that the client held could not go on: only for a reason that has happened. */
  lost(sid: string, reason: LossReason): void {
    const { excuses, endedAtServer } = this.ledger(sid)
    this.counts.gaps += 1
    this.see(`gap:${reason}`)
    const excused =
      reason === endedAtServer ||
      (reason === 'unknown' && excuses.has('crash')) ||
      ((reason === 'token' || reason === 'unknown') && excuses.has('stolen'))
    this.check(excused, 'I6', () => `${sid} lost: ${reason}, at the server: ${endedAtServer ?? 'alive'}`)
  }

  /** Whether the client can know how far the server had come in a session that it lost for this reason. */
  knowledgeOf(sid: string, reason: LossReason): 'counts' | 'none' {
    const { endedAtServer, excuses } = this.ledger(sid)
    const isTold = reason === 'expired' || reason === 'ended' || reason === 'overflow'
    return isTold && endedAtServer === reason && excuses.size === 0 ? 'counts' : 'none'
  }

  /** A server that died after its BYE has taken with it what it had accepted and not handled. */
  knowledgeAtBye(sid: string): 'counts' | 'none' {
    return this.ledger(sid).excuses.size === 0 ? 'counts' : 'none'
  }

  /** After everything: no message of a process that lives is without a fate. */
  settle(): void {
    for (const { sid, up, down, excuses, state } of this.ledgers.values()) {
      for (const note of up.sent) this.check(up.fates.has(note), 'I5', () => `${sid} ${note.id} has no fate`)
      if (excuses.size > 0 || state === 'new') continue
      for (const note of down.sent)
        this.check(down.fates.has(note), 'I5', () => `${sid} ${note.id} has no fate`)
    }
  }
}
