import { expect, it } from 'vitest'
import { serveVisit } from '../node/visit.mjs'

/** A session at a node, with a room of so many lines of which the node has given out the first `cursor`. */
function visitOf({ lines, cursor, read = (after, upTo) => range(after + 1, upTo) }) {
  const room = { id: 'room', name: 'lobby', appended: [], last: lines }
  room.read = async (after, upTo) => read(after, upTo).map((n) => ({ n, text: `line ${n}` }))
  room.append = async (session, received, { text }) => room.appended.push([session, received, text])
  const tail = {
    cursor,
    async advance() {
      tail.cursor = room.last
    },
  }
  const told = []
  let heard
  const session = {
    id: 'ada',
    principal: 'Ada',
    received: 0,
    state: { name: 'attached' },
    send: (text) => told.push(JSON.parse(text)),
    on: (type, handler) => {
      if (type === 'message') heard = handler
    },
  }
  const hub = { register() {}, join: () => told.push({ kind: 'joined', at: tail.cursor }) }
  serveVisit(session, { node: 'a', room, tail, hub, presence: { tell() {}, people: () => [] } })
  const [{ visit }] = told.splice(0)
  const send = (message) => {
    session.received += 1
    return heard(typeof message === 'string' ? message : JSON.stringify(message))
  }
  return { told, room, tail, visit, send, numbers: () => told.flatMap(({ n }) => n ?? []) }
}

const range = (from, to) => Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)

it('sends what follows the line where the client stands, and then joins at that very line', async () => {
  const { told, visit, send, numbers } = visitOf({ lines: 9, cursor: 7 })
  await send({ kind: 'join', visit, after: 5 })
  expect(numbers()).toEqual([6, 7, 8, 9])
  expect(told.slice(-3)).toEqual([
    { kind: 'caught-up', to: 9 },
    { kind: 'joined', at: 9 },
    { kind: 'here', people: [] },
  ])
})

it('sends lines that come while it reads as well', async () => {
  const reads = []
  const { tail, visit, send, numbers } = visitOf({
    lines: 5,
    cursor: 5,
    read(after, upTo) {
      reads.push([after, upTo])
      if (reads.length === 1) tail.cursor = 8
      return range(after + 1, upTo)
    },
  })
  await send({ kind: 'join', visit, after: 2 })
  expect(numbers()).toEqual([3, 4, 5, 6, 7, 8])
  expect(reads).toEqual([
    [2, 5],
    [5, 8],
  ])
})

it('waits until its node has given out what the client has from another one', async () => {
  const { visit, send, numbers, told } = visitOf({ lines: 9, cursor: 3 })
  await send({ kind: 'join', visit, after: 9 })
  expect(numbers()).toEqual([])
  expect(told).toContainEqual({ kind: 'joined', at: 9 })
})

it('does not believe a join that another node asked for', async () => {
  const { told, send } = visitOf({ lines: 9, cursor: 9 })
  await send({ kind: 'join', visit: 'of another node', after: 0 })
  expect(told).toEqual([])
})

it('says which lines will not come: those before a newcomer, and those that are not kept', async () => {
  const newcomer = visitOf({ lines: 60, cursor: 60 })
  await newcomer.send({ kind: 'join', visit: newcomer.visit, after: null })
  expect(newcomer.told[0]).toEqual({ kind: 'skipped', to: 10 })
  expect(newcomer.numbers()).toEqual(range(11, 60))

  const late = visitOf({ lines: 9, cursor: 9, read: (_, upTo) => range(6, upTo) })
  await late.send({ kind: 'join', visit: late.visit, after: 2 })
  expect(late.told[0]).toEqual({ kind: 'skipped', to: 5 })
  expect(late.numbers()).toEqual([6, 7, 8, 9])
})

it('tries a line again until Redis has it, and only then takes the next', async () => {
  const { room, send } = visitOf({ lines: 0, cursor: 0 })
  const { append } = room
  let failures = 1
  room.append = async (...args) => {
    failures -= 1
    if (failures >= 0) throw new Error('the connection was lost')
    return append(...args)
  }
  const say = (text, k) => send({ kind: 'say', text, from: 'page', k })
  await Promise.all([say('one', 1), say('two', 2)])
  expect(room.appended).toEqual([
    ['ada', 1, 'one'],
    ['ada', 2, 'two'],
  ])
})

it.each(['no JSON', '{"kind":"say","text":""}', '{"kind":"join"}', 'null', '{"kind":"dance"}'])(
  'refuses %s',
  async (message) => {
    const { told, room, send } = visitOf({ lines: 0, cursor: 0 })
    await send(message)
    expect(told).toEqual([{ kind: 'refused', why: 'this is nothing that the room understands' }])
    expect(room.appended).toEqual([])
  },
)
