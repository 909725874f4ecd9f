import type { Attachment, HandBack, LossReason } from '@holdfast/protocol'
import type { SessionStats } from '../session-stats.ts'

/** Counts what sessions do. */
export class SessionTally {
  #opened = 0
  #resumed = 0
  #superseded = 0
  #sentAway = 0
  readonly #gaps = new Map<LossReason, number>()
  readonly #ended = new Map<LossReason, number>()
  readonly #alarms = { token: 0, principal: 0 }
  readonly #handBacks = { uncertain: 0, undelivered: 0 }

  opened(): void {
    this.#opened += 1
  }

  sentAway(): void {
    this.#sentAway += 1
  }

  superseded(): void {
    this.#superseded += 1
  }

  attached(attachment: Attachment<unknown>): void {
    if (attachment.kind === 'resumed') this.#resumed += 1
    else if (attachment.kind === 'created' && attachment.lost !== undefined)
      add(this.#gaps, attachment.lost.reason)
  }

  ended(reason: LossReason): void {
    add(this.#ended, reason)
  }

  alarm(reason: 'token' | 'principal'): void {
    this.#alarms[reason] += 1
  }

  handedBack({ uncertain, undelivered }: HandBack<unknown>): void {
    this.#handBacks.uncertain += uncertain.length
    this.#handBacks.undelivered += undelivered.length
  }

  /** Takes a copy that does not change any more. */
  stats(now: Pick<SessionStats, 'states' | 'heldBytes'>): SessionStats {
    return {
      ...now,
      opened: this.#opened,
      resumed: this.#resumed,
      superseded: this.#superseded,
      sentAway: this.#sentAway,
      gaps: Object.fromEntries(this.#gaps),
      ended: Object.fromEntries(this.#ended),
      alarms: { ...this.#alarms },
      handBacks: { ...this.#handBacks },
    }
  }
}

function add(counts: Map<LossReason, number>, reason: LossReason): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
}
