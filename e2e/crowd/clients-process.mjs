// A process full of clients. Argument: JSON with url and backoff.
import { connect } from 'holdfast'
import { resume } from 'holdfast/resume'
import { answer, heldBytes } from './program.mjs'

const { backoff, ...given } = JSON.parse(process.argv[2])
let { url } = given
/** Clients that come at the same time in the beginning. */
const AT_ONCE = 50

const clients = []
const errors = new Map()
/** Clients that opened since the last mark are those of this round. */
let round = 0
let back = 0
const told = { resumed: 0, gaps: 0 }
let times = { dials: [], opens: [], awayMs: [] }

function startClient() {
  const session = connect(() => url, { resume: resume(), backoff })
  const client = { session, round: -1 }
  let leftAt
  session.on('state', ({ state, previous }) => {
    if (previous.name === 'open') leftAt = Date.now()
    if (state.name === 'connecting' && state.phase === 'dial') times.dials.push(Date.now())
    if (state.name !== 'open') return
    times.opens.push(Date.now())
    if (leftAt !== undefined) times.awayMs.push(Date.now() - leftAt)
    if (client.round < round) back += 1
    client.round = round
  })
  session.on('resumed', () => {
    told.resumed += 1
  })
  session.on('gap', () => {
    told.gaps += 1
  })
  session.on('error', ({ phase, error }) => {
    const words = `${phase}: ${String(error)}`
    errors.set(words, (errors.get(words) ?? 0) + 1)
  })
  clients.push(client)
  return session
}

answer({
  /** A few at a time: that they come is not what is measured. */
  async open({ count }) {
    for (let from = 0; from < count; from += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, startClient)
      await Promise.all(some.map((session) => session.opened()))
    }
  },
  target(given) {
    url = given.url
  },
  mark() {
    round += 1
    back = 0
    Object.assign(told, { resumed: 0, gaps: 0 })
    times = { dials: [], opens: [], awayMs: [] }
  },
  count: () => ({
    back,
    open: clients.filter(({ session }) => session.state.name === 'open').length,
    ...told,
    errors: [...errors],
  }),
  times: () => times,
  memory() {
    times = { dials: [], opens: [], awayMs: [] }
    return heldBytes()
  },
  /** Each sends a message and waits until the server has handled it: so nobody only looks connected. */
  async speak() {
    for (const { session } of clients) session.send('here')
    await Promise.all(clients.map(({ session }) => session.flushed()))
  },
  dispose() {
    for (const { session } of clients) session.dispose()
  },
})
