import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readCommand } from '../src/cli-arguments.ts'
import { builtPackage } from './built.ts'
import { type Child, node } from './child.ts'
import { ask, dial, running, tcp, until, upgradeText } from './running.ts'
import { SessionClient } from './session-client.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const inPackage = builtPackage()

const cli = (...args: readonly string[]) => node(inPackage('dist/cli.js'), ...args)

/** Waits for the line that tells the address. */
async function address({ process: child, out, err, exit }: Child): Promise<string> {
  const ended = exit.then((code) => Promise.reject(new Error(`exit ${code}: ${err()}`)))
  ended.catch(() => {})
  for (;;) {
    const url = /wss?:\/\/[^\s"]+/.exec(out())?.[0]
    if (url !== undefined && out().includes('\n')) return url
    if (child.stdout === null) throw new Error('no output')
    await Promise.race([once(child.stdout, 'data'), ended])
  }
}

test('it prints its address, echoes, and stops with 0 at SIGTERM and SIGINT', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const run = cli('--port', '0', '--path', '/live')
    const url = await address(run)
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/live$/)
    const { socket, closed } = await dial(url)
    socket.send('hello')
    const [data] = await once(socket, 'message')
    expect(String(data)).toBe('hello')
    run.process.kill(signal)
    expect(await closed).toEqual({ code: 1001, reason: '' })
    expect(await run.exit).toBe(0)
    expect(run.out()).toBe(`listening on ${url}\n`)
    expect(run.err()).toContain('info connection-opened id="c1" path="/live"')
    expect(run.err()).toContain('info stopped')
  }
})

test('--resume gives sessions that outlive their connections', async () => {
  const run = cli('--port', '0', '--resume', '--misbehave')
  const url = await address(run)
  const client = new SessionClient(url)
  await client.connect()
  client.send('a')
  await until(() => client.received.length === 1)
  await client.cut()
  client.send('b')
  expect((await client.connect()).outcome.name).toBe('resumed')
  await until(() => client.received.length === 2)
  expect(client.received).toEqual(['a', 'b'])
  const { body } = await ask(new URL('/stats', url).href)
  expect(JSON.parse(body)).toMatchObject({ sessions: { opened: 1, resumed: 1 } })
  const plain = await dial(url)
  plain.socket.send('plain')
  await until(() => plain.received.length === 1)
  run.process.kill('SIGTERM')
  await until(() => client.all('goaway').length === 1)
  client.socket?.close()
  expect(await run.exit).toBe(0)
})

test('a second signal forces', async () => {
  const run = cli('--port', '0')
  const url = await address(run)
  const { socket, ended } = await tcp(Number(new URL(url).port))
  socket.write(upgradeText())
  await once(socket, 'data')
  const began = Date.now()
  run.process.kill('SIGINT')
  while (!run.err().includes('stopping')) await once(run.process.stderr ?? socket, 'data')
  run.process.kill('SIGINT')
  await ended
  expect(await run.exit).toBe(0)
  expect(run.err()).toContain('cause="stop-forced"')
  // Without force the client, which never answers the close frame, holds it for 5 s.
  expect(Date.now() - began).toBeLessThan(4_500)
})

test('--json prints one object a line', async () => {
  const run = cli('--port', '0', '--json')
  const url = await address(run)
  expect(JSON.parse(run.out())).toEqual({
    event: 'listening',
    url,
    host: '127.0.0.1',
    port: Number(new URL(url).port),
  })
  run.process.kill('SIGTERM')
  expect(await run.exit).toBe(0)
  const log = run
    .err()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string })
  expect(log.map(({ event }) => event)).toEqual(['ready', 'stopping', 'stopped'])
})

test('--misbehave serves stats and misbehaves', async () => {
  const run = cli('--port', '0', '--misbehave')
  const url = await address(run)
  expect((await ask(`${url}stats`)).status).toBe(200)
  const { closed } = await dial(`${url}?acceptThenClose=1013`)
  expect(await closed).toMatchObject({ code: 1013 })
})

