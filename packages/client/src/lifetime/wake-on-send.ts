import type { Settings } from '../options.ts'
import type { Sender } from '../outbound.ts'
import type { Plug } from '../plug.ts'

/**
 * Makes a plug, for the option `plugs`, with which a session that was paused as `idle` connects again as soon as something is
 * to be sent. What was paused for another reason stays paused.
 */
export function wakeOnSend(): Plug<Settings> {
  return ({ session, settings, outbound }) => {
    const send: Sender['send'] = (message, options) => {
      const receipt = outbound.send(message, options)
      const { state } = session
      const wakes = state.name === 'idle' && state.cause.kind === 'idle' && receipt.status === 'queued'
      if (wakes) session.reconnect()
      return receipt
    }
    return { settings, outbound: through(outbound, send) }
  }
}

/** Gives a way out that does everything as another does, but for `send`. */
function through(outbound: Sender, send: Sender['send']): Sender {
  return {
    send,
    get queue() {
      return outbound.queue
    },
    opened: (wire) => outbound.opened(wire),
    lost: () => outbound.lost(),
    drain: () => outbound.drain(),
    end: () => outbound.end(),
    ready: () => outbound.ready(),
    flushed: () => outbound.flushed(),
    pump: () => outbound.pump(),
  }
}
