import {
  type AttachRequest,
  type BatchAnswer,
  type LossReason,
  type SessionRecord,
  type SharedAttachment,
  type Stage,
} from '@holdfast/protocol'
import { SentMessage } from '../sessions/sent-message.ts'

type Reply = readonly unknown[]

const words = (value: unknown): string => String(value)
const count = (value: unknown): number => Number(String(value))

/** What a script said about a HELLO, before a new session is made. */
export type Verdict =
  | Extract<SharedAttachment<SentMessage>, { kind: 'resumed' | 'stale' }>
  /** The server that holds the session was asked to let go. */
  | { readonly kind: 'wait' }
  | {
      readonly kind: 'lost'
      readonly reason: LossReason
      readonly counts: { readonly lack: number; readonly lrx: number } | undefined
      /** Whether the session ended just now, because of this HELLO. */
      readonly isDisplaced: boolean
    }

/** Reads what the attach script returned. */
export function readVerdict(reply: unknown, request: AttachRequest): Verdict {
  const [kind, ...rest] = reply as Reply
  switch (words(kind)) {
    case 'resumed':
      return { kind: 'resumed', previousGen: count(rest[0]), record: resumedRecord(rest, request) }
    case 'wait':
      return { kind: 'wait' }
    case 'stale':
      return { kind: 'stale', attempt: count(rest[0]) }
    default:
      return {
        kind: 'lost',
        reason: words(rest[0]) as LossReason,
        counts: readCounts(rest[1], rest[2]),
        isDisplaced: words(kind) === 'ended',
      }
  }
}

function readCounts(lack: unknown, lrx: unknown) {
  const [lackText, lrxText] = [lack, lrx].map((value) => (value === undefined ? '' : words(value)))
  return lackText === '' || lrxText === '' ? undefined : { lack: Number(lackText), lrx: Number(lrxText) }
}

function resumedRecord(reply: Reply, request: AttachRequest): SessionRecord<SentMessage> {
  const [previousGen, acked, tx, hi, handled, , entries] = reply
  return {
    ...freshRecord(request, request.hello.sid ?? request.freshSid),
    gen: count(previousGen) + 1,
    previousHash: request.presentedHash,
    stage: 'rotating' satisfies Stage,
    outbox: {
      acked: count(acked),
      tx: count(tx),
      hi: count(hi),
      entries: readMessages(entries).map(({ message }) => message),
    },
    // What was accepted and not handled was only in the memory of the other node: the client sends it again.
    inbox: { rx: count(handled), handled: count(handled) },
  }
}

/** Returns the record of a session that has just begun. */
export function freshRecord(request: AttachRequest, sid: string): SessionRecord<SentMessage> {
  const { hello, principal, freshTokenHash } = request
  const [windowMessages = 1, windowBytes = hello.max] = hello.win
  return {
    sid,
    principal,
    gen: 1,
    attempt: hello.att,
    tokenHash: freshTokenHash,
    previousHash: null,
    stage: 'unconfirmed',
    place: 'attached',
    peerLimits: { maxBytes: hello.max, windowMessages, windowBytes },
    outbox: { acked: 0, tx: 0, hi: 0, entries: [] },
    inbox: { rx: 0, handled: 0 },
  }
}

/** Reads entries of a stream, each a message with the id it has there. */
export function readMessages(entries: unknown): readonly { id: string; message: SentMessage }[] {
  return (entries as readonly [unknown, readonly [unknown, Buffer]][]).map(([id, [kind, payload]]) => ({
    id: words(id),
    message: new SentMessage(words(kind) === 't' ? payload.toString() : payload),
  }))
}

/** Whether there is room for one session more: free, taken from the one that is longest without a client, or none. */
export type Room =
  | { readonly kind: 'free' }
  | { readonly kind: 'taken'; readonly idlest: string }
  | { readonly kind: 'none' }

/** Reads what the room script returned. */
export function readRoom(reply: unknown): Room {
  const [word, idlest] = (reply as Reply).map(words)
  if (word !== 'room') return { kind: 'none' }
  return idlest === undefined ? { kind: 'free' } : { kind: 'taken', idlest }
}

/** Reads what the keep script returned. */
export function readBatchAnswer(reply: unknown): BatchAnswer {
  const [kind, detail] = reply as Reply
  switch (words(kind)) {
    case 'kept':
      return { kind: 'kept', waiting: count(detail) }
    case 'fenced':
      return { kind: 'fenced' }
    case 'ended':
      return { kind: 'ended', reason: words(detail) as LossReason }
    default:
      return { kind: 'lost' }
  }
}
