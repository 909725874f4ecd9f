// Passes TCP between clients and a server, and reads along what the server says: so it can tell what a server says to a client
// that left long ago, when the server does not know yet.
import { connect, createServer } from 'node:net'

const CLOSE = 8

/** Reads the frames of one WebSocket server (RFC 6455, section 5.2: unmasked) as their bytes come in. */
class FrameReader {
  #bytes = Buffer.alloc(0)
  #phase = 'head'

  /** Returns the frames that these bytes complete: opcode, and the beginning of the payload as text. */
  read(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    if (this.#phase === 'head') {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return []
      this.#bytes = this.#bytes.subarray(end + 4)
      this.#phase = 'frames'
    }
    const frames = []
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next() {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const short = bytes[1] & 0x7f
    const head = short === 127 ? 10 : short === 126 ? 4 : 2
    if (bytes.length < head) return undefined
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
    if (bytes.length < head + length) return undefined
    this.#bytes = bytes.subarray(head + length)
    const text = bytes.subarray(head, head + Math.min(length, 1_000)).toString()
    return { opcode: bytes[0] & 0x0f, text }
  }
}

/** Starts a relay to a port. */
export async function startRelay(targetPort) {
  const pairs = new Set()
  const server = createServer((client) => {
    const upstream = connect(targetPort(), '127.0.0.1')
    const reader = new FrameReader()
    const pair = { client, upstream, sid: undefined, leftAt: undefined, heard: [] }
    pairs.add(pair)
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
    client.pipe(upstream)
    upstream.on('data', (bytes) => {
      for (const frame of reader.read(bytes)) {
        if (frame.text.startsWith('\u0010W')) pair.sid ??= /"sid":"([^"]+)"/.exec(frame.text)?.[1]
        if (pair.leftAt !== undefined) pair.heard.push({ at: Date.now(), ...frame })
      }
      if (!client.destroyed) client.write(bytes)
    })
    client.on('close', () => {
      if (pair.leftAt === undefined) upstream.destroy()
    })
    upstream.on('close', () => {
      client.destroy()
      if (pair.leftAt === undefined) pairs.delete(pair)
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: server.address().port,
    /** Lets every client go, and the server believe that they are there. Returns what the server then says to each. */
    abandon() {
      const left = [...pairs].filter((pair) => pair.leftAt === undefined)
      for (const pair of left) {
        pair.leftAt = Date.now()
        pair.client.unpipe(pair.upstream)
        pair.client.destroy()
      }
      return left
    },
    /** Ends connections that were abandoned. */
    forget(left) {
      for (const pair of left) {
        pair.upstream.destroy()
        pairs.delete(pair)
      }
    },
    end() {
      for (const { client, upstream } of pairs) {
        client.destroy()
        upstream.destroy()
      }
      server.close()
    },
  }
}

/** What a server may still say once it knows that it lost a session: that it did, and goodbye. */
export function isFarewell({ opcode, text }) {
  return opcode === CLOSE || (text.startsWith('\u0010E') && text.includes('"code":4409'))
}
