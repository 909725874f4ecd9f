import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { GatheredWrites } from '../src/gathered-writes.ts'

/** A stream that notes what reaches the system together. */
function stream() {
  const calls: string[] = []
  const writable = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      calls.push(chunk)
      done()
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => chunk).join(''))
      done()
    },
  })
  const writes = new GatheredWrites(writable)
  const write = (text: string) => {
    writes.before()
    writable.write(text)
    writes.after()
  }
  return { calls, writable, writes, write }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('gathered writes', () => {
  it('lets the first write of a turn go at once', () => {
    const { calls, write } = stream()
    write('a')
    expect(calls).toEqual(['a'])
  })

  it('lets the further writes of a turn go together, when it ends', async () => {
    const { calls, write } = stream()
    for (const text of ['a', 'b', 'c', 'd']) write(text)
    expect(calls).toEqual(['a'])
    await nextTurn()
    expect(calls).toEqual(['a', 'bcd'])
  })

  it('begins anew with each turn', async () => {
    const { calls, write } = stream()
    write('a')
    write('b')
    await nextTurn()
    write('c')
    write('d')
    await nextTurn()
    expect(calls).toEqual(['a', 'b', 'c', 'd'])
  })

  it('gathers what promises write that settle in one turn', async () => {
    const { calls, write } = stream()
    await nextTurn()
    for (const text of ['a', 'b', 'c']) void Promise.resolve().then(() => write(text))
    await nextTurn()
    expect(calls).toEqual(['a', 'bc'])
  })

  it('holds back no more than 64 KiB', () => {
    const { calls, write } = stream()
    write('a')
    write('b'.repeat(65_535))
    expect(calls).toHaveLength(1)
    write('c')
    expect(calls.map(({ length }) => length)).toEqual([1, 65_536])
  })

  it('gives out on demand, and holds back again what is written after that', async () => {
    const { calls, write, writes } = stream()
    for (const text of ['a', 'b', 'c']) write(text)
    writes.flush()
    writes.flush()
    expect(calls).toEqual(['a', 'bc'])
    write('d')
    write('e')
    expect(calls).toEqual(['a', 'bc'])
    await nextTurn()
    expect(calls).toEqual(['a', 'bc', 'de'])
  })

  it('keeps streams apart', async () => {
    const [one, other] = [stream(), stream()]
    for (const text of ['a', 'b', 'c']) {
      one.write(text)
      other.write(text)
    }
    await nextTurn()
    expect([one.calls, other.calls]).toEqual([
      ['a', 'bc'],
      ['a', 'bc'],
    ])
  })

  it('loses nothing of a stream that is ended in the same turn', async () => {
    const { calls, writable, write } = stream()
    for (const text of ['a', 'b', 'c']) write(text)
    writable.end()
    await nextTurn()
    expect(calls.join('')).toBe('abc')
  })

  it('leaves a stream alone that was destroyed meanwhile', async () => {
    const { calls, writable, write } = stream()
    write('a')
    write('b')
    writable.destroy()
    await nextTurn()
    expect(calls).toEqual(['a'])
  })
})
