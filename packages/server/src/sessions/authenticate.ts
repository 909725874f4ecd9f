import type { Scope } from '@holdfast/lifetime'
import type { Rejection } from '@holdfast/protocol'
import type { ConnectionRequest } from '../connection-request.ts'
import { ServerError } from '../errors.ts'

/** What an `authenticate` hook has to go by. */
export interface AuthenticationAttempt {
  /** What the client sent as its credentials: anything that is JSON, from outside, unchecked. `undefined`: nothing. */
  readonly auth: unknown
  /** The upgrade request of the connection: cookies, address, query. */
  readonly request: ConnectionRequest
  /** `hello`: a connection wants in. `refresh`: it is in, and sent new credentials before the old ones run out. */
  readonly purpose: 'hello' | 'refresh'
  /** Aborts when the answer is not wanted any more: too late, the client left, or the server stops. */
  readonly signal: AbortSignal
}

/** Who a client is. */
export interface Identified {
  /** Names the owner: a session only goes on for the same one. `null`: nobody in particular, whoever holds its token. */
  readonly principal: string | null
  /** How long the credentials hold from now, in milliseconds; then the connection is closed with 4401. Default: for ever. */
  readonly expiresMs?: number
}

/** Why a client may not come in. */
export interface AuthenticationRefusal {
  /** 4401: other credentials are needed. 4403: never. 4429: too many. 4503: not now. */
  readonly code: 4401 | 4403 | 4429 | 4503
  /** When to come again, in milliseconds. */
  readonly retryAfterMs?: number
  /** A few words for the client. */
  readonly message?: string
}

type Answer = Identified | AuthenticationRefusal | null

/**
 * Finds out who a client is, before any session is looked at. `null` refuses with 4401. A throw, a rejection, a late answer
 * or one that is none of these refuses too, with 4500: a broken hook lets nobody in.
 */
export type Authenticate = (attempt: AuthenticationAttempt) => Answer | Promise<Answer>

/** What came of it: who it is, or a refusal in the words of the protocol. */
export type Verdict = Identified | Rejection

const refusalCodes: ReadonlySet<unknown> = new Set([4401, 4403, 4429, 4503])

const DAY_MS = 86_400_000

/** How many characters of a refusal's words reach the client. */
const LONGEST_MESSAGE = 120

/**
 * Asks an `authenticate` hook.
 * @throws ServerError `authenticate-timeout`, `bad-answer`, `stopped` when `life` ended meanwhile; and whatever the hook throws
 */
export async function askAuthenticate(
  authenticate: Authenticate,
  attempt: Omit<AuthenticationAttempt, 'signal'>,
  { life, timeoutMs }: { readonly life: Scope; readonly timeoutMs: number },
): Promise<Verdict> {
  const asking = life.child()
  const giveUp = new Promise<never>((_resolve, reject) => {
    asking.defer(() => reject(new ServerError('stopped', 'authenticate: the answer is not wanted any more')))
    asking.timeout(timeoutMs, () => {
      const what = `no answer within authenticateTimeoutMs, ${timeoutMs}`
      reject(new ServerError('authenticate-timeout', `authenticate: ${what}`))
    })
  })
  const abort = new AbortController()
  asking.defer(() => abort.abort())
  try {
    const { signal } = abort
    // An async function around the hook, so that a throw is a rejection too and both promises are always raced.
    return readAnswer(await Promise.race([(async () => authenticate({ ...attempt, signal }))(), giveUp]))
  } finally {
    asking.end()
  }
}

function readAnswer(answer: unknown): Verdict {
  if (answer === null) return { kind: 'rejected', code: 4401, message: 'credentials are needed' }
  const { principal, expiresMs, code, retryAfterMs, message } = (answer ?? {}) as Partial<
    Identified & AuthenticationRefusal
  >
  if (code !== undefined && refusalCodes.has(code)) {
    return {
      kind: 'rejected',
      code,
      ...(isDuration(retryAfterMs) ? { retryMs: Math.min(Math.ceil(retryAfterMs), DAY_MS) } : {}),
      ...(typeof message === 'string' ? { message: message.slice(0, LONGEST_MESSAGE) } : {}),
    }
  }
  const isPrincipal = principal === null || (typeof principal === 'string' && principal !== '')
  if (code !== undefined || !isPrincipal || !(expiresMs === undefined || isDuration(expiresMs))) {
    throw new ServerError(
      'bad-answer',
      'authenticate: must answer null, a principal (text or null), or a code 4401, 4403, 4429 or 4503',
    )
  }
  if (expiresMs === undefined || expiresMs === Number.POSITIVE_INFINITY) return { principal }
  return { principal, expiresMs: Math.floor(expiresMs) }
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && (value <= 2 ** 53 - 1 || value === Infinity)
}
