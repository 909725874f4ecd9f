import type { SessionRecord } from './session-store.ts'

type Record = SessionRecord<unknown>

/**
 * Finds the session to give up when there is no room for another: of those without a connection, the longest unused that
 * was never confirmed, else the longest unused. Looks at no more than one principal's sessions, whatever the total.
 */
export class SessionIndex {
  /** In the order in which they won or lost a connection. */
  readonly #byPrincipal = new Map<string, Set<Record>>()
  /** Without a connection, in the order in which they lost it. */
  readonly #idle = { unconfirmed: new Set<Record>(), known: new Set<Record>() }

  /** Sessions of a principal; 0 for null, which names nobody. */
  countOf(principal: string | null): number {
    return principal === null ? 0 : (this.#byPrincipal.get(principal)?.size ?? 0)
  }

  /** Takes a session in, or notes that it has won or lost its connection. */
  place(record: Record): void {
    this.#forgetIdle(record)
    if (record.place === 'detached')
      this.#idle[record.stage === 'unconfirmed' ? 'unconfirmed' : 'known'].add(record)
    if (record.principal === null) return
    const owned = this.#byPrincipal.get(record.principal) ?? new Set()
    // To the end: the order is that of the last change, and not of age.
    owned.delete(record)
    this.#byPrincipal.set(record.principal, owned.add(record))
  }

  remove(record: Record): void {
    this.#forgetIdle(record)
    if (record.principal === null) return
    const owned = this.#byPrincipal.get(record.principal)
    owned?.delete(record)
    if (owned?.size === 0) this.#byPrincipal.delete(record.principal)
  }

  #forgetIdle(record: Record): void {
    this.#idle.unconfirmed.delete(record)
    this.#idle.known.delete(record)
  }

  /** Names the sid to give up, among all; undefined when every session has a connection. */
  idlest(): string | undefined {
    const [unconfirmed] = this.#idle.unconfirmed
    const [known] = this.#idle.known
    return (unconfirmed ?? known)?.sid
  }

  /** Names the sid to give up, among those of one principal. */
  idlestOf(principal: string): string | undefined {
    const idle = [...(this.#byPrincipal.get(principal) ?? [])].filter((record) => record.place === 'detached')
    return (idle.find((record) => record.stage === 'unconfirmed') ?? idle[0])?.sid
  }
}
