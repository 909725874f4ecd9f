import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle, runModule } from './bundle.ts'

let built: Awaited<ReturnType<typeof bundle>>
beforeAll(async () => {
  built = await bundle()
})
afterAll(() => built.remove())

// Everything a proxy can hold at once: connections stalled, dead, hung, unanswered, being cut; timers; streams; schedules.
const scenario = (index: string) => `
import { once } from 'node:events'
import { get } from 'node:http'
import net from 'node:net'
import { startChaos } from ${JSON.stringify(index)}

const accepted = []
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  accepted.push(socket.on('error', () => {}).resume())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
await new Promise((resolve) => setTimeout(resolve, 50))
const before = process.getActiveResourcesInfo().sort()

const target = { host: '127.0.0.1', port: server.address().port }
const proxy = await startChaos({ target, schedule: [{ afterMs: 600_000, action: 'cut' }, { afterMs: 0, set: { jitterMs: 1 }, forMs: 600_000 }] })
const clients = []
async function dial(faults) {
  await proxy.set({ latencyMs: 0, stall: false, blackhole: false, accept: 'ok', ...faults })
  const socket = net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
  clients.push(socket)
  await once(socket, 'connect')
  socket.write(Buffer.alloc(3_000_000))
  await new Promise((resolve) => setTimeout(resolve, 20))
}
await dial({ accept: 'hang' })
await dial({ closeAfterMs: 600_000 })
proxy.cut()
await dial({ latencyMs: 500_000 })
await dial({ bytesPerSecond: 10 })
await dial({ blackhole: 'up' })
await dial({ stall: 'both' })
const stream = get({ port: proxy.controlPort, host: '127.0.0.1', path: '/events' }).on('error', () => {})
const [response] = await once(stream, 'response')
response.on('error', () => {})
const during = process.getActiveResourcesInfo().length

await proxy.close()
for (const socket of [...clients, ...accepted]) if (!socket.closed) socket.destroy()
stream.destroy()
await new Promise((resolve) => setTimeout(resolve, 50))
const after = process.getActiveResourcesInfo().sort()
console.log(JSON.stringify({ before, during, after }))
server.close()
`

test('after close nothing is held, and the process exits by itself', async () => {
  const output = await runModule(scenario(pathToFileURL(built.index).href))
  const { before, during, after } = JSON.parse(output) as {
    before: string[]
    during: number
    after: string[]
  }
  expect(during).toBeGreaterThan(10)
  // The child's own pipe to this test comes and goes; all other resources must be the ones there were before.
  const owned = (names: string[]) => names.filter((name) => name !== 'PipeWrap')
  expect(owned(after)).toEqual(owned(before))
})
