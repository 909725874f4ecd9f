import type { Welcome } from './frame.ts'
import { identityBounds } from './hello.ts'
import { readLastCounts } from './last-counts.ts'
import { readLimits } from './limits.ts'
import { toLossReason } from './loss-reason.ts'
import type { Members } from './members.ts'

const hourMs = 3_600_000
const ttlBound = { max: 168 * hourMs }
const spreadBound = { max: hourMs }

/** Reads an interval that is off (0) or between a second and an hour: a hostile server must not make the client spin. */
function readInterval(members: Members, key: string): number {
  const intervalMs = members.natural(key, { max: hourMs })
  members.require(intervalMs === 0 || intervalMs >= 1_000, key, '0, or at least 1000')
  return intervalMs
}

/** Reads the members of a WELCOME. */
export function readWelcome(members: Members): Welcome {
  const resumed = members.flag('res')
  const lost = members.optionalText('lost', 64)
  const rx = members.natural('rx', resumed ? {} : { max: 0 })
  const proto = members.optionalText('proto', 64)
  const expiresMs = members.optionalNatural('exp')
  members.natural('v', { min: 1, max: 1 })
  return {
    kind: 'welcome',
    sid: members.text('sid', identityBounds.maxSidLength),
    token: members.text('tok', identityBounds.maxTokenLength),
    resumed,
    ...(lost === undefined ? {} : { lost: toLossReason(lost) }),
    ...readLastCounts(members),
    rx,
    ack: members.natural('ack', { max: rx }),
    pingMs: readInterval(members, 'ping'),
    idleMs: readInterval(members, 'idle'),
    ttlMs: members.natural('ttl', ttlBound),
    spreadMs: members.natural('spread', spreadBound),
    limits: readLimits(members),
    ext: members.texts('ext'),
    ...(proto === undefined ? {} : { proto }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
  }
}

/** Returns the JSON members of a WELCOME. */
export function writeWelcome(welcome: Welcome): object {
  return {
    v: 1,
    sid: welcome.sid,
    tok: welcome.token,
    res: welcome.resumed,
    lost: welcome.lost,
    lack: welcome.last?.lack,
    lrx: welcome.last?.lrx,
    rx: welcome.rx,
    ack: welcome.ack,
    ping: welcome.pingMs,
    idle: welcome.idleMs,
    ttl: welcome.ttlMs,
    max: welcome.limits.maxBytes,
    win: [welcome.limits.windowMessages, welcome.limits.windowBytes],
    spread: welcome.spreadMs,
    ext: welcome.ext.length === 0 ? undefined : welcome.ext,
    proto: welcome.proto,
    exp: welcome.expiresMs,
  }
}
