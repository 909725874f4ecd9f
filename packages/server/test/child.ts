import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterwards } from './running.ts'

/** A Node process of a test, with what it printed so far. */
export interface Child {
  readonly process: ChildProcess
  readonly out: () => string
  readonly err: () => string
  /** The exit code, once all output is there. */
  readonly exit: Promise<number | null>
}

/** Runs Node; killed after the test if still alive. */
export function node(...args: readonly string[]): Child {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  afterwards(() => child.kill('SIGKILL'))
  const text = { out: '', err: '' }
  child.stdout.on('data', (data) => (text.out += String(data)))
  child.stderr.on('data', (data) => (text.err += String(data)))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  return { process: child, out: () => text.out, err: () => text.err, exit }
}
