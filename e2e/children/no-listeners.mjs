// Sessions that nobody listens to, against everything that can fail. Says what reached the process uncaught: nothing may.
// Arguments: URL of a server that misbehaves on demand, URL where nobody listens.
import { connect } from 'holdfast'
import { tell } from './tell.mjs'

const [url, nobody] = process.argv.slice(2)
const uncaught = []
process.on('uncaughtException', (error) => uncaught.push(`exception ${error.stack}`))
process.on('unhandledRejection', (error) => uncaught.push(`rejection ${error?.stack ?? error}`))

const quick = { backoff: { baseMs: 1, capMs: 2 }, connect: { resolveTimeoutMs: 20, helloTimeoutMs: 20 } }
const fails = () => {
  throw new Error('no')
}
const rejects = () => Promise.reject(new Error('no'))
const hangs = () => new Promise(() => {})
const lateRejects = () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 40))

const cases = {
  'rejecting provider': [rejects],
  'throwing provider': [fails],
  'hanging provider': [hangs],
  'provider that rejects too late': [lateRejects],
  'rejecting credentials': [url, { credentials: rejects }],
  'rejecting admit': [url, { admit: rejects }],
  'rejecting onConnected': [url, { onConnected: rejects }],
  'hanging onConnected': [url, { onConnected: hangs }],
  'onConnected that waits for an answer': [`${url}?mute=1`, { onConnected: ({ receive }) => receive() }],
  'throwing createSocket': [url, { createSocket: fails }],
  'throwing classify': [`${url}?refuse=500`, { classify: fails }],
  'refused upgrade': [`${url}?refuse=500`],
  'refused with a body that never ends well': [`${url}?refuse=401`, { classify: () => 'retry' }],
  'reset after the 101': [`${url}?resetAfterUpgrade=1`],
  garbage: [`${url}?garbage=1`],
  'unknown host': ['ws://no-such-host.invalid/'],
}

/** Opens a session with no listeners, lets it make so many attempts, and disposes it. */
async function attempts(count, [source, options]) {
  let made = 0
  let enough
  const done = new Promise((resolve) => {
    enough = resolve
  })
  const { admit } = options ?? {}
  const counted = (context) => {
    made += 1
    if (made > count) enough()
    return admit?.(context)
  }
  const session = connect(source, { ...quick, ...options, admit: counted })
  // Promises that nobody handles must not end the process either.
  void session.opened()
  void session.flushed()
  void session.ready()
  void session.probe()
  session.send('to nobody')
  await done
  session.dispose()
  return made - 1
}

const made = {}
await Promise.all(
  Object.entries(cases).map(async ([name, one]) => {
    made[name] = await attempts(name === 'unknown host' ? 3 : 10, one)
  }),
)
const refused = await Promise.all(Array.from({ length: 20 }, () => attempts(50, [nobody])))
process.once('exit', (code) =>
  tell({ uncaught, made, refusedDials: refused.reduce((sum, dials) => sum + dials, 0), code }),
)
