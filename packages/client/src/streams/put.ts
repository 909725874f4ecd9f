import type { Receipt } from '@holdfast/mailbox'
import { isHoldfastError } from '../errors.ts'
import type { Message } from '../message.ts'
import type { Session } from '../session.ts'

/**
 * Sends a message as soon as there is room for it, however small the bounds of the queue are.
 * @param stop is asked just before; when it tells so, nothing is sent and nothing returned
 */
export async function put(
  session: Session,
  message: Message,
  stop: () => boolean,
): Promise<Receipt | undefined> {
  for (;;) {
    await outsideHook(session, () => session.ready())
    if (stop()) return undefined
    const receipt = session.send(message)
    const refused = isHoldfastError(receipt.error, 'queue-full') || receipt.status === 'dropped'
    const [oldest] = session.queue.entries()
    // With nothing in its way it would not fit later either.
    if (!refused || !oldest) return receipt
    await oldest.receipt.settled
  }
}

/** Waits as the session's own method does, and inside `onConnected` until that is over, where such a method rejects. */
export async function outsideHook(session: Session, wait: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await wait()
    } catch (error) {
      if (!isHoldfastError(error, 'in-hook')) throw error
      await new Promise<void>((resolve) => {
        session.once('state', () => resolve())
      })
    }
  }
}
