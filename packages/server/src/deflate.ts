import type { PerMessageDeflateOptions } from 'ws'
import { flag, integer, knownNames } from './option-checks.ts'

/** Whether messages are compressed with permessage-deflate (RFC 7692), and from how many bytes on. */
export type Deflate = boolean | { readonly thresholdBytes: number }

const DEFAULT_THRESHOLD_BYTES = 1_024

/** Checks the option. @throws TypeError or RangeError naming the option, its bound and the value received */
export function checkDeflate(name: string, deflate: unknown): Deflate {
  if (typeof deflate !== 'object' || deflate === null) return flag(name, deflate)
  knownNames(name, deflate, ['thresholdBytes'])
  const { thresholdBytes } = deflate as { readonly thresholdBytes?: unknown }
  const bounds = { min: 0, max: 1_073_741_824 }
  return { thresholdBytes: integer(`${name}.thresholdBytes`, thresholdBytes, bounds) }
}

/**
 * Gives what `ws` wants to know. Each message is compressed by itself: a window over several costs some 300 KB a connection,
 * makes `ws` ignore the threshold, and lets the size of one message tell of another.
 */
export function deflateSettings(deflate: Deflate): PerMessageDeflateOptions | false {
  if (deflate === false) return false
  return {
    threshold: deflate === true ? DEFAULT_THRESHOLD_BYTES : deflate.thresholdBytes,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
  }
}
