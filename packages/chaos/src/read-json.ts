import type { IncomingMessage } from 'node:http'
import { BadValueError } from './bad-value-error.ts'
import { HttpError } from './http-error.ts'

/** The largest body the control takes. */
export const maxBodyBytes = 1_048_576

/**
 * Reads a JSON body of at most 1 MiB.
 *
 * @throws HttpError 413 when it is larger
 * @throws BadValueError when it is not JSON
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Read to its end even when too large: closing before would reset the connection and take our answer with it.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= maxBodyBytes) chunks.push(chunk)
  }
  if (bytes > maxBodyBytes)
    throw new HttpError(413, 'too-large', `body: must be at most ${maxBodyBytes} bytes, got ${bytes}`)
  const text = Buffer.concat(chunks).toString('utf8')
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own message differs between engines; the field, the bound and the value say it all.
    throw new BadValueError('body', 'JSON', text)
  }
}
