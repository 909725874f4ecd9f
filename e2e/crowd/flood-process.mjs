// Sends pings as fast as it is told, on a connection after the other, and notes how each ends. Argument: JSON with port.
import { setTimeout as sleep } from 'node:timers/promises'
import { openRaw } from './open-raw.mjs'
import { answer } from './program.mjs'

const { port } = JSON.parse(process.argv[2])

/** A masked ping without payload (RFC 6455, section 5.5.2). */
const PING = Buffer.from([0x89, 0x80, 0, 0, 0, 0])
const CLOSE = 0x88
const TICK_MS = 5

/** Reads the short frames of a server until one of them is a close frame. */
function closeReader() {
  let bytes = Buffer.alloc(0)
  return (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    let at = 0
    for (; bytes.length - at >= 2 && bytes.length - at >= 2 + bytes[at + 1]; at += 2 + bytes[at + 1]) {
      if (bytes[at] === CLOSE) return bytes.readUInt16BE(at + 2)
    }
    bytes = bytes.subarray(at)
    return undefined
  }
}

async function openFlood(codes) {
  const read = closeReader()
  let code
  const socket = await openRaw({
    host: '127.0.0.1',
    port,
    onBytes: (chunk) => {
      if (code !== undefined) return
      code = read(chunk)
      if (code === undefined) return
      codes[code] = (codes[code] ?? 0) + 1
      socket.destroy()
    },
  })
  socket.on('close', () => {
    if (code === undefined) codes['no code'] = (codes['no code'] ?? 0) + 1
  })
  return socket
}

answer({
  /** So many pings a second for so long, whatever becomes of the connections. */
  async pace({ perSecond, durationMs }) {
    const codes = {}
    let socket = await openFlood(codes)
    const startedAt = performance.now()
    let pings = 0
    // However short: until it is known what becomes of a flood.
    const isUnder = (now) => now - startedAt < durationMs || Object.keys(codes).length === 0
    for (let now = startedAt; isUnder(now); now = performance.now()) {
      if (socket.destroyed) socket = await openFlood(codes)
      const due = Math.floor(((now - startedAt) * perSecond) / 1_000) - pings
      pings += due
      socket.write(Buffer.alloc(due * PING.length, PING))
      await sleep(TICK_MS)
    }
    const perSecondSent = Math.round((pings / (performance.now() - startedAt)) * 1_000)
    socket.destroy()
    return { pings, perSecond: perSecondSent, codes }
  },
  /** So many pings in one piece, on each of several connections in turn. */
  async burst({ pings, times }) {
    const codes = {}
    for (let n = 0; n < times; n += 1) {
      const socket = await openFlood(codes)
      socket.write(Buffer.alloc(pings * PING.length, PING))
      await new Promise((resolve) => socket.once('close', resolve))
    }
    return { pings: pings * times, codes }
  },
})
