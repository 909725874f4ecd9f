import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Affinity } from '../src/pool/affinity.ts'
import { LeastPending, type Ranked } from '../src/pool/least-pending.ts'
import { Pace } from '../src/pool/pace.ts'

describe('LeastPending', () => {
  it('finds one with the fewest leases, whatever is leased, released, added and removed', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ act: fc.nat(3), which: fc.nat(7) }), { maxLength: 200 }), (steps) => {
        const ranks = new LeastPending<Ranked>()
        const all: Ranked[] = Array.from({ length: 8 }, () => ({ leases: 0, rank: -1 }))
        for (const { act, which } of steps) {
          const member = (act === 0 ? ranks.least : all[which]) ?? all[0]
          if (member === undefined) return
          const isRanked = member.rank !== -1
          ranks.remove(member)
          if (act < 2) member.leases += 1
          else if (act === 2) member.leases = Math.max(0, member.leases - 1)
          if (act !== 3 || !isRanked) ranks.add(member)
          const ranked = all.filter(({ rank }) => rank !== -1)
          expect(ranks.size).toBe(ranked.length)
          expect(ranks.least?.leases).toBe(ranked.map(({ leases }) => leases).sort((a, b) => a - b)[0])
        }
      }),
    )
  })
})

describe('Affinity', () => {
  it('keeps the keys used last: at least half of maxKeys, and never more than maxKeys', () => {
    const homes = new Affinity<number>(10)
    for (let key = 0; key < 100; key += 1) {
      homes.keep(key, key)
      for (let recent = Math.max(0, key - 4); recent <= key; recent += 1) {
        expect(homes.find(recent)).toBe(recent)
      }
      const kept = Array.from({ length: key + 1 }, (_, n) => homes.find(n)).filter((n) => n !== undefined)
      expect(kept.length).toBeLessThanOrEqual(10)
    }
  })

  it('forgets a member, in both of its generations', () => {
    const homes = new Affinity<object>(4)
    const [a, b] = [{}, {}]
    for (const [key, member] of [a, b, a, b].entries()) homes.keep(key, member)
    homes.forget(a)
    expect([0, 1, 2, 3].map((key) => homes.find(key))).toEqual([undefined, b, undefined, b])
  })
})

describe('Pace', () => {
  it('waits longer after each failure, up to 30 s, and starts anew after one that was stable', () => {
    const pace = new Pace(() => 1)
    const waits: number[] = []
    for (let failures = 0; failures < 7; failures += 1) {
      pace.ended(0, failures * 1_000)
      waits.push(pace.leftMs(0))
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    pace.ended(0, 10_000)
    pace.ended(100_000, 9_999)
    expect(pace.leftMs(100_000)).toBe(2_000)
    expect(pace.leftMs(101_500)).toBe(500)
    expect(pace.leftMs(200_000)).toBe(0)
  })
})
