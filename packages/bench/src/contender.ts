/** What is sent and echoed. */
export type Payload = string | Uint8Array

/** How a contender is set up. */
export type Setup =
  /** As it comes: what a user gets who changes nothing. */
  | 'default'
  /** Reconnects after about 50 ms, so that many losses fit into a short time. */
  | 'eager'
  /** Notices silence after about 1.5 s, where it has a setting for that. */
  | 'watchful'
  /** Lets as many messages wait as there are, where it has a limit. */
  | 'roomy'

/** One connection or session of a contender, open. */
export interface Link {
  send(message: Payload): void
  /** Ends it the way that is meant to be final. */
  close(): void
  /** Ends it at once, where there is a way for that; else as `close`. */
  dispose?(): void
}

/** What a link tells. */
export interface LinkEvents {
  message(data: unknown): void
  /** The library knows that the connection is gone. */
  lost?(): void
}

/** Where to, and how. */
export interface LinkPlan {
  readonly url: string
  readonly setup: Setup
  readonly events: LinkEvents
}

/** Starts a link. `opened` resolves when it can send. */
export type Start = (plan: LinkPlan) => { readonly link: Link; readonly opened: Promise<unknown> }

/** A library in the form in which it is measured: a few lines that use it as its documentation says. */
export interface Contender {
  readonly name: string
  /** The server it talks to. */
  readonly server: ServerKind
  /** What it can send. */
  readonly sends: readonly ('text' | 'binary')[]
  /** What must be installed. */
  readonly packages: readonly string[]
  /** Loads it, in the process that uses it and in no other. */
  load(): Promise<Start>
}

/** The servers that the contenders talk to. */
export type ServerKind =
  | 'ws'
  | 'holdfast'
  | 'holdfast-resume'
  | 'holdfast-batch'
  | 'socket.io'
  | 'centrifuge'
  | 'phoenix'
  | 'signalr'
  | 'graphql-ws'