test('--metrics serves metrics, and --profile-endpoint profiles to this machine', async () => {
  const run = cli('--port', '0', '--resume', '--metrics', '--profile-endpoint')
  const url = await address(run)
  const { body } = await ask(new URL('/metrics', url).href)
  expect(body).toContain('holdfast_sessions{state="attached"} 0')
  expect(body).toContain('process_resident_memory_bytes')
  const profile = await ask(new URL('/profile/cpu?seconds=1', url).href, { method: 'POST' })
  expect(JSON.parse(profile.body)).toHaveProperty('nodes')
  run.process.kill('SIGTERM')
  expect(await run.exit).toBe(0)
})

test('without the flags there are no metrics and no profiles', async () => {
  const plain = await address(cli('--port', '0'))
  expect(await ask(new URL('/metrics', plain).href)).toMatchObject({ status: 426 })
  expect(await ask(new URL('/profile/cpu', plain).href, { method: 'POST' })).toMatchObject({ status: 426 })
})

test('--tls-cert and --tls-key listen for wss', async () => {
  const run = cli(
    '--port',
    '0',
    '--tls-cert',
    `${here}fixtures/test-only-cert.pem`,
    '--tls-key',
    `${here}fixtures/test-only-key.pem`,
  )
  const url = await address(run)
  expect(url).toMatch(/^wss:/)
  await dial(url, { rejectUnauthorized: false })
})

test('a busy port is told clearly and exits with 1', async () => {
  const { port } = await running()
  const run = cli('--port', String(port))
  expect(await run.exit).toBe(1)
  expect(run.err()).toContain(`holdfast-server: 127.0.0.1:${port}: another process listens there already\n`)
  expect(run.out()).toBe('')
})

