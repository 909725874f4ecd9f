import { guard, type Release, type Scope } from '@holdfast/lifetime'
import type { HubMember, Member } from './member.ts'

/** Everything that a hub knows of one principal: all its connections and sessions, and what was tied to them. */
export interface Client {
  readonly principal: string
  /** Its connections and sessions, oldest first; sessions also while they are `detached`. */
  readonly members: ReadonlySet<Member>
  /**
   * Ties something to the client: `release` runs once, when its last member goes (newest first, all even if one throws), or
   * when the returned function is called. For a client that has none any more it runs at once.
   */
  hold(release: () => unknown): Release
}

/** A client as the hub itself sees it. */
export class HubClient implements Client {
  readonly principal: string
  readonly members = new Set<HubMember>()
  readonly #scope: Scope
  readonly #report: (error: unknown) => void

  /** @param scope what is tied to it; ended by it */
  constructor(principal: string, scope: Scope, report: (error: unknown) => void) {
    this.principal = principal
    this.#scope = scope
    this.#report = report
  }

  hold(release: () => unknown): Release {
    return this.#scope.defer(() => void guard(release, this.#report))
  }

  /** The last member is gone. */
  end(): void {
    this.#scope.end()
  }
}
