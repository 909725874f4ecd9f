import type { HeldAction, HeldOutput } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'

/** Calls uncertain what the store may have had and forgot, or let another server send: it is not certain that it was not sent. */
export function inDoubt(
  held: HeldOutput<SentMessage>,
  actions: readonly HeldAction<SentMessage>[],
): readonly HeldAction<SentMessage>[] {
  return actions.map((action) => {
    if (action.type !== 'ended') return action
    const { delivered, uncertain, undelivered } = action.handBack
    const rest = [...uncertain, ...undelivered]
    const tried = Math.max(uncertain.length, held.triedTx - held.record.outbox.acked - delivered.length)
    return {
      ...action,
      handBack: { delivered, uncertain: rest.slice(0, tried), undelivered: rest.slice(tried) },
    }
  })
}
