import { describe, expect, it } from 'vitest'
import { Emitter, openLedger, Scope } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

interface Events {
  readonly word: string
  readonly other: number
}

function setUp() {
  const ledger = openLedger()
  const scope = new Scope(new ManualClock(), ledger)
  const reported: unknown[] = []
  const emitter = new Emitter<Events>(scope, (error) => reported.push(error))
  const log: string[] = []
  const note = (name: string) => (word: string) => {
    log.push(`${name} ${word}`)
  }
  return { ledger, scope, emitter, reported, log, note }
}

describe('Emitter.emit', () => {
  it('calls the handlers of that type, in the order of their registration', () => {
    const { scope, emitter, log, note } = setUp()
    emitter.on('word', note('first'))
    emitter.on('word', note('second'))
    emitter.on('other', () => log.push('other'))
    void emitter.emit('word', 'hello')
    expect(log).toEqual(['first hello', 'second hello'])
    scope.end()
  })

  it('reports a handler that throws and still calls the others', () => {
    const { scope, emitter, reported, log, note } = setUp()
    const error = new Error('broken handler')
    emitter.on('word', () => {
      throw error
    })
    emitter.on('word', note('next'))
    expect(emitter.emit('word', 'a')).toBeUndefined()
    void emitter.emit('word', 'b')
    expect(reported).toEqual([error, error])
    expect(log).toEqual(['next a', 'next b'])
    scope.end()
  })

  it('reports a handler that rejects and still calls the others', async () => {
    const { scope, emitter, reported, log, note } = setUp()
    const error = new Error('broken promise')
    emitter.on('word', () => Promise.reject(error))
    emitter.on('word', note('next'))
    const unsettled = emitter.emit('word', 'a')
    expect(log).toEqual(['next a'])
    await Promise.all(unsettled ?? [])
    expect(reported).toEqual([error])
    scope.end()
  })

  it('returns one promise for each handler that returned one, and undefined when none did', async () => {
    const { scope, emitter, note } = setUp()
    emitter.on('word', note('plain'))
    expect(emitter.emit('word', 'a')).toBeUndefined()
    emitter.on('word', async () => {})
    emitter.on('word', () => Promise.reject(new Error('reported')))
    expect(await Promise.all(emitter.emit('word', 'a') ?? [])).toHaveLength(2)
    scope.end()
  })

  it('does not call a handler that an earlier one removed', () => {
    const { scope, emitter, log, note } = setUp()
    emitter.on('word', () => undo())
    const undo = emitter.on('word', note('removed'))
    emitter.on('word', note('last'))
    void emitter.emit('word', 'a')
    expect(log).toEqual(['last a'])
    scope.end()
  })

  it('calls no further handler once one of them ended the scope', () => {
    const { scope, emitter, log, note } = setUp()
    emitter.on('word', () => scope.end())
    emitter.on('word', note('after the end'))
    void emitter.emit('word', 'a')
    expect(log).toEqual([])
  })

  it('calls a handler added during an emission from the next one on', () => {
    const { scope, emitter, log, note } = setUp()
    const late = note('late')
    const undo = emitter.on('word', () => {
      undo()
      emitter.on('word', late)
    })
    void emitter.emit('word', 'a')
    expect(log).toEqual([])
    void emitter.emit('word', 'b')
    expect(log).toEqual(['late b'])
    scope.end()
  })

  it('is legal inside a handler, and each emission returns its own promises', async () => {
    const { scope, emitter, log } = setUp()
    let inner: readonly Promise<void>[] | undefined
    emitter.on('word', async (word) => {
      log.push(`async ${word}`)
    })
    emitter.on('word', (word) => {
      log.push(`sync ${word}`)
      if (word === 'outer') inner = emitter.emit('word', 'inner')
    })
    emitter.on('word', async () => {})
    const outer = emitter.emit('word', 'outer')
    expect(log).toEqual(['async outer', 'sync outer', 'async inner', 'sync inner'])
    expect(await Promise.all(inner ?? [])).toHaveLength(2)
    expect(await Promise.all(outer ?? [])).toHaveLength(2)
    scope.end()
  })
})

describe('Emitter.on', () => {
  it('delivers once to a function registered twice, until both are undone', () => {
    const { scope, emitter, ledger, log, note } = setUp()
    const handler = note('once')
    const [undoFirst, undoSecond] = [emitter.on('word', handler), emitter.on('word', handler)]
    expect(ledger.listeners).toBe(2)
    void emitter.emit('word', 'a')
    undoFirst()
    undoFirst()
    void emitter.emit('word', 'b')
    undoSecond()
    void emitter.emit('word', 'c')
    expect(log).toEqual(['once a', 'once b'])
    expect(ledger.listeners).toBe(0)
    scope.end()
  })

  it('takes the same function for two types as two subscriptions', () => {
    const { scope, emitter, log } = setUp()
    const handler = (event: string | number) => log.push(String(event))
    const undo = emitter.on('word', handler)
    emitter.on('other', handler)
    undo()
    void emitter.emit('word', 'a')
    void emitter.emit('other', 1)
    expect(log).toEqual(['1'])
    scope.end()
  })

  it('ends the subscription when its signal aborts, and then holds nothing', () => {
    const { scope, emitter, ledger, log, note } = setUp()
    const controller = new AbortController()
    emitter.on('word', note('until aborted'), { signal: controller.signal })
    void emitter.emit('word', 'a')
    controller.abort()
    void emitter.emit('word', 'b')
    expect(log).toEqual(['until aborted a'])
    expect(ledger.listeners).toBe(0)
    scope.end()
  })

  it('undone by hand leaves no listener on the signal', () => {
    const { scope, emitter, ledger, note } = setUp()
    const controller = new AbortController()
    const undo = emitter.on('word', note('undone'), { signal: controller.signal })
    expect(ledger.listeners).toBe(2)
    undo()
    expect(ledger.listeners).toBe(0)
    controller.abort()
    scope.end()
  })

  it('registers nothing when the signal has aborted already', () => {
    const { scope, emitter, ledger, log, note } = setUp()
    const undo = emitter.on('word', note('never'), { signal: AbortSignal.abort() })
    void emitter.emit('word', 'a')
    expect(log).toEqual([])
    expect(ledger.listeners).toBe(0)
    undo()
    scope.end()
  })

  it('registers nothing after the end of the scope', () => {
    const { scope, emitter, ledger, log, note } = setUp()
    scope.end()
    emitter.on('word', note('never'), { signal: new AbortController().signal })
    void emitter.emit('word', 'a')
    expect(log).toEqual([])
    expect(emitter.has('word')).toBe(false)
    expect(ledger.listeners).toBe(0)
  })
})

describe('Emitter.has', () => {
  it('tells whether anyone listens for a type', () => {
    const { scope, emitter, note } = setUp()
    expect(emitter.has('word')).toBe(false)
    const undo = emitter.on('word', note('someone'))
    expect(emitter.has('word')).toBe(true)
    expect(emitter.has('other')).toBe(false)
    undo()
    expect(emitter.has('word')).toBe(false)
    scope.end()
  })
})
