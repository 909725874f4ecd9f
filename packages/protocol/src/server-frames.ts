import { batchShape } from './batch.ts'
import type { Hello, Refresh } from './frame.ts'
import {
  type Check,
  type Shape,
  type Shapes,
  attempt,
  list,
  natural,
  optional,
  phrase,
  text,
  word,
} from './shape.ts'
import { byeShape, countClash, errorShape, limitClash, limitMembers } from './shared-frames.ts'
import { withoutPrototype } from './without-prototype.ts'

const anything: Check = () => true

const nullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)

const helloShape: Shape<Hello> = {
  kind: 'hello',
  members: {
    v: (value) => Array.isArray(value) && value.length > 0 && list(natural())(value),
    sid: nullOr(text(128)),
    tok: nullOr(text(512)),
    att: attempt(1),
    rx: natural(),
    ack: natural(),
    ...limitMembers,
    auth: anything,
    cid: word,
    ua: optional(phrase),
    ext: optional(list(word)),
    proto: optional(list(word)),
  },
  clash: (hello) =>
    countClash(hello) || limitClash(hello) || ((hello.sid === null) !== (hello.tok === null) && 'tok'),
  clean: (hello) => (hello.auth === undefined ? hello : { ...hello, auth: withoutPrototype(hello.auth) }),
}

const refreshShape: Shape<Refresh> = {
  kind: 'refresh',
  members: { auth: anything },
  clean: ({ kind, auth }) => ({ kind, auth: withoutPrototype(auth) }),
}

/** What a client may send to a server. */
export const serverFrames: Shapes = {
  H: helloShape,
  B: byeShape,
  E: errorShape,
  R: refreshShape,
  M: batchShape,
} as Shapes
