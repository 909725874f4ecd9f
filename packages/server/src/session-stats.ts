/** What resumable sessions did so far, and how many there are. */
export interface SessionStats {
  /** How many there are now. `unconfirmed`: the client has not shown that it knows of the session. */
  readonly states: Readonly<Record<'unconfirmed' | 'attached' | 'detached' | 'closing', number>>
  /** Bytes of messages held until clients have handled them, now. */
  readonly heldBytes: number
  /** Sessions that the application was given. The numbers from here on only grow. */
  readonly opened: number
  /** Times a session went on over another connection. */
  readonly resumed: number
  /** Connections that lost their session to a later one: 4409. */
  readonly superseded: number
  /** HELLOs that came when too many did, and were sent away until later: 4429. */
  readonly sentAway: number
  /** HELLOs that named a session which could not go on, by reason. */
  readonly gaps: Readonly<Record<string, number>>
  /** Sessions that ended, by reason; also those that the application was never given. */
  readonly ended: Readonly<Record<string, number>>
  /** Times somebody named a session and could not prove to be its owner, by what was wrong. */
  readonly alarms: Readonly<Record<'token' | 'principal', number>>
  /** Messages handed back to the application of this server, by fate. */
  readonly handBacks: Readonly<Record<'uncertain' | 'undelivered', number>>
}
