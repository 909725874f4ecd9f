import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A process of the bench: it answers what it is asked, one thing at a time. */
export interface Part {
  readonly pid: number
  /** @throws Error when the process says that it failed, or ends instead of answering */
  ask<Answer>(what: string, given?: object): Promise<Answer>
  /** Resolves when it listens; rejects when it ends before that. */
  readonly ready: Promise<void>
  /** Freezes and unfreezes it, as a suspended machine does. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** Resolves with the milliseconds since the epoch at which it ended. */
  readonly ended: Promise<number>
  end(): Promise<void>
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Starts a process with that role; `bundle` is the file of the bench itself. */
export function startPart(
  bundle: string,
  role: string,
  args: readonly string[] = [],
  nodeArgs: readonly string[] = [],
): Part {
  const child = fork(bundle, [role, ...args], {
    execArgv: ['--expose-gc', ...nodeArgs],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const ended = once(child, 'exit').then(() => {
    for (const { reject } of waiting.values())
      reject(new Error(`${role} ${args.join(' ')}: ended without an answer`))
    waiting.clear()
    return Date.now()
  })
  child.on('message', ({ id, value, error }: Reply) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(value)
    else asked?.reject(new Error(`${role} ${args.join(' ')}: ${error}`))
  })
  let asks = 0
  // The first word of a process says that it is there: number 0.
  const ready = new Promise<void>((resolve, reject) => {
    waiting.set(0, { resolve: () => resolve(), reject })
  })
  return {
    pid: child.pid ?? 0,
    ready,
    ask: <Answer>(what: string, given: object = {}) =>
      new Promise<Answer>((resolve, reject) => {
        asks += 1
        waiting.set(asks, { resolve, reject })
        child.send({ id: asks, what, ...given })
      }),
    signal: (name) => void child.kill(name),
    ended,
    end: () => kill(child, ended),
  }
}

async function kill(child: ChildProcess, ended: Promise<number>): Promise<void> {
  child.kill('SIGKILL')
  await ended
}

/** Answers questions in a process of the bench, until its parent has gone. */
export function answerParent(answers: Readonly<Record<string, (given: never) => unknown>>): void {
  process.on('message', async (message: { readonly id: number; readonly what: string }) => {
    const { id, what } = message
    try {
      const answer = answers[what]
      if (answer === undefined) throw new Error(`nobody answers ${what}`)
      process.send?.({ id, value: await answer(message as never) })
    } catch (error) {
      process.send?.({ id, error: String((error as Error).stack ?? error) })
    }
  })
  process.on('disconnect', () => process.exit())
}
