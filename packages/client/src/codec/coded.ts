import { systemClock } from '@holdfast/lifetime'
import { assertMethods, fill } from '../bounds.ts'
import type { Session } from '../session.ts'
import type { Codec } from './codec.ts'
import type { CodedOptions, CodedSession, CodedSettings } from './coded-session.ts'
import { LiveCodedSession } from './live-coded-session.ts'

const preset: CodedSettings = {
  maxUnread: 10_000,
  maxPending: 10_000,
  maxPendingBytes: 16_777_216,
  clock: systemClock,
}

/**
 * Gives a session through a codec: values instead of messages, typed, checked, batched or compressed as the codec says. A view
 * that ends with the session or by `dispose()`; a second one, with another codec, works beside it. A value or message that
 * fails is an `error` event of the view, and never harms the session.
 *
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const view = coded(session, json<Order, Quote>())
 * view.on('message', ({ price }) => show(price))
 * view.send({ buy: 3 })
 */
export function coded<Out, In>(
  session: Session,
  codec: Codec<Out, In>,
  options: CodedOptions = {},
): CodedSession<Out, In> {
  assertMethods('coded.session', session, ['send', 'on'])
  assertMethods('coded.codec', codec, ['encode', 'decode'])
  const settings = fill('coded', options, preset)
  assertMethods('coded.clock', settings.clock, ['now', 'setTimeout', 'clearTimeout'])
  return new LiveCodedSession(session, codec, settings)
}
