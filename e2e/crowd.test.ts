import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runCrowd } from './crowd/run-crowd.mjs'

// Small runs of what `npm run crowd` measures, all at once. Only what is counted: the machine may be busy.

const small = {
  clients: 60,
  drainClients: 60,
  processes: 2,
  backoffBaseMs: 100,
  backoffCapMs: 400,
  downMs: 200,
  spreadMs: 1_000,
  stormClients: 60,
  stormRate: 40,
  stormDownMs: 200,
  settleMs: 0,
  sessions: 30,
  sendEveryMs: 100,
  loadMs: 300,
  deadlineMs: 5_000,
  floodMs: 300,
}

test.concurrent.each([
  ['back', 'clients of a server that is killed, restarted or cut are all back'],
  ['drain', 'clients of a drained server all move'],
  ['storm', 'a small storm ends'],
  [
    'leave',
    'clients of a server that gets SIGTERM go on at another, and no message is missing without a word',
  ],
  ['flood', 'floods of pings are closed with 4429'],
])('%s: %s', async (name) => {
  const { parts } = await runCrowd({ ...small, only: [name] })
  const counts = parts.flatMap(({ bars }) => bars).filter(({ kind }) => kind === 'count')
  expect(counts.length).toBeGreaterThan(0)
  expect(counts.filter(({ met }) => !met)).toEqual([])
})

test.concurrent.each([
  [['--clients', '0'], /--clients: must be a whole number from 1 to 25000, received 0/],
  [['--down-ms', 'soon'], /--down-ms: must be a whole number from 0 to 10000000, received soon/],
  [['--only', 'back,front'], /--only: must name parts out of back, drain, .*, received front/],
  [['--client', '3'], /--client/],
])('bad arguments end with 2 and say what is wrong: %j', async (args, words) => {
  const program = fileURLToPath(new URL('crowd/run.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.on('data', (data) => {
    told += String(data)
  })
  const [code] = await once(child, 'close')
  expect(told).toMatch(words)
  expect(code).toBe(2)
})
