import type { ServerAction } from './server-action.ts'
import type { ServerConfig } from './server-config.ts'

/** What a server session needs of the core around it. */
export interface ServerSessionHost<Entry> {
  readonly config: ServerConfig
  readonly emit: (action: ServerAction<Entry>) => void
  /** The session has closed this connection: nothing that still arrives on it counts. */
  readonly release: (connection: number) => void
  /** The session has ended and is to be forgotten. */
  readonly forget: (sid: string) => void
}
