import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Returns how much the heap holds, in bytes, after everything unused has been collected. */
export function heapBytes(): number {
  // The second time frees what finalizers of the first let go.
  for (let times = 0; times < 2; times += 1) if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed
}
