import type { ServerSocket } from '../src/testing/index.ts'

// Frames of `holdfast.v1` as the server of a test writes them out.

/** Marks a frame of the protocol. */
export const DLE = '\u0010'

/** What a WELCOME says when a test does not care. */
export const standardWelcome = {
  v: 1,
  sid: 'session-1',
  tok: 'token-1',
  res: false,
  rx: 0,
  ack: 0,
  max: 1_000,
  win: [10, 10_000],
  ping: 20_000,
  idle: 60_000,
  ttl: 300_000,
  spread: 0,
}

/** Writes a WELCOME: the standard one, with these members on top. */
export function welcome(members: object = {}): string {
  return `${DLE}W${JSON.stringify({ ...standardWelcome, ...members })}`
}

/** What a test looks at in a HELLO. */
export interface Hello {
  readonly sid: string | null
  readonly att: number
  readonly auth?: unknown
  readonly proto?: readonly string[]
  readonly ext?: readonly string[]
}

/** Reads the HELLO that came first on a connection. */
export function helloOn(socket: ServerSocket): Hello {
  const first = String(socket.received[0])
  if (!first.startsWith(`${DLE}H`)) throw new Error(`no HELLO came first, but ${JSON.stringify(first)}`)
  return JSON.parse(first.slice(2)) as Hello
}
