import { expect, test } from 'vitest'
import { ask, dial, next, running } from './running.ts'

test('healthz and readyz answer 200 while ready', async () => {
  const { url } = await running()
  expect(await ask(`${url}healthz`)).toMatchObject({ status: 200, body: 'ok\n' })
  expect(await ask(`${url}readyz?x=1`)).toMatchObject({ status: 200, body: 'ok\n' })
  expect(await ask(`${url}readyz`, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  expect(await ask(`${url}readyz`, { method: 'POST' })).toMatchObject({
    status: 405,
    headers: { allow: 'GET, HEAD' },
  })
})

test('while it stops, readyz answers 503 and healthz 200', async () => {
  const { server, url } = await running()
  const { socket } = await dial(url)
  socket.pause()
  const stopped = server.stop({ deadlineMs: 86_400_000 })
  expect(await ask(`${url}readyz`)).toMatchObject({ status: 503, body: 'stopping\n' })
  expect(await ask(`${url}healthz`)).toMatchObject({ status: 200 })
  socket.resume()
  await stopped
})

test('any other plain request gets 426', async () => {
  const { url } = await running()
  expect(await ask(url)).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } })
  expect(await ask(`${url}stats`)).toMatchObject({ status: 426 })
})

test('stats tell counters and live connections to any page, when exposed', async () => {
  const { server, url } = await running({ exposeStats: true })
  const { socket } = await dial(url)
  const answer = await ask(`${url}stats`)
  expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', 'cache-control': 'no-store' })
  expect(JSON.parse(answer.body)).toEqual({ state: 'ready', connections: 1, counters: server.counters })
  const ending = next(server, 'closed')
  socket.close()
  await ending
  expect(JSON.parse((await ask(`${url}stats`)).body)).toMatchObject({ connections: 0 })
})
