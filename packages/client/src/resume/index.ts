import { subprotocol } from '@holdfast/protocol'
import type { Settings } from '../options.ts'
import type { Plug } from '../plug.ts'
import { createNativeSocket } from '../platform-socket.ts'
import type { Credentials } from '../target.ts'
import { HandledInbound } from './handled-inbound.ts'
import { type ResumeOptions, resolveResumeOptions } from './options.ts'
import { countOutbox } from './resumed-outbound.ts'
import { pingMark, Resumption } from './resumption.ts'

/**
 * Makes a session lossless against a server that speaks `holdfast.v1`: every message, in both directions, once and in
 * order, across any number of broken connections. Where the session at the server could not be continued, the event `gap`
 * says what is affected.
 *
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const session = connect('wss://chat.example/live', { resume: resume() })
 * await session.send('hello').settled // 'acked': the server has it
 */
export function resume(raw: Partial<ResumeOptions> = {}): Plug<Settings> {
  const options = resolveResumeOptions(raw)
  return (host) => {
    const handled = options.ack === 'handled' ? new HandledInbound(host, options) : undefined
    const resumption = new Resumption(host, options, handled)
    const { settings } = host
    const { createSocket = createNativeSocket, onConnected, classify } = settings
    let introduced: boolean | undefined
    return {
      settings: {
        ...settings,
        resumed: () => resumption.resumed,
        heartbeat: { ...settings.heartbeat, ping: () => pingMark, isPong: (message) => message === pingMark },
        createSocket: (url, _protocols, context) =>
          resumption.wrap(createSocket(url, [subprotocol], context), context.credentials as Credentials),
        // A session that goes on at the server needs no introduction, once it had one that succeeded.
        onConnected:
          onConnected &&
          (async (context) => {
            introduced &&= resumption.resumed
            if (!introduced) await onConnected(context)
            introduced ||= !context.signal.aborted
          }),
        // What ends the session at the server, by its own wish or because the ends disagree, does not end this one: it goes on with a gap.
        classify: (cause) =>
          classify?.(cause) ??
          (cause.kind === 'server-close' && (cause.code === 4400 || cause.code === 4410)
            ? 'retry'
            : undefined),
      },
      outbound: countOutbox(host.outbound, resumption),
      inbound: handled ?? host.inbound,
    }
  }
}

export type { Batching, BatchOptions } from '@holdfast/protocol'
export { batch } from './batch.ts'
export type { Settings } from '../options.ts'
export type { Plug, Plugged, PlugHost } from '../plug.ts'
export { type ResumeOptions, resumeDefaults } from './options.ts'
