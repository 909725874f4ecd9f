import { sessionClosed } from '../errors.ts'
import type { Sender } from '../outbound.ts'
import type { Resumption } from './resumption.ts'

/** Has a way out count what lies behind its queue as well: messages that were sent and are not acknowledged. */
export function countOutbox(outbound: Sender, resumption: Resumption): Sender {
  const { end, flushed } = outbound
  return Object.assign(outbound, {
    /** Resolves when the server has everything. */
    async flushed() {
      const open = [...resumption.receipts(), ...outbound.queue.entries().map(({ receipt }) => receipt)]
      await flushed.call(outbound)
      const ends = await Promise.all(open.map(({ settled }) => settled))
      if (ends.some((status) => status.startsWith('un'))) throw sessionClosed()
    },
    end() {
      const { undelivered, uncertain } = resumption.end()
      return { undelivered: [...undelivered, ...end.call(outbound).undelivered], uncertain }
    },
  })
}
