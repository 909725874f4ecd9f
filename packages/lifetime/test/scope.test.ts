import { describe, expect, it } from 'vitest'
import { type Ledger, observeScopes, openLedger, Scope } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

const empty: Ledger = { timers: 0, listeners: 0, sockets: 0, closing: 0 }

function setUp() {
  const clock = new ManualClock()
  const ledger = openLedger()
  const scope = new Scope(clock, ledger)
  const log: string[] = []
  const note = (word: string) => () => {
    log.push(word)
  }
  return { clock, ledger, scope, log, note }
}

describe('Scope.end', () => {
  it('releases what is held, newest first', () => {
    const { scope, log, note } = setUp()
    scope.defer(note('first'))
    scope.defer(note('second'))
    scope.defer(note('third'))
    scope.end()
    expect(log).toEqual(['third', 'second', 'first'])
    expect(scope.ended).toBe(true)
  })

  it('does nothing the second time', () => {
    const { scope, log, note } = setUp()
    scope.defer(note('once'))
    scope.end()
    scope.end()
    expect(log).toEqual(['once'])
  })

  it('runs every release even when some throw, and throws what they threw together', () => {
    const { scope, log, note } = setUp()
    const [early, late] = [new Error('early'), new Error('late')]
    scope.defer(note('oldest'))
    scope.defer(() => {
      throw early
    })
    scope.defer(note('middle'))
    scope.defer(() => {
      throw late
    })
    const thrown = attempt(() => scope.end())
    expect(thrown).toBeInstanceOf(AggregateError)
    expect((thrown as AggregateError).errors).toEqual([late, early])
    expect(log).toEqual(['middle', 'oldest'])
    expect(scope.ended).toBe(true)
  })

  it('called inside a release neither repeats nor skips any', () => {
    const { scope, log, note } = setUp()
    scope.defer(note('oldest'))
    scope.defer(() => {
      log.push('ends again')
      scope.end()
    })
    scope.end()
    expect(log).toEqual(['ends again', 'oldest'])
  })

  it('leaves alone what a release gave back on the way', () => {
    const { scope, log, note } = setUp()
    const giveBack = scope.defer(note('early by hand'))
    scope.defer(giveBack)
    scope.end()
    expect(log).toEqual(['early by hand'])
  })
})

describe('Scope.defer', () => {
  it('returns a function that releases now, once, and forgets', () => {
    const { scope, log, note } = setUp()
    const release = scope.defer(note('released'))
    release()
    release()
    scope.end()
    expect(log).toEqual(['released'])
  })

  it('releases at once when the scope has ended', () => {
    const { scope, log, note } = setUp()
    scope.end()
    const release = scope.defer(note('at once'))
    expect(log).toEqual(['at once'])
    release()
    expect(log).toEqual(['at once'])
  })

  it('releases at once when called by a release of the same scope', () => {
    const { scope, log, note } = setUp()
    scope.defer(note('oldest'))
    scope.defer(() => {
      scope.defer(note('late comer'))
    })
    scope.end()
    expect(log).toEqual(['late comer', 'oldest'])
  })
})

describe('Scope.hold', () => {
  it('counts the thing for as long as it is held', () => {
    const { scope, ledger } = setUp()
    const release = scope.hold('sockets', () => {})
    scope.hold('sockets', () => {})
    expect(ledger.sockets).toBe(2)
    release()
    release()
    expect(ledger.sockets).toBe(1)
    scope.end()
    expect(ledger).toEqual(empty)
  })

  it('counts back to zero when the release throws', () => {
    const { scope, ledger } = setUp()
    scope.hold('closing', () => {
      throw new Error('refuses')
    })
    expect(attempt(() => scope.end())).toBeInstanceOf(AggregateError)
    expect(ledger).toEqual(empty)
  })

  it('counts nothing after the end', () => {
    const { scope, ledger } = setUp()
    scope.end()
    scope.hold('listeners', () => {})
    expect(ledger).toEqual(empty)
  })
})

