import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const keeper = fileURLToPath(new URL('keeper.mjs', import.meta.url))

/** A program that ends with this process, however that ends, and takes with it everything it started. */
export interface Kept {
  /** Resolves with the first match in what the program says; rejects when it ends without saying so. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Ends the program, and resolves when it is gone. A second call does the same. */
  stop(): Promise<void>
}

/** Starts a program. What it says is read from stderr, and from descriptor 3 if it has use for one. */
export function startKept(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Kept {
  const child = spawn(process.execPath, [keeper, program, ...args], {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  }) as ChildProcessByStdio<Writable, null, Readable>
  const gone = once(child, 'exit')
  const outputs = [child.stderr, child.stdio[3] as Readable]
  let said = ''
  for (const output of outputs) output.on('data', (data) => (said = (said + String(data)).slice(-20_000)))
  return {
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(said)
          if (match) resolve(match)
        }
        for (const output of outputs) output.on('data', look)
        void gone.then(() => reject(new Error(`${program} ended: ${said}`)))
        look()
      }),
    async stop() {
      child.stdin.end()
      await gone
    },
  }
}
