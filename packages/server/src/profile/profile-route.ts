import type { ServerResponse } from 'node:http'
import { Scope, systemClock } from '@holdfast/lifetime'
import { pathOf } from '../connection-request.ts'
import { answer, type HttpRoute } from '../http-route.ts'
import { integer, knownNames } from '../option-checks.ts'
import { isLocalRequest } from './is-local-request.ts'
import { type ProfileKind, recordProfile } from './record-profile.ts'

/** How a server may be profiled. */
export interface ProfileOptions {
  /** The longest a recording may take, in seconds. Default 60; at most 600. */
  readonly maxSeconds?: number
}

const DEFAULT_SECONDS = 10

const kinds: Readonly<Record<string, ProfileKind>> = { '/profile/cpu': 'cpu', '/profile/heap': 'heap' }

/**
 * Makes a route, for the option `routes` or your own HTTP server, that records profiles of this process on demand:
 * `POST /profile/cpu?seconds=10` and `POST /profile/heap?seconds=10` answer, after so long, with a file for the developer tools
 * of Chromium. For programs on this machine only: whoever else asks gets 403. One at a time: another gets 409. A recording ends
 * with the request. It slows the process down a little, and function and file names are in it: keep it off unless needed.
 * @throws TypeError or RangeError for a bad `maxSeconds`
 */
export function profileRoute(options: ProfileOptions = {}): HttpRoute {
  knownNames('profile', options, ['maxSeconds'])
  const maxSeconds = integer('profile.maxSeconds', options.maxSeconds ?? 60, { min: 1, max: 600 })
  let recording: Scope | undefined
  return (request, response) => {
    const kind = kinds[pathOf(request.url ?? '/')]
    if (kind === undefined) return false
    response.setHeader('Cache-Control', 'no-store')
    const seconds = secondsOf(request.url ?? '/')
    if (!isLocalRequest(request)) answer(response, 403, 'for programs on this machine only\n')
    else if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST')
      answer(response, 405, 'POST only\n')
    } else if (seconds === undefined || seconds < 1 || seconds > maxSeconds) {
      answer(response, 400, `seconds: must be an integer from 1 to ${maxSeconds}\n`)
    } else if (recording !== undefined) answer(response, 409, 'a recording is under way\n')
    else {
      const scope = new Scope(systemClock)
      recording = scope
      response.on('close', () => scope.end())
      void respond(kind, seconds, scope, response).finally(() => {
        recording = undefined
      })
    }
    return true
  }
}

async function respond(
  kind: ProfileKind,
  seconds: number,
  scope: Scope,
  response: ServerResponse,
): Promise<void> {
  try {
    const profile = await recordProfile(kind, seconds * 1_000, scope)
    response.setHeader('Content-Disposition', `attachment; filename="holdfast.${kind}profile"`)
    if (!response.destroyed) answer(response, 200, profile, 'application/json')
  } catch {
    // Somebody else, a debugger for example, holds what is needed. There is nothing to do here but to say so.
    if (!response.destroyed) answer(response, 503, 'the profile could not be recorded\n')
  } finally {
    scope.end()
  }
}

function secondsOf(url: string): number | undefined {
  const mark = url.indexOf('?')
  const asked = mark === -1 ? null : new URLSearchParams(url.slice(mark)).get('seconds')
  if (asked === null) return DEFAULT_SECONDS
  return /^\d{1,4}$/.test(asked) ? Number(asked) : undefined
}
