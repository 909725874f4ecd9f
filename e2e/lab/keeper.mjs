// Runs a program with all that it starts, and ends them when stdin ends: also when the process that asked for it was killed
// and could tidy nothing up. `node keeper.mjs <program> <argument> …`
import { spawn } from 'node:child_process'

const [program, ...args] = process.argv.slice(2)
/** After this long a program that was asked to end is killed. */
const graceMs = 3_000

// `detached` makes it the leader of a process group, which can be ended as a whole.
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'inherit'], detached: true })
child.once('error', ({ message }) => {
  process.stderr.write(`${program} could not be started: ${message}\n`)
  process.exit(1)
})
child.once('exit', (code) => {
  endGroup('SIGKILL') // whatever it started and left behind
  process.exit(code ?? 0)
})
process.stdin.once('end', end).resume()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end)

function end() {
  endGroup('SIGTERM')
  setTimeout(() => endGroup('SIGKILL'), graceMs)
}

function endGroup(signal) {
  if (child.pid === undefined) return // it never started
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
