import { describe, expect, it } from 'vitest'
import { runCommand } from '../run/command.mjs'
import { runSteps } from '../run/steps.mjs'

async function run(steps) {
  const lines = []
  const tally = await runSteps(steps, { print: (line) => lines.push(line.replace(/\(\d+ ms\)/, '(… ms)')) })
  return { ...tally, lines }
}

const good = { name: 'good', run: () => ({ ok: true, output: 'quiet' }) }

describe('runSteps', () => {
  it('prints one line for a good step, and its output only when that is to be seen', async () => {
    const shown = { name: 'shown', run: () => ({ ok: true, output: 'numbers\n', show: true }) }
    const { lines, ...tally } = await run([good, shown])
    expect(lines).toEqual(['ok   good (… ms)', 'ok   shown (… ms)', '     numbers'])
    expect(tally).toEqual({ passed: 2, failed: 0 })
  })

  it('prints what a bad step says, and runs the others', async () => {
    const bad = { name: 'bad', run: () => ({ ok: false, output: 'first\nsecond\n' }) }
    const throwing = {
      name: 'throwing',
      run: () => {
        throw new Error('step broke')
      },
    }
    const { lines, ...tally } = await run([bad, throwing, good])
    expect(tally).toEqual({ passed: 1, failed: 2 })
    expect(lines.join('\n')).toContain('FAIL bad (… ms)\n     first\n     second')
    expect(lines.join('\n')).toContain('step broke')
  })

  it('runs as many at once as it is told', async () => {
    let [running, most] = [0, 0]
    const step = {
      name: 'counted',
      async run() {
        running += 1
        most = Math.max(most, running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        return { ok: true, output: '' }
      },
    }
    await runSteps([step, step, step, step], { atOnce: 2, print: () => {} })
    expect(most).toBe(2)
  })
})

describe('runCommand', () => {
  const node = (code, options) => runCommand(process.execPath, ['-e', code], options)

  it('tells the exit code as ok and keeps both outputs', async () => {
    expect(await node("console.log('out'); console.error('err')")).toEqual({
      ok: true,
      output: expect.stringMatching(/out\n[^]*err\n|err\n[^]*out\n/),
    })
    expect(await node('process.exit(3)')).toEqual({ ok: false, output: '' })
  })

  it('says when a program is missing, is ended or hangs', async () => {
    expect(await runCommand('no-such-program', [])).toMatchObject({ ok: false })
    expect((await node("process.kill(process.pid, 'SIGTERM')")).output).toContain('ended by SIGTERM')
    const hanging = await node('setInterval(() => {}, 1000)', { timeoutMs: 200 })
    expect(hanging).toEqual({ ok: false, output: expect.stringContaining('took longer than 0.2 s') })
  })
})
