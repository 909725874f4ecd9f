import type { IncomingMessage } from 'node:http'

const loopbackAddress = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/

/** Headers that a proxy adds: then the client is somebody else, wherever the connection comes from. */
const proxied = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

/**
 * Tells whether a request was made by a program on this machine: from a loopback address to one, through no proxy, and by no
 * page. A page can send requests to this machine too; it says `Origin` then, or, with a name that was rebound to 127.0.0.1,
 * the wrong `Host`.
 */
export function isLocalRequest({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): boolean {
  return (
    loopbackAddress.test(socket.remoteAddress ?? '') &&
    loopbackHost.test(headers.host ?? '') &&
    headers.origin === undefined &&
    proxied.every((name) => headers[name] === undefined)
  )
}
