// The servers of the fleet: started, killed, stopped and continued, each behind a relay that stays.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRelay } from './relay.mjs'

const program = fileURLToPath(new URL('node.mjs', import.meta.url))

/** Makes one server of the fleet; `start` starts its first process. */
export async function fleetNode(
  name,
  { folder, redis, durable, sendEveryMs, deadlineMs = 5_000, handOverMs },
) {
  let lives = 0
  let child
  let port = 0
  const relay = await startRelay(() => port)
  process.once('exit', () => child?.kill('SIGKILL'))
  return {
    name,
    relay,
    /** Where the server itself listens. */
    get port() {
      return port
    },
    get life() {
      return `${name}.${lives}`
    },
    async start() {
      lives += 1
      const log = join(folder, `${name}.log`)
      const told = {
        port,
        redis,
        durable,
        log,
        life: `${name}.${lives}`,
        sendEveryMs,
        deadlineMs,
        handOverMs,
      }
      child = spawn(process.execPath, [program, JSON.stringify(told)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = once(child, 'exit').then(() => {
        throw new Error(`server ${name} did not start`)
      })
      const [line] = await Promise.race([once(child.stdout, 'data'), exited])
      exited.catch(() => {})
      ;({ port } = JSON.parse(String(line)))
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
    /** Asks it to end, and resolves with its exit code. */
    async terminate() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const [code] = await exited
      return code
    },
    signal: (signal) => child.kill(signal),
  }
}
