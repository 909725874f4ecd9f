// Opens, loses and disposes sessions, again and again; says what is left. Run with --expose-gc.
// Arguments: URL of the lab server's `order` service, how many cycles.
import { connect } from 'holdfast'
import { tell } from './tell.mjs'

const [url, count] = process.argv.slice(2)
const refs = []
const leftovers = []
const options = { backoff: { baseMs: 1_000_000, capMs: 1_000_000 } }

async function cycle() {
  const session = connect(url, options)
  refs.push(new WeakRef(session))
  session.on('message', () => {})
  await session.opened()
  session.send('cut')
  while (session.state.name !== 'waiting') await new Promise((resolve) => session.once('state', resolve))
  session.dispose()
  await session.closed
  if (Object.values(session.resources).some((held) => held !== 0)) leftovers.push(session.resources)
}

/** Kinds and numbers of what keeps the process alive. */
const active = () =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== 'Immediate')
    .sort()

async function collected() {
  for (let round = 0; round < 20; round += 1) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
    if (refs.every((ref) => ref.deref() === undefined)) break
  }
  return refs.filter((ref) => ref.deref() === undefined).length
}

async function run(cycles) {
  for (let done = 0; done < cycles; done += 20) await Promise.all(Array.from({ length: 20 }, cycle))
}

await run(100)
await collected()
const before = { active: active(), heapBytes: process.memoryUsage().heapUsed }
refs.length = 0
await run(Number(count))
const gone = await collected()
const after = { active: active(), heapBytes: process.memoryUsage().heapUsed }
tell({ cycles: refs.length, collected: gone, leftovers, before, after })
