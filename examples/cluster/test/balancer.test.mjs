import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { startBalancer } from '../cluster/balancer.mjs'

/** A node that is as healthy as `status` says, 0 for one that says nothing, and otherwise answers with its name. */
async function node(name, status) {
  const server = createServer((request, response) => {
    if (request.url !== '/readyz') response.end(name)
    else if (status !== 0) response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { name, port: server.address().port }
}

async function balancerOf(...nodes) {
  const balancer = await startBalancer({ port: 0, targets: () => nodes, onChange: () => {} })
  onTestFinished(() => balancer.close())
  return {
    balancer,
    ask: async () => {
      const answer = await fetch(`http://127.0.0.1:${balancer.port}/`, { headers: { connection: 'close' } })
      return answer.text()
    },
  }
}

it('takes turns', async () => {
  const { ask } = await balancerOf(await node('a', 200), await node('b', 200))
  expect(new Set([await ask(), await ask()])).toEqual(new Set(['a', 'b']))
})

it('passes over nodes that are not ready, that say nothing, and that are gone', async () => {
  const gone = { name: 'gone', port: 1 }
  const { ask } = await balancerOf(
    await node('red', 503),
    await node('silent', 0),
    gone,
    await node('b', 200),
  )
  for (const _ of [1, 2, 3, 4]) expect(await ask()).toBe('b')
})

it('closes a connection when there is no node for it', async () => {
  const { balancer } = await balancerOf(await node('red', 503))
  const socket = connect(balancer.port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'close')
})

it('lets go of every connection when it is closed, and counts them until then', async () => {
  const a = await node('a', 200)
  const balancer = await startBalancer({ port: 0, targets: () => [a], onChange: () => changed?.() })
  let changed
  const joined = new Promise((resolve) => {
    changed = () => balancer.connections('a') === 1 && resolve()
  })
  const socket = connect(balancer.port, '127.0.0.1')
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  await joined
  await balancer.close()
  await closed
  expect(balancer.connections('a')).toBe(0)
})
