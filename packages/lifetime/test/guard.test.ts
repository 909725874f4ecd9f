import { afterEach, describe, expect, it, vi } from 'vitest'
import { guard, surface } from '../src/index.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('guard', () => {
  it('passes the arguments on and returns undefined for a plain result', () => {
    const seen: unknown[] = []
    const run = (word: string, count: number) => seen.push(word, count)
    expect(guard(run, failOnReport, 'a', 2)).toBeUndefined()
    expect(seen).toEqual(['a', 2])
  })

  it('reports what the function throws', () => {
    const reported: unknown[] = []
    const run = () => {
      throw 'not even an Error'
    }
    expect(guard(run, (error) => reported.push(error))).toBeUndefined()
    expect(reported).toEqual(['not even an Error'])
  })

  it('reports what the promise rejects with, and its own promise resolves', async () => {
    const reported: unknown[] = []
    const error = new Error('broken promise')
    const settled = guard(
      () => Promise.reject(error),
      (reason) => void reported.push(reason),
    )
    await expect(settled).resolves.toBeUndefined()
    expect(reported).toEqual([error])
  })

  it('takes any object with a then method as a promise', async () => {
    const reported: unknown[] = []
    const thenable = { then: (_resolve: unknown, reject: (reason: unknown) => void) => reject('foreign') }
    await guard(
      () => thenable,
      (reason) => reported.push(reason),
    )
    expect(reported).toEqual(['foreign'])
  })

  it('reports a then that throws when it is read', () => {
    const reported: unknown[] = []
    const hostile = {
      get then() {
        throw 'hostile'
      },
    }
    expect(
      guard(
        () => hostile,
        (reason) => reported.push(reason),
      ),
    ).toBeUndefined()
    expect(reported).toEqual(['hostile'])
  })

  it('hands results that are not promises back as nothing', () => {
    for (const result of [null, undefined, 0, '', 'then', {}, { then: 1 }]) {
      expect(guard(() => result, failOnReport)).toBeUndefined()
    }
  })
})

describe('surface', () => {
  it('hands the error to reportError where the platform has it', () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const error = new Error('made visible')
    surface(error)
    expect(reported).toEqual([error])
  })

  it('throws the error in a microtask elsewhere, never into the caller', () => {
    const queued: (() => void)[] = []
    vi.stubGlobal('reportError', undefined)
    vi.stubGlobal('queueMicrotask', (run: () => void) => queued.push(run))
    const error = new Error('made visible')
    surface(error)
    expect(queued).toHaveLength(1)
    expect(() => queued[0]?.()).toThrow(error)
  })
})

function failOnReport(error: unknown): void {
  expect.fail(`nothing is to be reported, got ${String(error)}`)
}
