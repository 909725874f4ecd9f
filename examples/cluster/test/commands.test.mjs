import { expect, it } from 'vitest'
import { commandsFor } from '../cluster/commands.mjs'

function commands() {
  const done = []
  const act = (verb) => async () => done.push(verb)
  const part = { state: 'up', kill: act('kill'), stop: act('stop'), start: act('start') }
  const run = commandsFor({
    parts: new Map([['a', part]]),
    forget: async () => 3,
    quit: () => done.push('quit'),
  })
  return { run, done }
}

it('carries out what it understands, and says what came of it', async () => {
  const { run, done } = commands()
  expect(await run('kill a')).toBe('a: up')
  expect(await run('  STOP   A \n')).toBe('a: up')
  expect(await run('start a')).toBe('a: up')
  expect(await run('quit')).toBe('ending')
  expect(await run('forget')).toBe('3 sessions forgotten')
  expect(await run('help')).toContain('SIGKILL')
  expect(done).toEqual(['kill', 'stop', 'start', 'quit'])
})

it.each(['', 'kill', 'kill c', 'kill a b', 'forget a', 'constructor a', 'end a'])(
  'refuses %j and names what there is',
  async (text) => {
    const { run, done } = commands()
    await expect(run(text)).rejects.toThrow(/^command: one of these is needed, received '.*'\n\n {2}kill a/)
    expect(done).toEqual([])
  },
)
