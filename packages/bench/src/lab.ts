import type { ServerKind } from './contender.ts'
import { type Part, startPart } from './part.ts'

/** How much to measure. */
export interface Effort {
  readonly quick: boolean
}

/** What a measurement works with: processes that it need not end itself. */
export interface Lab extends Effort {
  /** The folder of the repository. */
  readonly root: string
  /** Says what is going on. */
  progress(text: string): void
  /** Starts a server in a process of its own; `watchful`: with a heartbeat of about a second, where it has one. */
  server(kind: ServerKind | 'holdfast', how?: 'watchful'): Promise<Part & { readonly url: string }>
  /** Starts a process that uses a contender. */
  client(contender: string, nodeArgs?: readonly string[]): Promise<Part>
  /** Starts a process with another role. */
  part(role: string, args?: readonly string[], nodeArgs?: readonly string[]): Promise<Part>
  /** Ends all processes. */
  end(): Promise<void>
}

/** Opens a lab. `bundle` is the program that its processes run. */
export function openLab(
  given: Effort & {
    readonly root: string
    readonly bundle: string
    readonly progress: (text: string) => void
  },
): Lab {
  const parts = new Set<Part>()
  const start = async (role: string, args: readonly string[] = [], nodeArgs: readonly string[] = []) => {
    const part = startPart(given.bundle, role, args, nodeArgs)
    parts.add(part)
    void part.ended.then(() => parts.delete(part))
    await part.ready
    return part
  }
  return {
    ...given,
    part: start,
    server: async (kind, how) => {
      const part = await start('server', how ? [kind, how] : [kind])
      return Object.assign(part, { url: await part.ask<string>('url') })
    },
    client: (contender, nodeArgs) => start('client', [contender], nodeArgs),
    end: async () => {
      await Promise.all([...parts].map((part) => part.end()))
    },
  }
}
