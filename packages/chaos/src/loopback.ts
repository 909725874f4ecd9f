import { isIPv4 } from 'node:net'

/** Tells whether a host name or address, with or without brackets, can only mean this machine (RFC 6761 section 6.3). */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
}
