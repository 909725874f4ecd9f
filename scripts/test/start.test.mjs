import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { root } from '../project.mjs'
import { readArguments } from '../start/arguments.mjs'
import { freePorts } from '../start/free-ports.mjs'
import { smallRepository } from './small-repository.mjs'

// These tests take what `npm run build` has built.
const anyPorts = ['--port', '0', '--server-port', '0', '--proxy-port', '0', '--control-port', '0']

function spawnDirectly(program, args) {
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

function startWith(args, spawnIt = spawnDirectly) {
  const page = smallRepository({ 'index.html': '<title>page</title>', 'folder/a.css': 'a{}' })
  const script = join(root, 'scripts/start.mjs')
  const child = spawnIt(process.execPath, [script, '--no-build', '--page', page, ...args])
  onTestFinished(() => child.kill('SIGKILL'))
  let output = ''
  const ended = once(child, 'close')
  const ready = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
        if (output.includes('Ctrl-C ends')) resolve(/http:\/\/127\.0\.0\.1:\d+\//.exec(output)[0])
      })
    }
    child.on('close', () => reject(new Error(`it ended before it was ready: ${output}`)))
  })
  ready.catch(() => {}) // a test that expects no start does not wait for it
  return { child, ready, ended, output: () => output }
}

describe('npm start', () => {
  it('serves the page and tells it where everything is', async () => {
    const { child, ready, ended } = startWith(anyPorts)
    const page = await ready
    expect(await (await fetch(page)).text()).toBe('<title>page</title>')
    const config = await (await fetch(`${page}config.json`)).json()
    expect(config.page).toBe(page)
    expect(await echoThrough(config.server)).toBe('hello')
    expect(await echoThrough(config.proxy)).toBe('hello')
    expect((await (await fetch(config.control)).json()).target.port).toBe(Number(new URL(config.server).port))
    expect((await (await fetch(config.stats)).json()).connections).toBeGreaterThanOrEqual(0)
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  it.each(['SIGINT', 'SIGTERM'])('ends at %s with code 0, with connections open', async (signal) => {
    const { child, ready, ended } = startWith(anyPorts)
    const { server, proxy } = await (await fetch(`${await ready}config.json`)).json()
    const sockets = await Promise.all([open(server), open(proxy), open(proxy)])
    const gone = sockets.map((socket) => once(socket, 'close'))
    const askedAt = performance.now()
    child.kill(signal)
    expect(await ended).toEqual([0, null])
    expect(performance.now() - askedAt).toBeLessThan(2_000)
    await Promise.all(gone)
  })

  it.runIf(process.platform !== 'win32')('ends when the shell that started it is gone', async () => {
    const { child, ready, ended } = startWith(anyPorts, (program, args) =>
      spawn('sh', ['-c', '"$@" & wait', 'sh', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    )
    const page = await ready
    child.kill('SIGKILL')
    await ended // of the pipes too, which the program itself holds
    await expect(fetch(page)).rejects.toThrow()
  })

  it('takes the next free port when one is busy, and says so', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
    onTestFinished(() => new Promise((resolve) => busy.close(resolve)))
    const { port } = busy.address()
    const { child, ready, ended, output } = startWith([...anyPorts, '--port', String(port)])
    const page = await ready
    expect(Number(new URL(page).port)).toBeGreaterThan(port)
    expect(output()).toContain(`port ${port} is busy: the page takes ${new URL(page).port}`)
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
  })

  it('answers with 404 what is not there, and what lies outside of the folder', async () => {
    const { child, ready, ended } = startWith(anyPorts)
    const page = await ready
    const status = async (path) => (await fetch(new URL(path, page))).status
    expect(await status('nothing.js')).toBe(404)
    expect(await status('folder')).toBe(404)
    expect(await status('folder/a.css')).toBe(200)
    expect(await status('%2e%2e%2fpackage.json')).toBe(404)
    expect(await status('..%2f..%2fetc%2fpasswd')).toBe(404)
    expect(await status('%ff')).toBe(404)
    expect((await fetch(page, { method: 'POST' })).status).toBe(405)
    child.kill('SIGTERM')
    await ended
  })

  it('refuses a folder without a page', async () => {
    const { ended, output } = startWith([...anyPorts, '--page', join(root, 'scripts')])
    expect(await ended).toEqual([1, null])
    expect(output()).toContain('has no index.html')
  })

  it.each([
    [['--port', '70000'], "--port: a port from 0 to 65535 is needed, got '70000'"],
    [['--server-port', 'x'], "--server-port: a port from 0 to 65535 is needed, got 'x'"],
    [['--nonsense'], "Unknown option '--nonsense'"],
  ])('refuses %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(message)
  })
})

describe('freePorts', () => {
  it('gives no part the wanted port of another', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
    onTestFinished(() => new Promise((resolve) => busy.close(resolve)))
    const { port } = busy.address()
    const said = []
    const { page, server } = await freePorts({ page: port, server: port + 1 }, (line) => said.push(line))
    expect(page).toBeGreaterThan(port + 1)
    expect(server).toBeGreaterThan(port)
    expect(server).not.toBe(page)
    expect(said[0]).toBe(`port ${port} is busy: the page takes ${page}`)
  })
})

/** Opens a socket with the `ws` of the server package, as Node 20 has none of its own. */
async function open(url) {
  const { WebSocket } = await import('ws')
  const socket = new WebSocket(url)
  socket.on('error', () => {})
  await once(socket, 'open')
  return socket
}

async function echoThrough(url) {
  const socket = await open(url)
  socket.send('hello')
  const [data] = await once(socket, 'message')
  socket.terminate()
  return String(data)
}
