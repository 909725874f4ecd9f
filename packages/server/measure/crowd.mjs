// A process full of clients that only listen; told what to do over IPC. Started by `broadcast.mjs`.
import { openRaw } from './frames.mjs'

const nowUs = () => Number(process.hrtime.bigint() / 1_000n)

let latenciesUs = []
const counts = []
const sockets = []

/** Each message begins with the moment it was sent, in 16 digits; frames have one size. */
function listener(index, frameBytes, headBytes) {
  let rest = Buffer.alloc(0)
  counts[index] = 0
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (; rest.length - at >= frameBytes; at += frameBytes) {
      const sentUs = Number(rest.latin1Slice(at + headBytes, at + headBytes + 16))
      latenciesUs.push(nowUs() - sentUs)
      counts[index] += 1
    }
    rest = at === 0 ? rest : rest.subarray(at)
  }
}

async function open({ host, port, clients, frameBytes, headBytes }) {
  const batch = 100
  for (let from = 0; from < clients; from += batch) {
    const some = Array.from({ length: Math.min(batch, clients - from) }, (_unused, n) =>
      openRaw({ host, port, onBytes: listener(from + n, frameBytes, headBytes) }),
    )
    sockets.push(...(await Promise.all(some)))
  }
}

function report() {
  const sorted = Float64Array.from(latenciesUs).sort()
  const at = (share) => (sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0) / 1_000
  const result = {
    received: sorted.length,
    fewest: Math.min(...counts),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  }
  latenciesUs = []
  counts.fill(0)
  return result
}

process.on('message', (message) => {
  if (message.what === 'open') {
    open(message).then(
      () => process.send({ what: 'opened' }),
      (error) => process.send({ what: 'failed', message: error.message }),
    )
  } else if (message.what === 'received') {
    process.send({ what: 'received', fewest: Math.min(...counts) })
  } else if (message.what === 'report') process.send({ what: 'report', ...report() })
})
// The parent is gone, and so are we.
process.on('disconnect', () => process.exit(0))
