import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// Short runs of `npm run soak` and `npm run kills`.

const program = fileURLToPath(new URL('proof/run.mjs', import.meta.url))

async function run(
  ...args: readonly string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (data) => {
      output[name] += String(data)
    })
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ...output }
}

test('over eight resets at random bytes nothing is lost, doubled or out of order between two processes', async () => {
  const { code, stdout, stderr } = await run('soak', '--seconds', '5', '--resets', '8', '--json')
  expect(stderr).toBe('')
  const whole = { lost: 0, duplicated: 0, reordered: 0, invented: 0 }
  const report = JSON.parse(stdout) as { up: { accepted: number }; down: { accepted: number } }
  expect(report).toMatchObject({ resets: 8, gaps: 0, refused: 0, up: whole, down: whole, holds: true })
  expect(Math.min(report.up.accepted, report.down.accepted)).toBeGreaterThan(1_000)
  expect(code).toBe(0)
})

test('a server that is killed three times costs one gap each, and every message has one true fate', async () => {
  const { code, stdout, stderr } = await run('kills', '--rounds', '3', '--json')
  expect(stderr).toBe('')
  const report = JSON.parse(stdout) as {
    fates: Record<string, number>
    inFlight: { up: number; down: number }
  }
  expect(report).toMatchObject({ rounds: 3, broken: [], holds: true })
  expect(Object.keys(report.fates).sort()).toEqual(['acked', 'uncertain', 'undelivered'])
  expect(report.inFlight.up).toBeGreaterThanOrEqual(500)
  expect(report.inFlight.down).toBeGreaterThanOrEqual(500)
  expect(code).toBe(0)
})

test.each([
  [['soak', '--seconds', '0'], /--seconds: must be a whole number from 1 to 86400, received 0/],
  [['kills', '--rounds', 'many'], /--rounds: must be a whole number from 1 to 100000, received many/],
  [['kills', '--round', '3'], /--round/],
  [['neither'], /usage: run\.mjs soak\|kills .*received neither/],
])('bad arguments end with 2 and say what is wrong: %j', async (args, words) => {
  const { code, stderr } = await run(...args)
  expect(stderr).toMatch(words)
  expect(code).toBe(2)
})
