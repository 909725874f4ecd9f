import { describe, expect, test } from 'vitest'
import { Pair, payloads } from './pair.ts'

describe('a session on a wire that is cut', () => {
  test('delivers both ways on one connection', () => {
    const pair = new Pair()
    pair.connect()
    expect(pair.send('a')).toBe(1)
    expect(pair.serve('x')).toBe(1)
    expect(pair.atServer).toEqual(['a'])
    expect(pair.atClient).toEqual(['x'])
    expect(pair.mine('welcomed').map((action) => action.outcome.name)).toEqual(['first'])
    expect(pair.theirs('opened')).toHaveLength(1)
  })

  test('sends again what was lost with the connection, once and in order', () => {
    const pair = new Pair()
    const first = pair.connect()
    pair.send('a')
    pair.filter = () => false
    pair.send('b')
    pair.serve('x')
    pair.send('c')
    pair.serve('y')
    expect(pair.atServer).toEqual(['a'])
    pair.filter = () => true
    pair.cut(first)
    pair.connect()
    pair.send('d')
    expect(pair.atServer).toEqual(['a', 'b', 'c', 'd'])
    expect(pair.atClient).toEqual(['x', 'y'])
    expect(pair.mine('welcomed').map((action) => action.outcome.name)).toEqual(['first', 'resumed'])
  })

  test('hands back as uncertain what a crashed server may or may not have had', () => {
    const pair = new Pair()
    const first = pair.connect()
    pair.send('a')
    pair.crash()
    pair.cut(first)
    pair.connect()
    const [, second] = pair.mine('welcomed')
    if (second?.outcome.name !== 'gap') throw new Error('no gap')
    expect(second.outcome.reason).toBe('unknown')
    expect(payloads(second.outcome.handBack.uncertain)).toEqual(['a'])
    expect(pair.send('b')).toBe(1)
    expect(pair.atServer).toEqual(['a', 'b'])
  })

  test('says from the tombstone what an expired session had received', () => {
    const pair = new Pair()
    const first = pair.connect()
    pair.send('a')
    pair.filter = (from) => from === 'server'
    pair.send('b')
    pair.serve('x')
    pair.filter = () => true
    pair.cut(first)
    pair.expire('ttl')
    expect(
      pair.theirs('ended').map(({ reason, handBack }) => [reason, payloads(handBack.uncertain)]),
    ).toEqual([['expired', ['x']]])
    pair.connect()
    const [, second] = pair.mine('welcomed')
    if (second?.outcome.name !== 'gap') throw new Error('no gap')
    expect(second.outcome.reason).toBe('expired')
    expect(payloads(second.outcome.handBack.delivered)).toEqual(['a'])
    expect(payloads(second.outcome.handBack.undelivered)).toEqual(['b'])
  })

  test('survives two WELCOMEs lost in a row', () => {
    const pair = new Pair()
    const first = pair.connect()
    pair.send('a')
    pair.cut(first)
    pair.filter = (from) => from === 'client'
    pair.cut(pair.connect())
    pair.cut(pair.connect())
    pair.filter = () => true
    pair.connect()
    expect(pair.mine('welcomed').map((action) => action.outcome.name)).toEqual(['first', 'resumed'])
  })
})
