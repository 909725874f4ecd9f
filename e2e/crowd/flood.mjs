// A client that floods a server with pings, again and again; and how long the server's event loop makes others wait meanwhile.
import { connect } from 'holdfast'
import { resume } from 'holdfast/resume'
import { atMost, counted } from './bars.mjs'
import { Program } from './program.mjs'
import { startServer } from './start-server.mjs'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const ASK_EVERY_MS = 20
const TOO_MANY = 4429

/** Measures it. */
export async function flood({ floodMs, pingsPerS, print }) {
  const server = await startServer({ perSecond: 500, maxConnections: 100, deadlineMs: 1_000 })
  const flooder = new Program('flood-process.mjs', { port: server.port })
  const session = connect(server.url, { resume: resume() })
  try {
    await session.opened()
    // Once for the compiler.
    await flooder.ask('pace', { perSecond: pingsPerS, durationMs: Math.min(1_000, floodMs) })
    print('idle')
    const idle = await watch(server, session, () => pause(floodMs))
    print(`${pingsPerS} pings a second`)
    const paced = await watch(server, session, () =>
      flooder.ask('pace', { perSecond: pingsPerS, durationMs: floodMs }),
    )
    print(`${pingsPerS} pings in one piece, ten times`)
    const bursts = await watch(server, session, () => flooder.ask('burst', { pings: pingsPerS, times: 10 }))
    const { counters } = await server.program.ask('stats')
    return judge({ idle, paced, bursts, closedAsFlood: counters.closed.flood })
  } finally {
    session.dispose()
    await Promise.all([flooder.kill(), server.program.kill()])
  }
}

/** Watches the server's event loop, and how long another client waits for its answers, while something happens. */
async function watch(server, session, happens) {
  const answersMs = []
  const askedAt = []
  const undo = session.on('message', () => answersMs.push(performance.now() - askedAt[answersMs.length]))
  const timer = setInterval(() => {
    askedAt.push(performance.now())
    session.send('x')
  }, ASK_EVERY_MS)
  await server.program.ask('watchDelay')
  const what = await happens()
  const delay = await server.program.ask('delay')
  clearInterval(timer)
  await session.flushed()
  while (answersMs.length < askedAt.length) await pause(5)
  undo()
  const sorted = answersMs.toSorted((a, b) => a - b)
  return { what, delay, asked: askedAt.length, answerP99Ms: sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0 }
}

function judge({ idle, paced, bursts, closedAsFlood }) {
  const figures = { 'connections closed as flood': closedAsFlood }
  for (const [name, { delay, answerP99Ms, what }] of Object.entries({ idle, paced, bursts })) {
    const { p50Ms, p99Ms, maxMs } = delay
    const [p50, p99, max, answer] = [p50Ms, p99Ms, maxMs, answerP99Ms].map((ms) => ms.toFixed(1))
    figures[name] =
      `event loop p50 ${p50}, p99 ${p99}, most ${max} ms; another client's answers p99 ${answer} ms`
    if (what !== undefined) figures[`${name}: sent`] = what
  }
  const others = (codes) => Object.keys(codes).filter((code) => Number(code) !== TOO_MANY).length
  return {
    figures,
    bars: [
      counted(
        'floods closed with anything but 4429',
        others({ ...paced.what.codes, ...bursts.what.codes }),
        0,
      ),
      counted('some were closed with 4429', (paced.what.codes[TOO_MANY] ?? 0) > 0, true),
      counted('floods in one piece that were closed with 4429', bursts.what.codes[TOO_MANY] ?? 0, 10),
      atMost('event loop p99 under pings without end, ms', paced.delay.p99Ms, 100),
      atMost('event loop p99 under pings in one piece, ms', bursts.delay.p99Ms, 100),
    ],
  }
}
