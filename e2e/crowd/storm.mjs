// The same storm twice: with real clients and a real server, and simulated by `simulateStorm`.
import { clientPolicies, simulateStorm } from '@holdfast/server/storm'
import { atMost, counted } from './bars.mjs'
import { Crowd } from './crowd.mjs'
import { startServer } from './start-server.mjs'

/** How far the simulation may be off: as a share of a time or of the clients. */
const TOLERANCE = 0.15
const SEEDS = [1, 2, 3, 4, 5]

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const mean = (list) => list.reduce((total, value) => total + value, 0) / list.length

/** Measures it. */
export async function storm({
  stormClients: clients,
  processes,
  backoff,
  stormRate,
  stormDownMs,
  settleMs,
  print,
}) {
  const given = { perSecond: stormRate, maxConnections: clients + 100, deadlineMs: 5_000 }
  let server = await startServer(given)
  const crowd = new Crowd({ clients, processes, backoff, url: server.url, print })
  try {
    await crowd.open()
    // A connection counts as healthy, and the delays begin anew, when it has been open for a while.
    await pause(settleMs)
    await crowd.mark()
    print(`kill -9, ${stormDownMs} ms down, then ${stormRate} a second`)
    const killedAt = Date.now()
    await server.program.kill()
    await pause(stormDownMs)
    server = await startServer({ ...given, port: server.port })
    const upAt = Date.now()
    const { back } = await crowd.back('back')
    const { dials, opens } = await crowd.times()
    const measured = describe({ dials, opens, upAt, clients })
    const options = { clients, capacityPerS: stormRate, downMs: upAt - killedAt, policy: policyOf(backoff) }
    return judge({ clients, back, measured, simulated: simulate(options), downMs: upAt - killedAt })
  } finally {
    await crowd.end()
    await server.program.kill()
  }
}

function describe({ dials, opens, upAt, clients }) {
  const backAtMs = opens.map((atMs) => Math.max(0, atMs - upAt)).sort((a, b) => a - b)
  const tries = dials.filter((atMs) => atMs >= upAt)
  const timeOf = (share) => backAtMs[Math.ceil(share * clients) - 1] ?? Number.NaN
  return {
    back: perSecond(backAtMs),
    tries: perSecond(tries.map((atMs) => atMs - upAt)),
    times: { t50Ms: timeOf(0.5), t95Ms: timeOf(0.95), t99Ms: timeOf(0.99) },
    triesPerClient: tries.length / clients,
  }
}

/** The simulated client, with the delays of the real ones. */
function policyOf({ baseMs, capMs }) {
  const delayMs = (retry, random) => random() * Math.min(capMs, baseMs * 2 ** retry)
  return { ...clientPolicies.holdfast, delayMs }
}

/** What several runs of the simulation give on average. */
function simulate(options) {
  const runs = SEEDS.map((seed) => simulateStorm({ ...options, seed }))
  const average = (name) => {
    const length = Math.max(...runs.map((run) => run.perSecond[name].length))
    return Array.from({ length }, (_, second) => mean(runs.map((run) => run.perSecond[name][second] ?? 0)))
  }
  const time = (name) => mean(runs.map(({ times }) => times[name] ?? Number.NaN))
  return {
    back: average('back'),
    tries: average('tries'),
    times: { t50Ms: time('t50Ms'), t95Ms: time('t95Ms'), t99Ms: time('t99Ms') },
    triesPerClient: mean(runs.map((run) => run.attemptsAfterPerClient)),
  }
}

function judge({ clients, back, measured, simulated, downMs }) {
  const off = (name) => Math.abs(measured.times[name] / simulated.times[name] - 1)
  const figures = { 'down, ms': downMs }
  for (const [name, { back: backs, tries, times, triesPerClient }] of Object.entries({
    measured,
    simulated,
  })) {
    figures[`${name}: back a second`] = backs.map(Math.round)
    figures[`${name}: tries a second`] = tries.map(Math.round)
    for (const [time, ms] of Object.entries(times)) figures[`${name}: ${time}`] = Math.round(ms)
    figures[`${name}: tries per client once it is up`] = Math.round(triesPerClient * 100) / 100
  }
  const triesOff = Math.abs(measured.triesPerClient / simulated.triesPerClient - 1)
  return {
    figures,
    bars: [
      counted('clients back', back, clients),
      atMost('half are back: simulation off by', off('t50Ms'), TOLERANCE),
      atMost('95 % are back: simulation off by', off('t95Ms'), TOLERANCE),
      atMost('99 % are back: simulation off by', off('t99Ms'), TOLERANCE),
      atMost('tries per client: simulation off by', triesOff, TOLERANCE),
      atMost(
        'clients in another second than simulated',
        misplaced(measured.back, simulated.back) / clients,
        TOLERANCE,
      ),
    ],
  }
}

/** How many would have to be in another second for two histograms to be the same. */
function misplaced(one, other) {
  let most = 0
  for (let second = 0; second < Math.max(one.length, other.length); second += 1) {
    most += Math.abs((one[second] ?? 0) - (other[second] ?? 0))
  }
  return most / 2
}

function perSecond(timesMs) {
  const bins = []
  for (const atMs of timesMs) bins[Math.floor(atMs / 1_000)] = (bins[Math.floor(atMs / 1_000)] ?? 0) + 1
  return Array.from(bins, (count) => count ?? 0)
}
