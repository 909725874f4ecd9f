import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ChatPage } from './cluster/chat-page.ts'
import { type Example, startExample } from './cluster/example.ts'
import { launchChromium, uncaughtIn } from './lab/chromium.ts'
import { faintText } from './playground/contrast.ts'

/** Asks again until it is so; a loaded machine is slow, not broken. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 })
const other = (node: string) => (node === 'a' ? 'b' : 'a')

describe('the chat on two nodes', () => {
  let example: Example
  let browser: Browser
  let address: string

  beforeAll(async () => {
    example = startExample()
    browser = await launchChromium()
    address = await example.address
  })
  afterAll(async () => {
    await browser.close()
    await example.dispose()
  })

  async function come(
    name: string,
    look: { viewport?: { width: number; height: number }; colorScheme?: 'dark' | 'light' } = {},
  ) {
    const page = await browser.newPage(look)
    page.setDefaultTimeout(20_000)
    const problems = uncaughtIn(page)
    const chat = new ChatPage(page, name)
    onTestFinished(async () => {
      await page.close()
      expect(problems).toEqual([])
    })
    await chat.enter(address)
    return chat
  }

  test('every line arrives once and in order at both, while a node is killed and another is stopped', async () => {
    const [ada, bob] = [await come('Ada'), await come('Bob')]
    const first = await ada.node()
    expect(await bob.node()).toBe(other(first))
    await ada.chatter(true)
    await bob.chatter(true)
    await eventually(async () => (await ada.lines()).length).toBeGreaterThan(6)

    await bob.command('Kill −9', first, 'down')
    expect(await ada.node(first)).toBe(other(first))
    await bob.command('Start', first, 'up')
    await ada.command('Stop', other(first), 'down')
    expect([await ada.node(other(first)), await bob.node(other(first))]).toEqual([first, first])
    await ada.command('Start', other(first), 'up')

    const atMove = (await bob.lines()).length
    await eventually(async () => (await bob.lines()).length).toBeGreaterThan(atMove + 6)
    await ada.chatter(false)
    await bob.chatter(false)
    await ada.say('the end')
    await eventually(ada.underWay.bind(ada)).toEqual([])
    await eventually(bob.underWay.bind(bob)).toEqual([])
    await eventually(async () => (await bob.lines()).includes('Ada: the end')).toBe(true)

    const lines = await ada.lines()
    await eventually(bob.lines.bind(bob)).toEqual(lines)
    for (const { name } of [ada, bob]) {
      const own = lines.filter((line) => line.startsWith(`${name}: line`))
      expect(own.length).toBeGreaterThan(6)
      expect(own).toEqual(own.map((_, index) => `${name}: line ${index + 1}`))
    }
    expect(await ada.findings()).toEqual(['0', '0', '0', '0'])
    expect(await bob.findings()).toEqual(['0', '0', '0', '0'])
  })

  test('a line waits while Redis is dead, and a session that Redis forgot is a gap that is told', async () => {
    const [cyd, dan] = [await come('Cyd'), await come('Dan')]
    await cyd.command('Kill −9', 'redis', 'down')
    await cyd.say('into the dark')
    await eventually(cyd.underWay.bind(cyd)).toEqual(['written'])
    await cyd.command('Start', 'redis', 'up')
    await eventually(cyd.underWay.bind(cyd)).toEqual([])
    await eventually(() => cyd.page.locator('.line.own .tick').last().innerText()).toBe('✓✓ acked')
    expect(await cyd.findings()).toEqual(['0', '0', '0', '0'])

    await cyd.page.click('#forget')
    await cyd.page.locator('#desk-says', { hasText: 'sessions forgotten' }).waitFor()
    await cyd.say('is anybody there?')
    await cyd.page.locator('.note.gap', { hasText: 'the servers lost your session' }).waitFor()
    // Nothing proves whether it was heard, until the room is read again: then it is there, or it is said so.
    await eventually(cyd.underWay.bind(cyd)).not.toContain('uncertain')
    if ((await cyd.underWay()).includes('absent')) await cyd.page.getByText('Say it again').click()
    await eventually(async () => (await dan.lines()).at(-1)).toBe('Cyd: is anybody there?')
    await eventually(async () => (await cyd.lines()).at(-1)).toBe('Cyd: is anybody there?')
    expect((await cyd.findings()).at(-1)).toBe('1')
  })

  test('who is here is known at both nodes, and who has left is not', async () => {
    const [eve, fay] = [await come('Eve'), await come('Fay')]
    const people = () => eve.page.locator('#people li').allInnerTexts()
    await eventually(people).toEqual([`Eve, node ${await eve.node()}`, `Fay, node ${await fay.node()}`])
    await fay.page.click('#leave')
    await eventually(people).toEqual([`Eve, node ${await eve.node()}`])
  })

  test.each([
    ['a narrow screen in the dark', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
    ['a wide one by day', { viewport: { width: 1280, height: 800 }, colorScheme: 'light' }],
  ] as const)('the page can be read on %s', async (_, look) => {
    const gil = await come('Gil', look)
    await gil.say('a word'.repeat(40))
    await gil.page.locator('.line.own').waitFor()
    expect(await faintText(gil.page)).toEqual([])
    const widths = () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]
    const [needed, there] = await gil.page.evaluate(widths)
    expect(needed).toBe(there)
  })

  test('SIGINT ends all of it, with people in the room', async () => {
    await come('Hal')
    expect(await example.processes()).toHaveLength(3)
    example.kill('SIGINT')
    expect(await example.ended).toEqual([0, null])
    expect(example.leftovers()).toEqual([])
  })
})

test('everything ends when the program that started it is killed', async () => {
  const example = startExample()
  onTestFinished(() => example.dispose())
  await example.address
  await example.processes()
  example.kill('SIGKILL')
  await example.ended
  await eventually(() => example.leftovers()).toEqual([])
})

test('a part that does not start ends all of it, and is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-redis-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const redis = join(folder, 'redis')
  writeFileSync(redis, '#!/bin/sh\n[ "$1" = --version ] && echo "Redis server v=0" || exit 3\n')
  chmodSync(redis, 0o755)
  const example = startExample({ HOLDFAST_REDIS: redis })
  onTestFinished(() => example.dispose())
  expect(await example.ended).toEqual([1, null])
  expect(example.output()).toContain('npm run cluster: redis: ended before it was ready')
  expect(example.leftovers()).toEqual([])
})
