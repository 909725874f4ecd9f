import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

// What a limit adds to the garbage of a message, measured in a process of its own whose young generation is large enough that
// nothing is collected meanwhile. In front of it and behind it stands as little as possible: whole sessions make garbage of
// their own, and how much depends on what the compiler does that day.

const measuring = `
import { Scope, systemClock } from '@holdfast/lifetime'
import { LimitedSender, wireBytes } from './rate/limited-sender.ts'
import { PacedBucket } from './rate/paced-bucket.ts'
import { Turnstile } from './rate/turnstile.ts'

const receipt = { status: 'acked' }
const highWaterBytes = 1_000_000
const count = 100_000

/** Asks the wire and writes, as a session does that is open and has nothing waiting. */
class Plain {
  queue = { size: 0 }
  wire
  opened(wire) {
    this.wire = wire
  }
  send(message) {
    if (this.wire.bufferedAmount < highWaterBytes) this.wire.send(message, receipt)
    return receipt
  }
}

/** The least of several rounds: what the compiler makes meanwhile lies on the same heap. */
function bytesPerMessage(sender, socket) {
  sender.opened({ bufferedAmount: 0, send: (message) => socket?.write(message) })
  let least = Infinity
  for (let round = 0; round < 10; round += 1) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < count; n += 1) sender.send('message')
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / count)
  }
  return least
}

function limited(clock, bytesOf, socket) {
  const bucket = () => new PacedBucket(1e9, 1e9, 0)
  const turnstile = new Turnstile(new Scope(clock), bucket(), bytesOf === wireBytes ? bucket() : undefined)
  const sender = new LimitedSender(new Plain(), { turnstile, bytesOf, highWaterBytes })
  // In resume mode messages become frames, and those pass as well.
  if (socket) sender.limit(socket)
  return bytesPerMessage(sender, socket)
}

const still = { ...systemClock, monotonicMs: () => 5 }
const none = () => 0
const object = bytesPerMessage(new (class extends Plain {
  send(message) {
    this.kept = { message }
    return super.send(message)
  }
})())
console.log(JSON.stringify({
  object,
  messages: limited(still, none),
  bytes: limited(still, wireBytes),
  resumed: limited(still, wireBytes, { write() {} }),
  realClock: limited(systemClock, wireBytes),
}))
`

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: measuring,
      loader: 'ts',
      resolveDir: fileURLToPath(new URL('../src', import.meta.url)),
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
  })
  return outputFiles[0]?.text ?? ''
}

it('a limit allocates no object for a message', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-allocation-'))
  try {
    const file = join(dir, 'measure.mjs')
    await writeFile(file, await bundled())
    const young = ['--min-semi-space-size=128', '--max-semi-space-size=128']
    const child = spawn(process.execPath, ['--expose-gc', ...young, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    await once(child, 'close')
    const { object, realClock, ...ownMakings } = JSON.parse(output) as Record<string, number>
    // One object for each message is seen: the measure works.
    expect(object).toBeGreaterThanOrEqual(16)
    for (const bytes of Object.values(ownMakings)) expect(bytes).toBeLessThan(4)
    // The platform gives the time as a number on the heap; that is all.
    expect(realClock).toBeLessThan(24)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