describe('Scope.timeout', () => {
  it('runs once, when its time has come', async () => {
    const { clock, scope, ledger, log, note } = setUp()
    scope.timeout(100, note('due'))
    expect(ledger.timers).toBe(1)
    await clock.advance(99)
    expect(log).toEqual([])
    await clock.advance(1)
    await clock.advance(1_000)
    expect(log).toEqual(['due'])
    expect(ledger).toEqual(empty)
    scope.end()
  })

  it('is not held any more at the moment it runs', async () => {
    const { clock, scope, ledger } = setUp()
    let counted = -1
    scope.timeout(1, () => {
      counted = ledger.timers
    })
    await clock.advance(1)
    expect(counted).toBe(0)
    scope.end()
  })

  it('never runs after its release or after the end of the scope', async () => {
    const { clock, scope, log, note } = setUp()
    const cancel = scope.timeout(10, note('cancelled'))
    scope.timeout(10, note('ended'))
    cancel()
    scope.end()
    expect(clock.pending).toBe(0)
    scope.timeout(10, note('after the end'))
    expect(clock.pending).toBe(0)
    await clock.advance(20)
    expect(log).toEqual([])
  })

  it('takes a negative delay as zero', async () => {
    const { clock, scope, log, note } = setUp()
    scope.timeout(-5, note('due'))
    await clock.advance(0)
    expect(log).toEqual(['due'])
    scope.end()
  })

  it('chains delays above the 32 bits that platforms take', async () => {
    const monthMs = 30 * 86_400_000
    const asked: number[] = []
    const clock = new ManualClock()
    const recording = {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
      setTimeout(run: () => void, delayMs: number) {
        asked.push(delayMs)
        return clock.setTimeout(run, delayMs)
      },
    }
    const scope = new Scope(recording)
    let ranAfterMs = -1
    scope.timeout(monthMs, () => {
      ranAfterMs = clock.monotonicMs()
    })
    await clock.advance(monthMs)
    expect(ranAfterMs).toBe(monthMs)
    expect(asked).toEqual([2_147_483_647, monthMs - 2_147_483_647])
    scope.end()
  })

  it('is cancelled in the middle of a chain', async () => {
    const { clock, scope, ledger, log, note } = setUp()
    const cancel = scope.timeout(3 * 2_147_483_647, note('due'))
    await clock.advance(2_147_483_648)
    expect(ledger.timers).toBe(1)
    cancel()
    expect(clock.pending).toBe(0)
    expect(ledger).toEqual(empty)
    expect(log).toEqual([])
    scope.end()
  })

  it('never runs and holds nothing for Infinity', () => {
    const { clock, scope, ledger, note } = setUp()
    const cancel = scope.timeout(Number.POSITIVE_INFINITY, note('never'))
    expect(clock.pending).toBe(0)
    expect(ledger).toEqual(empty)
    cancel()
    scope.end()
  })
})

describe('Scope.listen', () => {
  it('listens until its release or until the end', () => {
    const { scope, ledger, log, note } = setUp()
    const target = new EventTarget()
    const unlisten = scope.listen(target, 'ping', note('first'))
    scope.listen(target, 'ping', note('second'))
    expect(ledger.listeners).toBe(2)
    target.dispatchEvent(new Event('ping'))
    unlisten()
    target.dispatchEvent(new Event('ping'))
    scope.end()
    target.dispatchEvent(new Event('ping'))
    expect(log).toEqual(['first', 'second', 'second'])
    expect(ledger).toEqual(empty)
  })

  it('registers nothing after the end', () => {
    const { scope, log, note } = setUp()
    const target = new EventTarget()
    scope.end()
    scope.listen(target, 'ping', note('heard'))
    target.dispatchEvent(new Event('ping'))
    expect(log).toEqual([])
  })

  it('keeps two listens with the same function apart', () => {
    const { scope, log, note } = setUp()
    const target = new EventTarget()
    const heard = note('heard')
    const unlisten = scope.listen(target, 'ping', heard)
    scope.child().listen(target, 'ping', heard)
    unlisten()
    target.dispatchEvent(new Event('ping'))
    expect(log).toEqual(['heard'])
    scope.end()
    target.dispatchEvent(new Event('ping'))
    expect(log).toEqual(['heard'])
  })
})

describe('Scope.child', () => {
  it('ends with its parent, in its place among what the parent holds', () => {
    const { scope, log, note } = setUp()
    scope.defer(note('before'))
    scope.child().defer(note('child'))
    scope.defer(note('after'))
    scope.end()
    expect(log).toEqual(['after', 'child', 'before'])
  })

  it('ended by itself is forgotten by its parent', () => {
    const { scope, log, note } = setUp()
    const child = scope.child()
    child.defer(note('child'))
    child.end()
    expect(log).toEqual(['child'])
    expect(scope.ended).toBe(false)
    scope.end()
    expect(log).toEqual(['child'])
  })

  it('ended by itself can be collected while the parent lives', async () => {
    const { scope } = setUp()
    observeScopes(undefined) // the watch for leaks would keep every scope alive
    const collected = new WeakRef(scope.child())
    collected.deref()?.end()
    await collect(collected)
    expect(collected.deref()).toBeUndefined()
    scope.end()
  })

  it('shares the clock and the ledger', () => {
    const { clock, scope, ledger } = setUp()
    const child = scope.child()
    child.timeout(10, () => {})
    expect(child.clock).toBe(clock)
    expect(ledger.timers).toBe(1)
    scope.end()
    expect(ledger).toEqual(empty)
  })

  it('of an ended scope has ended', () => {
    const { scope } = setUp()
    scope.end()
    expect(scope.child().ended).toBe(true)
  })

  it('that throws at its end does not keep its siblings from theirs', () => {
    const { scope, log, note } = setUp()
    scope.child().defer(note('older sibling'))
    scope.child().defer(() => {
      throw new Error('refuses')
    })
    expect(attempt(() => scope.end())).toBeInstanceOf(AggregateError)
    expect(log).toEqual(['older sibling'])
  })
})

function attempt(run: () => void): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

/** Forces collections until `reference` is empty; gives up after a while, and the assertion then says so. */
async function collect(reference: WeakRef<object>): Promise<void> {
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let round = 0; round < 20 && reference.deref() !== undefined; round += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}
