import { isIPv6 } from 'node:net'
import type { Release } from '@holdfast/lifetime'

/** Which cap is reached. */
export type ReachedCap = 'too-many' | 'too-many-per-address'

/** Counts places for connections, in total and for each address. A place is taken before the upgrade is answered. */
export class ConnectionCaps {
  readonly #maxTotal: number
  readonly #maxPerAddress: number
  readonly #taken = new Map<string, number>()
  #total = 0

  constructor(maxTotal: number, maxPerAddress: number) {
    this.#maxTotal = maxTotal
    this.#maxPerAddress = maxPerAddress
  }

  /** Takes a place, or tells which cap is reached. Call the returned function once to give the place back. */
  take(remoteAddress: string): Release | ReachedCap {
    const group = addressGroup(remoteAddress)
    const ofGroup = this.#taken.get(group) ?? 0
    if (ofGroup >= this.#maxPerAddress) return 'too-many-per-address'
    if (this.#total >= this.#maxTotal) return 'too-many'
    this.#total += 1
    this.#taken.set(group, ofGroup + 1)
    return () => this.#giveBack(group)
  }

  #giveBack(group: string): void {
    this.#total -= 1
    const left = (this.#taken.get(group) ?? 1) - 1
    if (left === 0) this.#taken.delete(group)
    else this.#taken.set(group, left)
  }
}

/**
 * Names who counts as one address: an IPv4 address (also when mapped into IPv6), or an IPv6 network of 64 bits, as that is
 * what one household or one machine gets (RFC 6177), and it could otherwise come from 2^64 addresses.
 */
export function addressGroup(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase()
  if (bare.startsWith('::ffff:') && bare.includes('.')) return bare.slice('::ffff:'.length)
  if (!isIPv6(bare)) return bare
  const [before = '', after] = bare.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const gap = after === undefined ? 0 : 8 - head.length - tail.length
  const groups = [...head, ...Array.from({ length: Math.max(0, gap) }, () => '0'), ...tail]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
