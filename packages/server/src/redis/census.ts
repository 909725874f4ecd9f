import { createHash } from 'node:crypto'
import type { Batch, BatchAnswer } from '@holdfast/protocol'
import { readRoom } from './replies.ts'
import { forgetScript, roomScript, type Script, seenScript } from './scripts.ts'

/** What a census works with. */
export interface CensusParts {
  readonly prefix: string
  readonly leaseMs: number
  readonly maxSessions: number
  readonly maxPerPrincipal: number
  readonly ttlMs: () => number
  readonly nowMs: () => number
  /** Runs a script on one key. */
  readonly run: (script: Script, key: string, args: readonly (string | number)[]) => Promise<unknown>
  /** Ends a session that nobody has come back to; resolves with whether it is over. */
  readonly giveUp: (sid: string) => Promise<boolean>
}

/** Those among whom there may be only so many sessions. */
interface Group {
  readonly key: string
  readonly most: number
}

interface Counted {
  readonly groups: readonly Group[]
  place: 'attached' | 'detached'
  reportedAtMs: number
}

/**
 * Counts the sessions of a fleet, of each principal and of all, so that there are no more than may be. Each is counted until its lease
 * runs out, so a server that dies leaves nothing behind; those with a client are counted anew three times in each lease.
 */
export class Census {
  readonly #parts: CensusParts
  readonly #counted = new Map<string, Counted>()

  constructor(parts: CensusParts) {
    this.#parts = parts
  }

  /** Makes room for one session more, in the place of the one that is longest without a client; `full` when all have one. */
  async admit(sid: string, principal: string | null): Promise<'counted' | 'full'> {
    const { run, giveUp, leaseMs, ttlMs } = this.#parts
    const groups = this.#groupsOf(principal)
    for (const { key, most } of groups) {
      const room = readRoom(await run(roomScript, key, [sid, most, ttlMs(), leaseMs]))
      const isFree = room.kind === 'free' || (room.kind === 'taken' && (await giveUp(room.idlest)))
      if (isFree) continue
      await Promise.all(groups.map((group) => run(forgetScript, group.key, [sid])))
      return 'full'
    }
    this.#count(sid, groups)
    return 'counted'
  }

  /** A session was counted elsewhere, and goes on here. */
  resumed(sid: string, principal: string | null): void {
    const groups = this.#groupsOf(principal)
    this.#count(sid, groups)
    this.#report(sid, 'attached')
  }

  /** The store is asked to keep what became of a session: a client that has gone makes room at once for its own next session. */
  asked({ sid, place }: Batch<unknown>): void {
    const counted = this.#counted.get(sid)
    if (counted === undefined) return
    const { nowMs, leaseMs } = this.#parts
    const isDue = place === 'attached' && nowMs() - counted.reportedAtMs > leaseMs / 4
    if (isDue || place !== counted.place) this.#report(sid, place)
  }

  /** The store has answered: one that is over, or elsewhere, is not counted here. */
  answered({ sid, ended }: Batch<unknown>, { kind }: BatchAnswer): void {
    const counted = this.#counted.get(sid)
    if (counted === undefined || (kind === 'kept' && ended === undefined)) return
    this.#counted.delete(sid)
    if (kind !== 'fenced') this.#forget(sid, counted)
  }

  /** Another server counts it from now on. */
  letGo(sid: string): void {
    this.#counted.delete(sid)
  }

  #count(sid: string, groups: readonly Group[]): void {
    if (groups.length === 0) return
    this.#counted.set(sid, { groups, place: 'attached', reportedAtMs: this.#parts.nowMs() })
  }

  #report(sid: string, place: 'attached' | 'detached'): void {
    const counted = this.#counted.get(sid)
    if (counted === undefined) return
    const { run, ttlMs, leaseMs, nowMs } = this.#parts
    Object.assign(counted, { place, reportedAtMs: nowMs() })
    const keptMs = ttlMs() + (place === 'attached' ? leaseMs : 0)
    // Told again with the next batch, and if there is none, its time runs out.
    const failed = () => Object.assign(counted, { reportedAtMs: Number.NEGATIVE_INFINITY })
    for (const { key } of counted.groups) run(seenScript, key, [sid, keptMs]).catch(failed)
  }

  #forget(sid: string, { groups }: Counted): void {
    const { run } = this.#parts
    for (const { key } of groups) {
      run(forgetScript, key, [sid]).catch(() => {
        // It is counted until its lease has run out.
      })
    }
  }

  #groupsOf(principal: string | null): readonly Group[] {
    const { prefix, maxSessions, maxPerPrincipal } = this.#parts
    const name = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22)
    const own = principal === null ? [] : [{ key: `${prefix}of:${name(principal)}`, most: maxPerPrincipal }]
    return [...own, { key: `${prefix}all`, most: maxSessions }].filter(({ most }) => most < Infinity)
  }
}
