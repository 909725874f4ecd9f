#!/usr/bin/env node
// Stands for Firefox before Playwright: starts the real one, and passes WebDriver BiDi on between the two. Playwright sends
// commands for every page that a stable Firefox does not know yet, and gives up at the first error; these are answered here.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { WebSocket, WebSocketServer } from 'ws'

/** Commands without which the tests can do. */
const answeredHere = new Set(['emulation.setMediaFeaturesOverride'])
const announcement = /^WebDriver BiDi listening on (ws:\S+)$/
const wire = { perMessageDeflate: false, maxPayload: 268_435_456 }

const browser = spawn(process.env.HOLDFAST_FIREFOX, process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'pipe'],
})
browser.once('exit', (code) => process.exit(code ?? 0))
browser.once('error', ({ message }) => {
  process.stderr.write(`Firefox could not be started: ${message}\n`)
  process.exit(1)
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)

createInterface({ input: browser.stderr }).on('line', (line) => {
  const address = announcement.exec(line)?.[1]
  if (address) listenFor(address)
  else process.stderr.write(`${line}\n`)
})

function listenFor(address) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...wire })
  server.once('listening', () => {
    process.stderr.write(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}\n`)
  })
  server.on('connection', (playwright, { url }) => passOn(playwright, new WebSocket(address + url, wire)))
}

function passOn(playwright, firefox) {
  const early = []
  playwright.on('message', (data) => {
    const command = String(data)
    const { id, method } = JSON.parse(command)
    if (answeredHere.has(method)) playwright.send(JSON.stringify({ type: 'success', id, result: {} }))
    else if (firefox.readyState === WebSocket.OPEN) firefox.send(command)
    else early.push(command)
  })
  firefox.on('open', () => {
    for (const command of early) firefox.send(command)
  })
  firefox.on('message', (data) => playwright.send(String(data)))
  for (const side of [playwright, firefox])
    side.on('error', ({ message }) => process.stderr.write(`${message}\n`))
  firefox.on('close', () => playwright.close())
  // Playwright is gone, perhaps killed: nobody else will end the browser.
  playwright.on('close', end)
}

function end() {
  browser.kill()
}
