import { type ListenTarget, platform, type Scope } from '@holdfast/lifetime'
import type { Cause, WakeSignal } from './cause.ts'
import type { WhenHidden } from './options.ts'
import type { Session } from './session.ts'

/** After a wake signal everybody dials, but not in the same instant. */
const WITHIN_MS = 500
/** How often the clock is looked at. */
const LOOK_MS = 30_000
/** A look this much too late means that the machine slept; hidden pages are throttled to one timer a minute, not worse. */
const JUMP_MS = 60_000

/** The page, as far as it can be listened to. All parts are absent in Node, some in workers. */
interface Page extends Partial<ListenTarget> {
  readonly document?: ListenTarget & { readonly visibilityState: string }
}

/** Causes of `idle` that end when the page is back. What the user paused stays paused. */
const revivable: readonly Cause['kind'][] = ['hidden', 'pagehide', 'attempts-exhausted']

/**
 * Watches the page and the clock: on a sign that the world came back, a waiting session dials within half a second, and an
 * open one is asked whether it is alive. Uses the public session only. Does nothing where there is no page and no worker.
 * `navigator.onLine` is not asked: it is wrong in both directions, so its events are hints and nothing more.
 */
export function watchWake(session: Session, scope: Scope, whenHidden: WhenHidden | undefined): void {
  const page = platform as unknown as Page & ListenTarget
  if (!page.addEventListener) return
  // `slept`: the page or the machine was away, so an open connection which cannot be asked is not believed.
  const wake = async (signal: WakeSignal, slept = false) => {
    const { state } = session
    const { name } = state
    const asleep =
      (name === 'waiting' && state.retryAt - scope.clock.now() > WITHIN_MS) ||
      (name === 'idle' && revivable.includes(state.cause.kind))
    const doubtful = name === 'open' && (await session.probe()) === 'unknown' && slept
    if ((asleep && signal !== 'offline') || (doubtful && session.state === state)) {
      session.reconnect({ withinMs: WITHIN_MS, cause: { kind: 'wake', signal } })
    }
  }
  for (const hint of ['online', 'offline'] as const) scope.listen(page, hint, () => void wake(hint))
  scope.listen(page, 'pagehide', () => session.pause({ kind: 'pagehide' }))
  scope.listen(page, 'pageshow', ({ persisted }: { persisted: boolean }) => {
    if (persisted) void wake('pageshow', true)
  })
  watchClock(scope, () => void wake('clock-jump', true))
  const { document } = page
  if (!document) return
  // `freeze` and `resume` are sent to the document and do not bubble to the window.
  scope.listen(document, 'resume', () => void wake('resume', true))
  let undo = () => {}
  const look = () => {
    undo()
    if (document.visibilityState === 'hidden') undo = hide(session, scope, whenHidden)
    else void wake('visible')
  }
  scope.listen(document, 'visibilitychange', look)
  look()
}

function watchClock(scope: Scope, jumped: () => void): void {
  const dueAt = scope.clock.now() + LOOK_MS
  scope.timeout(LOOK_MS, () => {
    if (scope.clock.now() - dueAt > JUMP_MS) jumped()
    watchClock(scope, jumped)
  })
}

/** Carries out `whenHidden`, until the returned function is called. */
function hide(session: Session, scope: Scope, whenHidden: WhenHidden | undefined): () => void {
  const letGo = () => session.pause({ kind: 'hidden' })
  if (typeof whenHidden === 'object') return scope.timeout(whenHidden.closeAfterMs, letGo)
  if (whenHidden !== 'pauseRetries') return () => {}
  const look = () => {
    if (session.state.name === 'waiting') letGo()
  }
  look()
  return session.on('state', look)
}
