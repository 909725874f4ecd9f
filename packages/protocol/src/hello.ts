import type { Hello } from './frame.ts'
import { readLimits } from './limits.ts'
import type { Members } from './members.ts'

/** The largest attempt number: far beyond use, and it still counts on exactly. */
export const maxAttempt: number = 2 ** 52

/** Longest session id and token on the wire, in characters. */
export const identityBounds = { maxSidLength: 128, maxTokenLength: 512 } as const

/** Reads the members of a HELLO. */
export function readHello(members: Members): Hello {
  const sid = members.nullableText('sid', identityBounds.maxSidLength)
  const token = members.nullableText('tok', identityBounds.maxTokenLength)
  members.require((sid === null) === (token === null), 'tok', 'null exactly when sid is')
  const rx = members.natural('rx')
  const auth = members.value('auth')
  const agent = members.optionalText('ua', 256)
  return {
    kind: 'hello',
    versions: members.naturals('v'),
    sid,
    token,
    attempt: members.natural('att', { min: 1, max: maxAttempt }),
    rx,
    ack: members.natural('ack', { max: rx }),
    limits: readLimits(members),
    ...(auth === undefined ? {} : { auth }),
    cid: members.text('cid', 64),
    ...(agent === undefined ? {} : { agent }),
    ext: members.texts('ext'),
    proto: members.texts('proto'),
  }
}

/** Returns the JSON members of a HELLO. */
export function writeHello(hello: Hello): object {
  return {
    v: hello.versions,
    sid: hello.sid,
    tok: hello.token,
    att: hello.attempt,
    rx: hello.rx,
    ack: hello.ack,
    max: hello.limits.maxBytes,
    win: [hello.limits.windowMessages, hello.limits.windowBytes],
    auth: hello.auth,
    cid: hello.cid,
    ua: hello.agent,
    ext: hello.ext.length === 0 ? undefined : hello.ext,
    proto: hello.proto.length === 0 ? undefined : hello.proto,
  }
}