test('--help and --version print and exit with 0', async () => {
  const help = cli('--help')
  expect(await help.exit).toBe(0)
  expect(help.out()).toContain('Usage: holdfast-server [options]')
  const version = cli('--version')
  expect(await version.exit).toBe(0)
  expect(version.out()).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('bad arguments exit with 2 and say what is wrong', async () => {
  const run = cli('--port', 'http')
  expect(await run.exit).toBe(2)
  expect(run.err()).toBe(
    "holdfast-server: --port: must be a whole number, received 'http'\nTry holdfast-server --help\n",
  )
})

describe('readCommand refuses', () => {
  test.each([
    [['--port', '70000'], '--port: must be an integer from 0 to 65535, received 70000'],
    [['--port', '-1'], /port/],
    [['--port'], /port/],
    [['--host', ''], "--host: must have at least 1 character, received ''"],
    [['--path', 'live'], '--path: must start with /'],
    [
      ['--origin', 'evil'],
      "--origin: must be an origin as browsers send it, such as https://app.example, received 'evil'",
    ],
    [
      ['--idle-timeout-ms', '0'],
      '--idle-timeout-ms: must be an integer from 1 to 86400000, or Infinity, received 0',
    ],
    [['--ping-interval-ms', '1.5'], "--ping-interval-ms: must be a whole number, received '1.5'"],
    [
      ['--max-payload-bytes', 'Infinity'],
      '--max-payload-bytes: must be an integer from 1 to 1073741824, received Infinity',
    ],
    [['--tls-cert', 'x.pem'], '--tls-key: must be given together with --tls-cert'],
    [['--tls-key', 'x.pem'], '--tls-cert: must be given together with --tls-key'],
    [['--tls-key', 'no.pem', '--tls-cert', 'no.pem'], /no such file.*no\.pem/],
    [['--unknown'], /--unknown/],
    [['positional'], /positional/],
    [['--json=yes'], /--json/],
  ])('%j', (args, message) => {
    expect(() => readCommand(args)).toThrow(message)
  })
})

test('readCommand reads all flags', () => {
  const command = readCommand(
    '--host ::1 --port 1 --path /x --origin https://a.example --origin https://b.example --idle-timeout-ms Infinity --ping-interval-ms 5 --max-payload-bytes 9 --misbehave --json'.split(
      ' ',
    ),
  )
  expect(command).toMatchObject({
    name: 'serve',
    json: true,
    options: {
      host: '::1',
      port: 1,
      path: '/x',
      origins: ['https://a.example', 'https://b.example'],
      idleTimeoutMs: Number.POSITIVE_INFINITY,
      pingIntervalMs: 5,
      maxPayloadBytes: 9,
      allowMisbehaviour: true,
      exposeStats: true,
    },
  })
})

test('readCommand: any origin must be spelled out, the port is 8787 and misbehaviour off', () => {
  expect(readCommand(['--origin', 'any'])).toMatchObject({ options: { origins: 'any' } })
  expect(readCommand([])).toMatchObject({ options: { port: 8787, origins: [], allowMisbehaviour: false } })
})

test.each([
  ['with clients that close', 'await server.stop()', ''],
  ['with a client that never answers', 'await server.stop({ deadlineMs: 100 })', 'client._socket.pause();'],
  [
    'with a mute and an unanswered connection',
    'await server.stop()',
    'more("?mute=1"); more("?answer=never"); await once(server, "seen");',
  ],
])('the process exits by itself after stop, %s', async (_what, stop, before) => {
  const file = inPackage(`exits-${stop.length}-${before.length}.mjs`)
  writeFileSync(
    file,
    `import { createServer } from './dist/index.js'
import { WebSocket } from 'ws'
const server = createServer({ allowMisbehaviour: true })
const once = () => new Promise((resolve) => setTimeout(resolve, 100))
const { url } = await server.start()
const more = (query) => { const extra = new WebSocket(url + query); extra.on('error', () => {}); return extra }
const client = more('')
await new Promise((resolve) => client.on('open', resolve))
${before}
${stop}
client.terminate()
console.log(JSON.stringify(server.resources))
process.on('exit', (code) => console.log('exit', code))
`,
  )
  const run = node(file)
  expect(await run.exit).toBe(0)
  expect(run.out()).toBe('{"timers":0,"listeners":0,"sockets":0,"closing":0}\nexit 0\n')
  expect(run.err()).toBe('')
})

test('a thousand refused, reset and broken clients raise nothing in a process without any listener', async () => {
  const file = inPackage('quiet.mjs')
  writeFileSync(
    file,
    `import { connect } from 'node:net'
import { createServer } from './dist/index.js'
process.on('warning', (warning) => console.log('warning', warning.message))
const server = createServer({ allowMisbehaviour: true, closeTimeoutMs: 20 })
const { port } = await server.start()
const head = (query) => 'GET /?' + query + ' HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n' +
  'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n'
const texts = [head(''), head('refuse=500'), head('garbage=1'), head('bad=1'), head('resetAfterUpgrade=1'),
  head('').slice(0, 60), 'rubbish\\r\\n\\r\\n', head('') + '\\xff\\xff\\xff\\xff', head('greet=x&oversize=100000')]
const one = (n) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).on('close', resolve)
  socket.on('connect', () => {
    socket.write(texts[n % texts.length], 'latin1')
    if (n % 2 === 0) socket.once('data', () => socket.resetAndDestroy())
    setTimeout(() => (n % 4 === 1 ? socket.end() : socket.resetAndDestroy()), n % 7)
    setTimeout(() => socket.destroy(), 200)
  })
})
for (let n = 0; n < 1000; n += 50) await Promise.all(Array.from({ length: 50 }, (_, i) => one(n + i)))
await server.stop({ deadlineMs: 100 })
console.log(JSON.stringify(server.resources))
`,
  )
  const run = node(file)
  expect(await run.exit).toBe(0)
  expect(run.out()).toBe('{"timers":0,"listeners":0,"sockets":0,"closing":0}\n')
  expect(run.err()).toBe('')
})
