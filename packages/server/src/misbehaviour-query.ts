import { checkClose } from './close-code.ts'
import { integer, knownNames, shown, text } from './option-checks.ts'

/** What a client asks the server to do wrong, for tests. Each part is absent unless asked for. */
export interface Misbehaviour {
  /** Refuses the upgrade with this HTTP status, 400 to 599. */
  readonly refuse?: number
  /** With `refuse`: the `Retry-After` header, verbatim, so that nonsense can be tested. */
  readonly retryAfter?: string
  /** Never answers the upgrade. */
  readonly answer?: 'never'
  /** Resets the TCP connection right after the 101. */
  readonly resetAfterUpgrade?: 1
  /** Accepts and reads, but sends nothing ever after: no pongs, no close frames. */
  readonly mute?: 1
  /** Accepts, then closes with this code; 1005 sends a close frame without a code. */
  readonly acceptThenClose?: number
  /** With `acceptThenClose`: the reason. */
  readonly reason?: string
  /** With `acceptThenClose`: waits so long before. Default 0. */
  readonly afterMs?: number
  /** Sends one binary message of so many bytes. */
  readonly oversize?: number
  /** Sends bytes that are no valid frame. */
  readonly garbage?: 1
  /** Sends this text at once. */
  readonly greet?: string
  /** Sends `tick 1`, `tick 2`, … with this time between. */
  readonly sendEvery?: number
  /** Does not hand the connection to the handler: nothing comes back. */
  readonly noEcho?: 1
  /** Closes after so long. */
  readonly sayGoodbyeAfterMs?: number
  /** With `sayGoodbyeAfterMs`: the code. Default 1001. */
  readonly code?: number
}

type Name = keyof Misbehaviour

const wait = { min: 0, max: 86_400_000 }

const readers: { readonly [Key in Name]-?: (value: string, name: string) => Misbehaviour[Key] } = {
  refuse: (value, name) => number(name, value, { min: 400, max: 599 }),
  retryAfter: readHeader,
  answer: (value, name) => only(name, value, 'never'),
  resetAfterUpgrade: one,
  mute: one,
  acceptThenClose: readCode,
  reason: readReason,
  afterMs: (value, name) => number(name, value, wait),
  oversize: (value, name) => number(name, value, { min: 1, max: 67_108_864 }),
  garbage: one,
  greet: (value) => value,
  sendEvery: (value, name) => number(name, value, { min: 1, max: wait.max }),
  noEcho: one,
  sayGoodbyeAfterMs: (value, name) => number(name, value, wait),
  code: readCode,
}

/** What makes no sense without something else. */
const companions: Partial<Record<Name, Name>> = {
  retryAfter: 'refuse',
  reason: 'acceptThenClose',
  afterMs: 'acceptThenClose',
  code: 'sayGoodbyeAfterMs',
}

/** What leaves no room for anything else but its own companions. */
const exclusive: ReadonlySet<Name> = new Set(['refuse', 'answer', 'resetAfterUpgrade', 'mute'])

/**
 * Reads what misbehaviour a request target asks for; an empty object for none.
 * @throws TypeError or RangeError naming the parameter that is unknown, malformed, given twice or out of place
 */
export function readMisbehaviour(url: string): Misbehaviour {
  const mark = url.indexOf('?')
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
  knownNames('query', Object.fromEntries(query), Object.keys(readers))
  const names = [...query.keys()] as Name[]
  for (const name of names) checkPlace(name, names)
  return Object.fromEntries([...query].map(([name, value]) => [name, readers[name as Name](value, name)]))
}

function checkPlace(name: Name, names: readonly Name[]): void {
  if (names.indexOf(name) !== names.lastIndexOf(name)) throw new RangeError(`${name}: must be given once`)
  const leader = companions[name]
  if (leader !== undefined && !names.includes(leader)) {
    throw new RangeError(`${name}: must be given together with ${leader}`)
  }
  if (!exclusive.has(name)) return
  const other = names.find((candidate) => candidate !== name && companions[candidate] !== name)
  if (other !== undefined) throw new RangeError(`${name}: must not be given together with ${other}`)
}

function number(name: string, value: string, bounds: { min: number; max: number }): number {
  return integer(name, /^\d{1,15}$/.test(value) ? Number(value) : value, bounds)
}

function one(value: string, name: string): 1 {
  only(name, value, '1')
  return 1
}

function only<Value extends string>(name: string, value: string, allowed: Value): Value {
  if (value === allowed) return allowed
  throw new RangeError(`${name}: must be ${allowed}, received ${shown(value)}`)
}

function readCode(value: string, name: string): number {
  const code = number(name, value, { min: 1000, max: 4999 })
  if (code !== 1005) checkClose(name, code, 'reason', '')
  return code
}

function readReason(value: string, name: string): string {
  checkClose('code', 1000, name, value)
  return value
}

function readHeader(value: string, name: string): string {
  if (/^[\x20-\x7e]{1,64}$/.test(text(name, value))) return value
  throw new RangeError(`${name}: must be 1 to 64 printable ASCII characters, received ${shown(value)}`)
}
