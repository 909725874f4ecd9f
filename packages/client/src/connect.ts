import { LiveSession } from './live-session.ts'
import { resolveOptions, type SessionOptions } from './options.ts'
import { sendsHeaders, withUnref } from './platform-socket.ts'
import type { Session } from './session.ts'
import { type Address, assertTarget, type Provided } from './target.ts'
import { watchWake } from './wake.ts'

/**
 * Opens a session and returns it at once, already trying to connect; listeners added in the same task miss nothing.
 *
 * @param url of the scheme ws, wss, http or https, or a function asked before every attempt
 * @param options see `SessionOptions`; everything is optional
 * @throws TypeError when the URL or an option is of the wrong kind, or an option is unknown
 * @throws RangeError when an option is out of bounds
 * @example
 * const session = connect('wss://chat.example/live')
 * session.on('message', (text) => show(text))
 * session.send('hello')
 */
export function connect(url: Provided<Address>, options?: SessionOptions): Session {
  const settings = resolveOptions(options)
  const { protocols, headers, credentials, whenHidden } = settings
  if (headers && !settings.createSocket && !sendsHeaders) {
    throw new TypeError('headers: browsers send none, got some')
  }
  const sources = { url, protocols, headers, credentials }
  assertTarget(sources)
  return new LiveSession(withUnref(settings), sources, (session, scope) =>
    watchWake(session, scope, whenHidden),
  )
}
