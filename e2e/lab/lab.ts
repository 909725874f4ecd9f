import type * as Holdfast from 'holdfast'
import type { Incoming, Session, SessionError, SessionOptions, State } from 'holdfast'
import type { resume } from 'holdfast/resume'
import * as assert from './check.ts'
import { Diary, eventually, show, soon } from './diary.ts'
import { type Proxy, proxyAt } from './proxy-control.ts'

/** The kinds of places where scenarios run. */
export type EnvironmentName = 'node' | 'chromium' | 'firefox' | 'webkit' | 'web'

/** How a session speaks to its server: plain WebSocket messages, or the resume protocol. */
export type Mode = 'plain' | 'resume'

/** Both, to run everything in. */
export const modes: readonly Mode[] = ['plain', 'resume']

/** What differs from one place to another. */
export interface Environment {
  readonly name: EnvironmentName
  readonly mode: Mode
  readonly holdfast: typeof Holdfast
  /** The plug of `holdfast/resume`, which every session gets in resume mode. */
  readonly resume: typeof resume
  /** Makes a bare WebSocket. Default: the global one. */
  readonly socket?: (url: string, protocols: string[]) => WebSocket
  /** Options that every session needs here, such as a socket that trusts the certificate. */
  readonly options?: SessionOptions
}

/** Where things are. */
export interface Addresses {
  /** The proxy in front of the server, `ws://…` or `wss://…`. */
  readonly proxied: string
  /** The server itself. */
  readonly direct: string
  /** Another server, whose sessions end as soon as their client is away for 50 ms. */
  readonly brief: string
  /** The HTTP control of the proxy. */
  readonly proxyControl: string
  /** The pages, and what the server has seen. */
  readonly pages: string
}

/** What the server knows of the connections that one scenario made. */
export interface Seen {
  readonly opened: number
  readonly live: number
  /** Text as it came, binary as its length in bytes, in order of arrival. */
  readonly received: readonly (string | number)[]
  readonly closed: readonly { readonly cause: string; readonly code: number; readonly reason: string }[]
  /** What came behind the tag in the path of each connection. */
  readonly paths: readonly string[]
  /** Why sessions at the server ended; resume mode only. */
  readonly ended: readonly string[]
  /** The headers of the upgrades that were accepted. */
  readonly headers: readonly Readonly<Record<string, string>>[]
}

/** What a server does with a connection: `echo` what comes; `auth` asks for a token first; `order` obeys, see lab-handler.ts; `sink` only takes. */
export type Service = 'echo' | 'auth' | 'order' | 'sink'

type StateName = State['name']
type In<Name extends StateName> = Extract<State, { name: Name }>

/** A session and everything it told so far. */
export interface Watched {
  readonly session: Session
  /** Every state it was in, from the first. */
  readonly states: Diary<State>
  readonly inbox: Diary<Incoming>
  /** What nobody reads here fails the scenario at its end. */
  readonly errors: Diary<SessionError>
  /** Resolves with the next unread state of this name. */
  reaches<Name extends StateName>(name: Name, fits?: (state: In<Name>) => boolean): Promise<In<Name>>
}

/** What a scenario works with: the same in every place where it runs. */
export interface Lab {
  readonly environment: EnvironmentName
  readonly mode: Mode
  readonly secure: boolean
  readonly Holdfast: typeof Holdfast
  readonly resume: typeof resume
  readonly proxy: Proxy
  readonly assert: typeof assert
  readonly eventually: typeof eventually
  readonly soon: typeof soon
  /** The address through the proxy; behind it, what the server shall do (`?…`), or a mark for `Seen.paths` (`/…`). */
  url(behind?: string, service?: Service): string
  /** The same past the proxy. */
  direct(behind?: string, service?: Service): string
  /** An echo server that ends the session of a client that is away for 50 ms. */
  brief(): string
  /**
   * Opens a session that retries within 50 ms unless told otherwise; it is disposed after the scenario, and must then
   * hold nothing.
   */
  connect(url: Parameters<typeof Holdfast.connect>[0], options?: SessionOptions): Watched
  /** Makes a bare WebSocket, for what no session would do. */
  socket(url: string, protocols: string[]): WebSocket
  /** Tells what the server knows of this scenario's connections. */
  seen(): Promise<Seen>
  /** How the receipt of a message ends that went well: `written` in plain mode, `acked` in resume mode. */
  readonly fine: 'written' | 'acked'
}

/** One thing that holds everywhere. */
export interface Scenario {
  readonly name: string
  /** Holds in one mode alone, for this reason. Default: in both. */
  readonly only?: { readonly mode: Mode; readonly because: string }
  run(lab: Lab): Promise<void>
}

/** Delays short enough for a test. */
export const quick = { baseMs: 20, capMs: 50 }

let scenarios = 0

/** Runs one scenario; then every session it opened is disposed, and must hold nothing and have told of no unread error. */
export async function runScenario(
  scenario: Scenario,
  environment: Environment,
  addresses: Addresses,
): Promise<void> {
  scenarios += 1
  const { mode, resume } = environment
  const tag = `${environment.name}-${mode}-${Date.now().toString(36)}-${scenarios}`
  const watched: Watched[] = []
  const { Holdfast, ...places } = { Holdfast: environment.holdfast, ...addresses }
  const lab: Lab = {
    environment: environment.name,
    mode,
    resume,
    fine: mode === 'resume' ? 'acked' : 'written',
    secure: places.proxied.startsWith('wss:'),
    Holdfast,
    assert,
    eventually,
    soon,
    proxy: proxyAt(places.proxyControl),
    url: (behind = '', service = 'echo') => `${places.proxied}/${service}/${tag}${behind}`,
    direct: (behind = '', service = 'echo') => `${places.direct}/${service}/${tag}${behind}`,
    brief: () => `${places.brief}/echo/${tag}`,
    connect(url, options) {
      const plug = mode === 'resume' ? { resume: resume() } : {}
      const session = Holdfast.connect(url, { backoff: quick, ...plug, ...environment.options, ...options })
      const one = watch(session)
      watched.push(one)
      return one
    },
    socket: environment.socket ?? ((url, protocols) => new WebSocket(url, protocols)),
    seen: async () => (await (await fetch(`${places.pages}/seen/${tag}`)).json()) as Seen,
  }
  try {
    await scenario.run(lab)
  } finally {
    for (const { session } of watched) session.dispose()
  }
  for (const one of watched) await assertNothingLeft(one, environment.name)
}

function watch(session: Session): Watched {
  const states = new Diary<State>('states')
  const inbox = new Diary<Incoming>('messages')
  const errors = new Diary<SessionError>('errors')
  states.push(session.state)
  session.on('state', ({ state }) => states.push(state))
  session.on('message', (message) => inbox.push(message))
  session.on('error', (error) => errors.push(error))
  return {
    session,
    states,
    inbox,
    errors,
    reaches: (name, fits = () => true) =>
      states.next((state) => state.name === name && fits(state as never), name) as never,
  }
}

async function assertNothingLeft({ session, errors }: Watched, environment: EnvironmentName): Promise<void> {
  await soon('closed', session.closed)
  const { closing, ...held } = session.resources
  assert.equal(held, { timers: 0, listeners: 0, sockets: 0 }, 'held after the end')
  // Browsers finish the closing handshake by themselves, for up to a minute; `ws` is told to drop the connection.
  if (environment === 'node') assert.equal(closing, 0, 'sockets left closing')
  assert.that(errors.unread.length === 0, `no unexpected errors, got ${show(errors.unread)}`)
}
