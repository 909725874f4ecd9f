import type { Emitter, Scope } from '@holdfast/lifetime'
import type { Receiver } from './inbound.ts'
import type { Sender } from './outbound.ts'
import type { Session, SessionEvents } from './session.ts'
import type { TargetSources } from './target.ts'

/** Changes how a session speaks to its server: the options `resume` and `plugs`. Called once for every session. */
export type Plug<Settings> = (plain: PlugHost<Settings>) => Partial<Plugged<Settings>>

/** A session as it would be without the plug. Spread `settings`, do not change them. */
export interface PlugHost<Settings> extends Plugged<Settings> {
  readonly session: Session
  /** Ends with the session. */
  readonly scope: Scope
  readonly events: Emitter<SessionEvents>
  /** Where attempts go, and with what credentials. */
  sources(): TargetSources
}

/** What a session uses: its own, or what a plug puts in its place. */
export interface Plugged<Settings> {
  readonly settings: Settings
  readonly outbound: Sender
  readonly inbound: Receiver
}
