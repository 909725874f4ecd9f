import { describe, expect, it, vi } from 'vitest'
import { Line } from '../src/line.ts'
import { openScope } from './world.ts'

/** Lets the promises of the library settle; it has no timers of its own here. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

describe('Line', () => {
  it('makes one connection for each dial, once the one before was given up', async () => {
    const line = new Line(openScope())
    const opened: string[] = []
    const dial = (name: string) => line.dial(() => opened.push(name))
    dial('one')
    await settle()
    expect(opened).toEqual(['one'])
    line.hangUp()
    await settle()
    dial('two')
    await settle()
    expect(opened).toEqual(['one', 'two'])
  })

  it('asks for nothing and makes nothing by itself, however long it waits', async () => {
    vi.useFakeTimers()
    try {
      const scope = openScope()
      const line = new Line(scope)
      const open = vi.fn()
      line.dial(open)
      await settle()
      line.hangUp()
      await vi.advanceTimersByTimeAsync(86_400_000)
      await settle()
      expect(open).toHaveBeenCalledTimes(1)
      scope.end()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('leaves no timer running while a connection is held', async () => {
    vi.useFakeTimers()
    try {
      const line = new Line(openScope())
      line.dial(() => {})
      await settle()
      await vi.advanceTimersByTimeAsync(1)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('forgets a dial that was taken back before it was made', async () => {
    const line = new Line(openScope())
    const taken = vi.fn()
    line.dial(taken)
    line.hangUp()
    await settle()
    const second = vi.fn()
    line.dial(second)
    await settle()
    expect(taken).not.toHaveBeenCalled()
    expect(second).toHaveBeenCalledTimes(1)
  })

  it('makes the later of two dials', async () => {
    const line = new Line(openScope())
    const [first, second] = [vi.fn(), vi.fn()]
    line.dial(first)
    line.dial(second)
    await settle()
    expect(first).not.toHaveBeenCalled()
    expect(second).toHaveBeenCalledTimes(1)
  })

  it('can be given up and dialled again at every step on the way, any number of times', async () => {
    for (let turns = 0; turns < 25; turns += 1) {
      const scope = openScope()
      const line = new Line(scope)
      const open = vi.fn()
      for (let round = 0; round < 3; round += 1) {
        line.dial(() => {})
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
        line.hangUp()
      }
      line.dial(open)
      await settle()
      expect([turns, open.mock.calls.length]).toEqual([turns, 1])
      scope.end()
    }
  })

  it('may be given up inside the making of the socket', async () => {
    const line = new Line(openScope())
    line.dial(() => line.hangUp())
    await settle()
    const open = vi.fn()
    line.dial(open)
    await settle()
    expect(open).toHaveBeenCalledTimes(1)
  })

  it('makes nothing any more after the end of its scope, whatever was on the way', async () => {
    for (let turns = 0; turns < 25; turns += 1) {
      const scope = openScope()
      const line = new Line(scope)
      const open = vi.fn()
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      line.dial(open)
      scope.end()
      line.dial(open)
      await settle()
      line.hangUp()
      await settle()
      expect(open).not.toHaveBeenCalled()
    }
  })

  it('prints nothing', async () => {
    const log = vi.spyOn(console, 'log')
    try {
      const line = new Line(openScope())
      line.dial(() => {})
      await settle()
      line.hangUp()
      await settle()
      expect(log).not.toHaveBeenCalled()
    } finally {
      log.mockRestore()
    }
  })
})
