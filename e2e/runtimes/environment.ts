import type * as Holdfast from 'holdfast'
import type { resume } from 'holdfast/resume'
import type { Environment, Mode } from '../lab/lab.ts'
import { own } from './own-socket.ts'

/** Which WebSocket sessions use: `ws`, which the package takes by itself where it can, or the one of the platform. */
export type SocketKind = 'ws' | 'own'

/** How scenarios run in a runtime. */
export interface Way {
  readonly mode: Mode
  readonly socket: SocketKind
}

type MakeSocket = NonNullable<Environment['socket']>

/** Describes this runtime to the scenarios. @param makeSocket makes a bare socket of `ws`; without, there is no `ws` */
export function environmentFor(
  { mode, socket }: Way,
  packages: { readonly holdfast: typeof Holdfast; readonly resume: typeof resume },
  makeSocket?: MakeSocket,
): Environment {
  if (socket === 'ws' && makeSocket) return { name: 'node', mode, ...packages, socket: makeSocket }
  // Where the package has no `ws` to prefer, the platform's own is what it takes by itself.
  const options = makeSocket ? { createSocket: own } : {}
  return { name: 'web', mode, ...packages, options }
}
