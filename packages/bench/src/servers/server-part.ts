import type { Payload } from '../contender.ts'

/** A server that echoes, in a process of its own. */
export interface ServerPart {
  /** Where it listens. */
  readonly url: string
  /** Ends every connection the way a broken network does: without a word. */
  cut(): void
  /** Sends something to everyone who is connected. */
  broadcast(message: Payload): void
  stop(): Promise<void>
}

/** How a server is started. */
export interface ServerPlan {
  /** 0: any. */
  readonly port: number
  /** Whether its heartbeat, where it has one, is to be quick: about a second. */
  readonly watchful: boolean
  /** Is told what arrived; what it returns is sent back. */
  readonly received: (message: unknown) => unknown
  /** Someone has connected. */
  readonly connected: () => void
}
