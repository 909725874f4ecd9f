import type { Expiry, GoAway, Welcome } from './frame.ts'
import {
  type Check,
  type Shape,
  type Shapes,
  flag,
  hourMs,
  list,
  natural,
  optional,
  phrase,
  text,
  word,
} from './shape.ts'
import {
  byeShape,
  countClash,
  errorShape,
  lastClash,
  lastMembers,
  limitClash,
  limitMembers,
} from './shared-frames.ts'

/** Off (0), or between a second and an hour: a hostile server must not make the client spin. */
const interval: Check = (value) => value === 0 || natural(1_000, hourMs)(value)

const upToAnHour = natural(0, hourMs)

const welcomeShape: Shape<Welcome> = {
  kind: 'welcome',
  members: {
    v: natural(1, 1),
    sid: text(128),
    tok: text(512),
    res: flag,
    lost: optional(word),
    ...lastMembers,
    rx: natural(),
    ack: natural(),
    ping: interval,
    idle: interval,
    ttl: natural(0, 168 * hourMs),
    ...limitMembers,
    spread: upToAnHour,
    ext: optional(list(word)),
    proto: optional(word),
    exp: optional(natural()),
  },
  clash: (welcome) =>
    countClash(welcome) ||
    limitClash(welcome) ||
    lastClash(welcome) ||
    (!welcome.res && welcome.rx > 0 && 'rx'),
}

const goAwayShape: Shape<GoAway> = {
  kind: 'goaway',
  members: { after: upToAnHour, spread: upToAnHour, why: optional(phrase) },
}

const expiryShape: Shape<Expiry> = { kind: 'expiry', members: { exp: natural() } }

/** What a server may send to a client. */
export const clientFrames: Shapes = {
  W: welcomeShape,
  G: goAwayShape,
  B: byeShape,
  E: errorShape,
  X: expiryShape,
} as Shapes
