import { type Mode, modes } from '../lab/lab.ts'
import type { SocketKind, Way } from './environment.ts'

/** A row of the table: a runtime, and the WebSocket that sessions use in it. */
interface Runtime {
  readonly runtime: string
  readonly sockets: readonly SocketKind[]
}

/** The runtimes that have processes of their own, each with the sockets that an application may choose in it. */
const processes: readonly Runtime[] = [
  { runtime: 'Node 20', sockets: ['ws'] },
  { runtime: 'Node 22', sockets: ['ws', 'own'] },
  { runtime: 'Node 24', sockets: ['ws', 'own'] },
  { runtime: 'Node 26', sockets: ['ws', 'own'] },
  { runtime: 'Bun', sockets: ['ws', 'own'] },
  { runtime: 'Deno', sockets: ['ws', 'own'] },
]

/** A place to run scenarios in. */
export interface RuntimePlace extends Way {
  /** Its name in the table and in failures. */
  readonly place: string
  readonly runtime: string
}

/** Every process to run scenarios in: runtime, socket and mode. */
export const processPlaces: readonly RuntimePlace[] = processes.flatMap(({ runtime, sockets }) =>
  sockets.flatMap((socket) =>
    modes.map((mode) => ({ place: nameOf(runtime, socket, mode), runtime, socket, mode })),
  ),
)

/** Names a place. */
export function nameOf(runtime: string, socket: SocketKind, mode: Mode): string {
  return `${runtime}${socket === 'own' ? ' with its own WebSocket' : ''}, ${mode}`
}

/** The bundlers for pages and for servers, by the names in the table. */
export const pageBundlers = {
  esbuild: 'esbuild',
  rollup: 'rollup',
  webpack: 'webpack',
  Vite: 'vite',
} as const
export const serverBundlers = { 'Vite SSR': 'vite-ssr', 'Vite SSR, one file': 'vite-ssr-one-file' } as const

/** The compilers, by the names in the table, and where each is installed. */
export const compilers = { 'TypeScript 5.2': 'types-oldest', 'TypeScript, newest': 'types-newest' } as const
