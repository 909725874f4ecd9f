import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { pin } from './pin.ts'

/** A process of the bench: it answers what it is asked, one thing at a time. */
export interface Part {
  /** @throws Error when the process says that it failed, or ends instead of answering */
  ask<Answer>(what: string, given?: object): Promise<Answer>
  /** Resolves when it listens; rejects when it ends before that. */
  readonly ready: Promise<void>
  /** Keeps it on the first core, or on all; `false` where that cannot be said. */
  keepOn(cores: 'first' | 'all'): Promise<boolean>
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
  const questions = new Questions(`${role} ${args.join(' ')}`)
  const ended = once(child, 'exit').then(() => {
    questions.end()
    return Date.now()
  })
  child.on('message', (reply: Reply) => questions.answered(reply))
  return {
    // The first word of a process says that it is there.
    ready: questions.ask<void>(() => {}),
    ask: (what, given = {}) => questions.ask((id) => void child.send({ id, what, ...given })),
    keepOn: (cores) => pin(child.pid ?? 0, cores),
    signal: (name) => void child.kill(name),
    ended,
    end: () => kill(child, ended),
  }
}

/** Questions to a process that have no answer yet, by number. */
class Questions {
  readonly #of: string
  readonly #open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #asked = 0

  /** @param of names the process in errors */
  constructor(of: string) {
    this.#of = of
  }

  ask<Answer>(send: (id: number) => void): Promise<Answer> {
    const id = this.#asked
    this.#asked += 1
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject })
      send(id)
    })
  }

  answered({ id, value, error }: Reply): void {
    const question = this.#open.get(id)
    this.#open.delete(id)
    if (error === undefined) question?.resolve(value)
    else question?.reject(new Error(`${this.#of}: ${error}`))
  }

  /** Nobody answers any more. */
  end(): void {
    for (const { reject } of this.#open.values()) reject(new Error(`${this.#of}: ended without an answer`))
    this.#open.clear()
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
