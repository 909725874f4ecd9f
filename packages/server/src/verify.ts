import type { Scope } from '@holdfast/lifetime'
import type { ConnectionRequest } from './connection-request.ts'
import { ServerError } from './errors.ts'
import { type Refusal, retryAfterOf } from './refusal.ts'

/** How a `verify` hook refuses. */
export interface VerifyRefusal {
  /** The HTTP status, an integer from 400 to 599. */
  readonly status: number
  /** When to come again, in milliseconds; sent as `Retry-After` in whole seconds, rounded up. */
  readonly retryAfterMs?: number
  /** One line for the client, sent as the body. */
  readonly detail?: string
}

/**
 * Decides whether a client may connect. Only `true` accepts; `false` refuses with 401, an object with its status. Anything
 * else, a throw, a rejection or a late answer refuses too (500, 503): a broken hook lets nobody in.
 */
export type Verify = (
  request: ConnectionRequest,
  context: {
    /** Aborts when the answer is not wanted any more: too late, the client left, or the server stops. */
    readonly signal: AbortSignal
  },
) => boolean | VerifyRefusal | Promise<boolean | VerifyRefusal>

/** Until when an answer is wanted. */
export interface VerifyLimits {
  /** Ends when the client has left. */
  readonly life: Scope
  /** Ends when the server stops. */
  readonly admitting: Scope
  readonly timeoutMs: number
}

/**
 * Asks a `verify` hook. @returns `undefined` to accept, else the refusal
 * @throws ServerError `verify-timeout`, `bad-answer`, or `stopped` when the answer is not wanted any more; and whatever the
 *   hook throws
 */
export async function askVerify(
  verify: Verify,
  request: ConnectionRequest,
  { life, admitting, timeoutMs }: VerifyLimits,
): Promise<Refusal | undefined> {
  const asking = life.child()
  const giveUp = new Promise<never>((_resolve, reject) => {
    asking.defer(() => reject(new ServerError('stopped', 'verify: the answer is not wanted any more')))
    asking.timeout(timeoutMs, () => {
      reject(new ServerError('verify-timeout', `verify: no answer within verifyTimeoutMs, ${timeoutMs}`))
    })
  })
  const abort = new AbortController()
  asking.defer(() => abort.abort())
  const forget = admitting.defer(() => asking.end())
  try {
    const { signal } = abort
    // An async function around the hook, so that a throw is a rejection too and both promises are always raced.
    return readAnswer(await Promise.race([(async () => verify(request, { signal }))(), giveUp]))
  } finally {
    forget()
    asking.end()
  }
}

function readAnswer(answer: unknown): Refusal | undefined {
  if (answer === true) return undefined
  if (answer === false) return { reason: 'verify', status: 401, detail: 'refused' }
  const { status, retryAfterMs, detail = 'refused' } = (answer ?? {}) as Partial<VerifyRefusal>
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 599) {
    throw new ServerError(
      'bad-answer',
      'verify: must answer true, false, or an object with a status 400 to 599',
    )
  }
  return {
    reason: 'verify',
    status,
    detail,
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0
      ? { retryAfter: retryAfterOf(retryAfterMs) }
      : {}),
  }
}
