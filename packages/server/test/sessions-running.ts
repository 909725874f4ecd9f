import type { ServerOptions } from '../src/index.ts'
import { type ServerSession, sessions, type SessionsOptions } from '../src/sessions/index.ts'
import { running, until } from './running.ts'
import { SessionClient } from './session-client.ts'

/** Starts a server with sessions, and gathers the sessions its application gets and what each received. */
export async function sessionServer(options: SessionsOptions = {}, server: ServerOptions = {}) {
  const opened: ServerSession[] = []
  const inboxes = new Map<ServerSession, (string | Uint8Array)[]>()
  const live = sessions({
    ...options,
    handler(session) {
      opened.push(session)
      const inbox: (string | Uint8Array)[] = []
      inboxes.set(session, inbox)
      session.on('message', (message) => inbox.push(message))
      return options.handler?.(session)
    },
  })
  const errors: unknown[] = []
  const started = await running({ sessions: live, ...server })
  started.server.on('error', ({ error }) => errors.push(error))
  const inbox = (session: ServerSession | undefined) => (session && inboxes.get(session)) ?? []
  return { ...started, live, opened, inbox, errors, client: () => new SessionClient(started.url) }
}

/** A client with a session, and that session at the server. */
export async function joined(at: Awaited<ReturnType<typeof sessionServer>>, auth?: unknown) {
  const client = at.client()
  const before = at.opened.length
  await client.connect(auth)
  await until(() => at.opened.length > before)
  const session = at.opened.at(-1)
  if (session === undefined) throw new Error('no session')
  return { client, session }
}

/** Waits until a session is in a state. */
export async function inState(session: ServerSession, name: ServerSession['state']['name']): Promise<void> {
  await until(() => session.state.name === name)
}
