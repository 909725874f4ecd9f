/** One session, as seen from outside. */
export interface SessionOverview {
  /** Names it in logs; no secret. */
  readonly id: string
  readonly principal: string | null
  /**
   * `unconfirmed`: made, and its client has not shown that it knows; `attached`; `detached`: its client is away; `closing`:
   * the client's last word is waited for; `ended`: over, and about to be forgotten.
   */
  readonly state: 'unconfirmed' | 'attached' | 'detached' | 'closing' | 'ended'
  /** The `id` of the connection it is bound to. */
  readonly connection: string | undefined
}
