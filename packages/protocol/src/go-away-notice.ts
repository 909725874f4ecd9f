/** When clients are asked to come back elsewhere: at a random moment in [afterMs, afterMs + spreadMs]. */
export interface GoAwayNotice {
  readonly afterMs: number
  readonly spreadMs: number
  /** At most 256 characters. */
  readonly why?: string
}
