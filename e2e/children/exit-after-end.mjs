// Brings a session to a place, ends it, and says how long the process then took to exit by itself.
// Arguments: place, URL. A place is where a session can be; with `unref` it is not ended at all.
import { connect } from 'holdfast'
import { tell } from './tell.mjs'

const [place, url] = process.argv.slice(2)
const never = () => new Promise(() => {})
const slow = { backoff: { baseMs: 1_000_000, capMs: 1_000_000 } }

const places = {
  'not-started': () => reach(connect(url, { autoConnect: false }), 'idle'),
  admit: () => reach(connect(url, { admit: never }), 'admit'),
  resolve: () => reach(connect(never), 'resolve'),
  dial: () => reach(connect(`${url}?answer=never`), 'dial', 100),
  hello: () => reach(connect(url, { onConnected: never }), 'hello'),
  open: () => reach(connect(url), 'open'),
  waiting: () => reach(connect(`${url}?refuse=500`, slow), 'waiting'),
  paused: async () => {
    const session = await reach(connect(url), 'open')
    session.pause('lunch')
    return session
  },
  closing: async () => {
    const session = await reach(connect(`${url}?mute=1`), 'open')
    void session.close()
    return session
  },
  unref: () => reach(connect(url, { unref: true }), 'open'),
  frozen: async () => {
    const session = await reach(connect(url), 'open')
    // The parent is told, freezes the server, and says so by ending this wait.
    const frozen = new Promise((resolve) => process.once('SIGUSR2', resolve))
    tell({ place })
    await frozen
    for (let at = 0; at < 100; at += 1) session.send('nobody reads this')
    return session
  },
}

/** Waits until the session is where it shall be, and a little longer if asked to. */
async function reach(session, name, longerMs = 0) {
  const there = () => [session.state.name, session.state.phase].includes(name)
  while (!there()) await new Promise((resolve) => session.once('state', resolve))
  if (longerMs > 0) await new Promise((resolve) => setTimeout(resolve, longerMs))
  return session
}

const session = await places[place]()
const from = performance.now()
process.once('exit', () => tell({ exitMs: performance.now() - from, resources: session.resources }))
if (place !== 'unref') session.dispose()
