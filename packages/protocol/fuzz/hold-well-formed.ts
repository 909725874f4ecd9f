import { type Payload, clientFrames, decodeText, serverFrames } from '../src/index.ts'
import { hold } from './broken.ts'

const receivedBy = { client: clientFrames, server: serverFrames } as const

/** Whatever an end was told, what it says itself is a frame that the other end may receive. */
export function holdWellFormed(data: Payload, receiver: 'client' | 'server'): void {
  if (typeof data !== 'string') return
  const frame = decodeText(data, receivedBy[receiver])
  if (typeof frame !== 'string' && frame.kind === 'violation')
    hold(
      false,
      `it sends what is no frame (${frame.what} ${frame.detail}): ${JSON.stringify(data.slice(0, 200))}`,
    )
}
