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
  started: { type: 'started', attempt: 9 },
  reached: { type: 'reached', phase: 'dial' },
  opened: { type: 'opened', since: 50, resumed: false, protocol: 'news' },
  scheduled: { type: 'scheduled', attempt: 2, retryAt: 80, delayMs: 30, cause: { kind: 'reconnect' } },
  paused: { type: 'paused', cause: { kind: 'paused', label: 'mine' } },
  closing: { type: 'closing', deadline: 70, code: 4000, reason: 'done' },
  ended: { type: 'ended', cause: { kind: 'disposed' } },
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
    started: connecting,
    reached: 'same',
    opened: 'same',
    scheduled: waiting,
    paused: idle,
    closing: 'same',
    ended: closed,
  },
  connecting: {
    started: 'same',
    reached: dialling,
    opened: open,
    scheduled: waiting,
    paused: idle,
    closing: 'same',
    ended: closed,
  },
  open: {
    started: 'same',
    reached: 'same',
    opened: 'same',
    scheduled: waiting,
    paused: idle,
    closing,
    ended: closed,
  },
  waiting: {
    started: connecting,
    reached: 'same',
    opened: 'same',
    scheduled: waiting,
    paused: idle,
    closing: 'same',
    ended: closed,
  },
  closing: {
    started: 'same',
    reached: 'same',
    opened: 'same',
    scheduled: 'same',
    paused: 'same',
    closing: 'same',
    ended: closed,
  },
  closed: {
    started: 'same',
    reached: 'same',
    opened: 'same',
    scheduled: 'same',
    paused: 'same',
    closing: 'same',
    ended: 'same',
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

  it('connecting + reached the same phase -> the very same object', () => {
    expect(next(states.connecting, { type: 'reached', phase: 'resolve' })).toBe(states.connecting)
  })

  for (const kind of ['hidden', 'pagehide', 'attempts-exhausted'] as const) {
    it(`idle because of ${kind} + paused by the user -> idle because of the user`, () => {
      const from: State = {
        name: 'idle',
        cause: kind === 'attempts-exhausted' ? { kind, attempts: 2 } : { kind },
      }
      expect(next(from, events.paused)).toEqual(idle)
    })
  }

  for (const kind of ['hidden', 'pagehide'] as const) {
    it(`idle because of the user + paused because of ${kind} -> the very same object`, () => {
      expect(next(idle, { type: 'paused', cause: { kind } })).toBe(idle)
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
    const fourth: Row<'closing'> = { scheduled: () => states.waiting }
    // @ts-expect-error -- closed is the end
    const fifth: Row<'closed'> = { started: () => states.connecting }
    const allowed: Row<'open'> = { scheduled: () => states.waiting }
    expect([first, second, third, fourth, fifth, allowed]).toHaveLength(6)
  })
})
