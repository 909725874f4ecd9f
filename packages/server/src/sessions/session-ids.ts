import { createHash, randomBytes } from 'node:crypto'

/** Session id and token sizes, in random bytes: 128 bits cannot be guessed, and the token has room to spare. */
const SID_BYTES = 16
const TOKEN_BYTES = 32

/** Length of a session's name in logs: too little to find the session by, enough to tell sessions apart. */
const LOG_NAME_LENGTH = 10

/** What the next WELCOME may hand out: the token itself goes to the client only, its hash to the store. */
export interface FreshIds {
  readonly freshSid: string
  readonly freshToken: string
  readonly freshTokenHash: string
}

/** Makes an id and a token from the system's source of randomness. */
export function makeFreshIds(): FreshIds {
  const freshToken = randomBytes(TOKEN_BYTES).toString('base64url')
  return {
    freshSid: randomBytes(SID_BYTES).toString('base64url'),
    freshToken,
    freshTokenHash: hashOf(freshToken),
  }
}

/** Hashes a token for the store. SHA-256 is enough: a token is random, so there is no dictionary to try. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/** Names a session for logs and applications, always the same for one session; nobody can come from it to the session id. */
export function logNameOf(sid: string): string {
  return `s-${createHash('sha256').update('log name').update(sid).digest('base64url').slice(0, LOG_NAME_LENGTH)}`
}
