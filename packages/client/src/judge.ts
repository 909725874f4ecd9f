import { type BackoffOptions, backoffDelayMs, hintDelayMs } from './backoff.ts'
import type { Cause } from './cause.ts'
import { assertVerdict, classify, type Verdict } from './classify.ts'
import type { Settings } from './options.ts'
import { hasProvider, type TargetSources } from './target.ts'

/**
 * Decides what follows from a cause: the `classify` option first, then the table. Fresh credentials cannot come where nothing
 * is a provider.
 * @param failed is told what the option threw, or that it gave no verdict
 */
export function judge(
  cause: Cause,
  settings: Settings,
  sources: TargetSources,
  failed: (error: unknown) => void,
): Verdict {
  let verdict: Verdict | undefined
  try {
    verdict = assertVerdict(settings.classify?.(cause))
  } catch (error) {
    failed(error)
  }
  verdict ??= classify(cause)
  return verdict === 'refresh' && !hasProvider(sources) ? 'stop' : verdict
}

/** Draws how long to wait: as the server asked, else as backoff says. */
export function delayAfter(
  verdict: Verdict,
  backoff: BackoffOptions,
  retries: number,
  random: () => number,
): number {
  return typeof verdict === 'object'
    ? hintDelayMs(verdict.retryAfterMs, random)
    : backoffDelayMs(backoff, retries, random)
}
