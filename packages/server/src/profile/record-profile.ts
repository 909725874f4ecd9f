import { Session } from 'node:inspector/promises'
import type { Scope } from '@holdfast/lifetime'

/** What is recorded: where time goes, or who allocates what is still held. */
export type ProfileKind = 'cpu' | 'heap'

/**
 * Records a profile of this process, for as long as the time says or until the scope ends.
 * @returns the profile as JSON, in the form that Chromium's developer tools read: `.cpuprofile` or `.heapprofile`
 */
export async function recordProfile(kind: ProfileKind, durationMs: number, scope: Scope): Promise<string> {
  const session = new Session()
  session.connect()
  try {
    if (kind === 'cpu') {
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
    } else await session.post('HeapProfiler.startSampling')
    await new Promise<void>((resolve) => {
      scope.timeout(durationMs, resolve)
      scope.defer(resolve)
    })
    const { profile } =
      kind === 'cpu' ? await session.post('Profiler.stop') : await session.post('HeapProfiler.stopSampling')
    return JSON.stringify(profile)
  } finally {
    session.disconnect()
  }
}
