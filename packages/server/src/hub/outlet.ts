import type { Release } from '@holdfast/lifetime'
import type { Connection } from '../connection.ts'
import type { ServerSession } from '../sessions/server-session.ts'

/** Who can be a member: a plain connection, or a session, which lives across many. */
export type HubTarget = Connection | ServerSession

/** What a member's target does with a message. */
export type Flow =
  /** Taken, and ready for more. */
  | 'flowing'
  /** Taken, but better wait. */
  | 'backed-up'
  /** Not taken: too large for it, or it may not hold more. */
  | 'refused'
  /** Not taken: it is over. */
  | 'gone'

/** Where a member is: here, away and expected back, or over. */
export type MemberState = 'attached' | 'detached' | 'ended'

/** The way to a member, the same for connections and sessions. */
export interface Outlet {
  readonly state: () => MemberState
  readonly send: (data: string | Uint8Array) => Flow
  /** Runs `run` once, when more can be sent after `backed-up`. */
  readonly onRoom: (run: () => void) => void
  /** Runs `run` once, at the end. */
  readonly onEnd: (run: () => void) => Release
  /** Ends it, because it takes too little. */
  readonly disconnect: () => void
}

/** Finds the way to a target. */
export function outletOf(target: HubTarget): Outlet {
  return 'bufferedBytes' in target ? connectionOutlet(target) : sessionOutlet(target)
}

function connectionOutlet(connection: Connection): Outlet {
  return {
    state: () => (connection.state === 'open' ? 'attached' : 'ended'),
    send(data) {
      const result = connection.send(data)
      if (result === 'closed') return 'gone'
      return result === 'sent' ? 'flowing' : 'backed-up'
    },
    onRoom(run) {
      const undo = connection.on('drained', () => {
        undo()
        run()
      })
    },
    onEnd: (run) => connection.on('closed', run),
    // A close frame would wait behind everything that the client does not take.
    disconnect: () => connection.terminate('slow-consumer'),
  }
}

function sessionOutlet(session: ServerSession): Outlet {
  const isOver = () => session.state.name === 'closing' || session.state.name === 'ended'
  return {
    state: () => (session.state.name === 'attached' ? 'attached' : isOver() ? 'ended' : 'detached'),
    send(data) {
      if (isOver()) return 'gone'
      const { status } = session.send(data)
      if (status === 'rejected') return isOver() ? 'gone' : 'refused'
      return session.flow
    },
    onRoom(run) {
      // One that ends first has no room, and `onEnd` tells.
      void session.ready().then(run, () => {})
    },
    onEnd: (run) => session.on('closed', run),
    // Not `close`: the client is not to stay away, but to come back to a new session, and to learn that there is a gap.
    disconnect: () => session.dispose(),
  }
}
