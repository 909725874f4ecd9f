// A crowd loses its server in three ways, and comes back: the process is killed, it is restarted in good order, and it stays while all
// connections are cut.
import { asBefore, counted } from './bars.mjs'
import { Crowd } from './crowd.mjs'
import { startServer } from './start-server.mjs'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Measures it. */
export async function comeBack({ clients, processes, backoff, rate, downMs, deadlineMs, print }) {
  const given = { perSecond: rate, maxConnections: clients + 100, deadlineMs }
  const first = await startServer(given)
  const crowd = new Crowd({ clients, processes, backoff, url: first.url, print })
  const world = { crowd, given, downMs, print, bars: [], figures: {}, server: first, before: undefined }
  try {
    await crowd.open()
    world.before = await memoryOf(world)
    await killed(world)
    await restarted(world)
    await cut(world)
    return { figures: world.figures, bars: world.bars }
  } finally {
    await crowd.end()
    await world.server.program.kill()
  }
}

async function killed(world) {
  const { crowd, server, given, downMs, print } = world
  print('kill -9, and back on the same port')
  await crowd.mark()
  await server.program.kill()
  await pause(downMs)
  world.server = await startServer({ ...given, port: server.port })
  await settle(world, 'killed', { resumed: 0, gaps: crowd.clients })
}

async function restarted(world) {
  const { crowd, server, given, downMs, print, bars } = world
  print('planned restart: SIGTERM, and back on the same port')
  await crowd.mark()
  const { code } = await server.program.end('SIGTERM')
  await pause(downMs)
  world.server = await startServer({ ...given, port: server.port })
  bars.push(counted('restarted: exit code of the server', code, 0))
  await settle(world, 'restarted', { resumed: 0, gaps: crowd.clients })
}

async function cut(world) {
  const { crowd, server, print } = world
  print('all connections cut, the server stays')
  await crowd.mark()
  await server.program.ask('cut')
  await settle(world, 'cut', { resumed: crowd.clients, gaps: 0 })
}

/** Waits until all are back, and compares. */
async function settle(world, name, expected) {
  const { crowd, bars, figures, server, before } = world
  const startedAt = performance.now()
  const counts = await crowd.back('back')
  figures[`${name}: seconds until all were back`] = Math.round((performance.now() - startedAt) / 100) / 10
  bars.push(counted(`${name}: clients back`, counts.back, crowd.clients))
  bars.push(counted(`${name}: sessions that went on`, counts.resumed, expected.resumed))
  bars.push(counted(`${name}: clients told of a gap`, counts.gaps, expected.gaps))
  if (counts.errors.length > 0) figures[`${name}: errors told`] = counts.errors
  const after = await memoryOf(world)
  const { sessions } = await server.program.ask('stats')
  bars.push(counted(`${name}: sessions attached at the server`, sessions.states.attached, crowd.clients))
  bars.push(asBefore(`${name}: the server's heap and buffers`, before.server, after.server))
  bars.push(asBefore(`${name}: the clients' heap and buffers`, before.clients, after.clients))
}

async function memoryOf({ crowd, server }) {
  await crowd.speak()
  return { server: await server.program.ask('memory'), clients: await crowd.memory() }
}
