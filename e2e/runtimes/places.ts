import { withOwnSocket } from '../../scripts/everywhere/places.mjs'
import { runtimes } from '../../scripts/everywhere/runtimes.mjs'
import { type Mode, modes } from '../lab/lab.ts'
import type { SocketKind, Way } from './environment.ts'

/** A place to run scenarios in. */
export interface RuntimePlace extends Way {
  /** Its name in the table and in failures. */
  readonly place: string
  readonly runtime: string
}

/** Every runtime that has processes of its own, with each socket that an application may choose in it, in both modes. */
export const processPlaces: readonly RuntimePlace[] = runtimes
  .filter((runtime) => runtime !== 'workerd')
  .flatMap((runtime) => {
    const sockets: SocketKind[] = withOwnSocket.includes(runtime) ? ['ws', 'own'] : ['ws']
    return sockets.flatMap((socket) =>
      modes.map((mode) => ({ place: nameOf(runtime, socket, mode), runtime, socket, mode })),
    )
  })

/** Names a place as the table of platforms does. */
export function nameOf(runtime: string, socket: SocketKind, mode: Mode): string {
  return `${runtime}${socket === 'own' ? ' with its own WebSocket' : ''}, ${mode}`
}
