import { describe, expect, it } from 'vitest'
import type { Cause } from '../src/index.ts'
import { next, type Row, type State, type StateEvent, scopesEndedBy } from '../src/state.ts'

const cause: Cause = { kind: 'lost' }

const states: { readonly [Name in State['name']]: Extract<State, { name: Name }> } = {
  idle: { name: 'idle', cause: { kind: 'not-started' } },
  connecting: { name: 'connecting', attempt: 3, phase: 'resolve' },
  open: { name: 'open', since: 5, resumed: 'first', protocol: 'chat' },
  waiting: { name: 'waiting', attempt: 4, retryAt: 900, delayMs: 100, cause },
  closing: { name: 'closing', deadline: 7, code: 1000, reason: 'bye' },
  closed: { name: 'closed', cause },
}

const events: { readonly [Type in StateEvent['type']]: Extract<StateEvent, { type: Type }> } = {
  connecting: { type: 'connecting', attempt: 9 },
  phase: { type: 'phase', phase: 'dial' },
  open: { type: 'open', since: 50, resumed: false, protocol: 'news' },
  waiting: { type: 'waiting', attempt: 2, retryAt: 80, delayMs: 30, cause: { kind: 'reconnect' } },
  idle: { type: 'idle', cause: { kind: 'paused', label: 'mine' } },
  closing: { type: 'closing', deadline: 70, code: 4000, reason: 'done' },
  closed: { type: 'closed', cause: { kind: 'disposed' } },
}

const connecting: State = { name: 'connecting', attempt: 9, phase: 'admit' }
const dialling: State = { name: 'connecting', attempt: 3, phase: 'dial' }
const open: State = { name: 'open', since: 50, resumed: false, protocol: 'news' }
const waiting: State = {
  name: 'waiting',
  attempt: 2,
  retryAt: 80,
  delayMs: 30,
  cause: { kind: 'reconnect' },
}
const idle: State = { name: 'idle', cause: { kind: 'paused', label: 'mine' } }
const closing: State = { name: 'closing', deadline: 70, code: 4000, reason: 'done' }
const closed: State = { name: 'closed', cause: { kind: 'disposed' } }

/** Every state with every event. `same`: the very same object. */
const edges: {
  readonly [Name in State['name']]: { readonly [Type in StateEvent['type']]: State | 'same' }
} = {
  idle: {
    connecting: connecting,
    phase: 'same',
    open: 'same',
    waiting: waiting,
    idle: idle,
    closing: 'same',
    closed,
  },
  connecting: {
    connecting: 'same',
    phase: dialling,
    open,
    waiting: waiting,
    idle: idle,
    closing: 'same',
    closed,
  },
  open: {
    connecting: 'same',
    phase: 'same',
    open: 'same',
    waiting: waiting,
    idle: idle,
    closing,
    closed,
  },
  waiting: {
    connecting: connecting,
    phase: 'same',
    open: 'same',
    waiting: waiting,
    idle: idle,
    closing: 'same',
    closed,
  },
  closing: {
    connecting: 'same',
    phase: 'same',
    open: 'same',
    waiting: 'same',
    idle: 'same',
    closing: 'same',
    closed,
  },
  closed: {
    connecting: 'same',
    phase: 'same',
    open: 'same',
    waiting: 'same',
    idle: 'same',
    closing: 'same',
    closed: 'same',
  },
}

const names = Object.keys(states) as State['name'][]
const types = Object.keys(events) as StateEvent['type'][]

describe('next()', () => {
  for (const name of names) {
    for (const type of types) {
      const to = edges[name][type]
      it(`${name} + ${type} -> ${to === 'same' ? name : to.name}`, () => {
        const from = states[name]
        const frozen = structuredClone(from)
        const state = next(from, events[type])
        if (to === 'same') expect(state).toBe(from)
        else expect(state).toStrictEqual(to)
        expect(from).toEqual(frozen)
      })
    }
  }

  it('connecting + the same phase -> the very same object', () => {
    expect(next(states.connecting, { type: 'phase', phase: 'resolve' })).toBe(states.connecting)
  })

  for (const kind of ['hidden', 'pagehide', 'attempts-exhausted'] as const) {
    it(`idle because of ${kind} + paused by the user -> idle because of the user`, () => {
      const from: State = {
        name: 'idle',
        cause: kind === 'attempts-exhausted' ? { kind, attempts: 2 } : { kind },
      }
      expect(next(from, events.idle)).toEqual(idle)
    })
  }

  for (const kind of ['hidden', 'pagehide'] as const) {
    it(`idle because of the user + paused because of ${kind} -> the very same object`, () => {
      expect(next(idle, { type: 'idle', cause: { kind } })).toBe(idle)
    })
  }
})

describe('scopesEndedBy()', () => {
  const ended: Record<string, string[]> = {}
  for (const from of names) {
    for (const to of names) {
      const which = scopesEndedBy(states[from], { ...states[to] })
      ended[which] = [...(ended[which] ?? []), `${from} -> ${to}`]
    }
  }

  it('a move within connecting ends nothing, and no move ends nothing', () => {
    expect(ended['none']).toEqual(['connecting -> connecting'])
    for (const name of names) expect(scopesEndedBy(states[name], states[name])).toBe('none')
  })

  it('what becomes open or closing keeps its connection', () => {
    expect(ended['state']).toEqual(names.flatMap((from) => [`${from} -> open`, `${from} -> closing`]))
  })
})

describe('the diagram is a type', () => {
  it('a row that moves where the diagram does not allow it does not compile', () => {
    // @ts-expect-error -- open cannot become connecting
    const first: Row<'open'> = { started: () => ({ name: 'connecting', attempt: 1, phase: 'admit' }) }
    // @ts-expect-error -- idle cannot become open
    const second: Row<'idle'> = { opened: () => states.open }
    // @ts-expect-error -- waiting cannot become closing
    const third: Row<'waiting'> = { closing: () => states.closing }
    // @ts-expect-error -- closing cannot become waiting
    const fourth: Row<'closing'> = { waiting: () => states.waiting }
    // @ts-expect-error -- closed is the end
    const fifth: Row<'closed'> = { started: () => states.connecting }
    const allowed: Row<'open'> = { waiting: () => states.waiting }
    expect([first, second, third, fourth, fifth, allowed]).toHaveLength(6)
  })
})
