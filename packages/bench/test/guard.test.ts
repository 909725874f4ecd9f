import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleBench } from '../bundle.mjs'
import { contenderOf } from '../src/contenders.ts'
import type { EchoPlan } from '../src/echo.ts'
import { spreadOf } from '../src/figures.ts'
import { type Lab, openLab } from '../src/lab.ts'
import { allocatedPerMessage } from '../src/measures/allocation.ts'
import { measureEcho } from '../src/measures/echo.ts'

// What the bench measures, as far as it does not depend on the machine, or only within wide margins: so that nothing here gets
// worse without anybody noticing. The built packages are measured, as in the bench.

const cache = join(import.meta.dirname, '../node_modules/.cache')
let dir: string
let lab: Lab

beforeAll(async () => {
  mkdirSync(cache, { recursive: true })
  dir = mkdtempSync(join(cache, 'guard-'))
  const main = await bundleBench(dir)
  lab = openLab({
    quick: true,
    root: join(import.meta.dirname, '../../..'),
    bundle: join(main, '../child.mjs'),
    progress: () => {},
  })
}, 60_000)

afterAll(async () => {
  await lab.end()
  rmSync(dir, { recursive: true, force: true })
})

const allocated = (name: string) => allocatedPerMessage(lab, name, contenderOf(name).server)

describe('what a message costs', () => {
  it('objects of bounded size, relative to raw ws', { timeout: 120_000 }, async () => {
    const raw = await allocated('ws')
    expect((await allocated('holdfast')) / raw).toBeLessThan(1.6)
    expect((await allocated('holdfast resume')) / raw).toBeLessThan(2.2)
    expect((await allocated('holdfast batch')) / raw).toBeLessThan(1.5)
  })

  it('CPU time within twice the aim, relative to raw ws in the same run', { timeout: 120_000 }, async () => {
    const plan: EchoPlan = { bytes: 20, kind: 'text', messages: 5_000, window: 500 }
    const names = ['ws', 'holdfast', 'holdfast resume', 'holdfast batch']
    const costs = await measureEcho(lab, names.map(contenderOf), [{ ...plan, name: 'burst' }], 3)
    const cpu = (name: string) =>
      spreadOf((costs.get(name)?.get('burst') ?? []).map(({ cpuUs }) => cpuUs)).median
    expect(cpu('holdfast') / cpu('ws')).toBeLessThan(2)
    expect(cpu('holdfast resume') / cpu('ws')).toBeLessThan(2.3)
    expect(cpu('holdfast batch') / cpu('ws')).toBeLessThan(1.2)
  })
})

describe('what a session holds', () => {
  const count = 300

  it.each([
    ['holdfast', 16, 2],
    ['holdfast resume', 27, 2],
  ])(
    '%s: at most %d KiB while idle, and at most %d after its end',
    { timeout: 120_000 },
    async (name, idleKiB, leftKiB) => {
      const server = await lab.server(contenderOf(name).server)
      const client = await lab.client(name)
      const heldKiB = async () => (await client.ask<number>('heldBytes')) / 1_024
      // What the first sessions load and leave to the collector is no part of a session.
      await client.ask('open', { url: server.url, count })
      await client.ask('close')
      await client.ask('settle')
      const before = await heldKiB()
      await client.ask('open', { url: server.url, count })
      const during = await heldKiB()
      await client.ask('close')
      await client.ask('settle')
      const after = await heldKiB()
      await Promise.all([client.end(), server.end()])
      expect((during - before) / count).toBeLessThan(idleKiB)
      expect((after - before) / count).toBeLessThan(leftKiB)
    },
  )

  it.each(['holdfast', 'holdfast resume', 'holdfast batch'])(
    '%s: the same few timers, however many messages it carried',
    { timeout: 120_000 },
    async (name) => {
      const server = await lab.server(contenderOf(name).server)
      const client = await lab.client(name)
      await client.ask('open', { url: server.url })
      const timers = async () =>
        (await client.ask<readonly string[]>('active')).filter((one) => one === 'Timeout').length
      const before = await timers()
      await client.ask('echo', { bytes: 20, kind: 'text', messages: 2_000, window: 200 })
      const after = await timers()
      await Promise.all([client.end(), server.end()])
      expect(before).toBeLessThanOrEqual(4)
      expect(after).toBeLessThanOrEqual(5)
    },
  )
})
