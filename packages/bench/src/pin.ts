import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Keeps a process on the first core, or lets it go back to all of them. Two processes that talk in turn on one core hand it to each
 * other; on two cores each answer wakes a core that sleeps, which on a virtual machine costs more than what is measured.
 * @returns whether the platform has `taskset` and did so
 */
export async function pin(pid: number, cores: 'first' | 'all'): Promise<boolean> {
  try {
    await run('taskset', ['-acp', cores === 'first' ? '0' : `0-${availableParallelism() - 1}`, String(pid)])
    return true
  } catch {
    // Elsewhere than on Linux there is no such command: then the figures have a wider spread.
    return false
  }
}
