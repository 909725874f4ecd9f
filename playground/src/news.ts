import type {
  Incoming,
  Message,
  Receipt,
  Session,
  SessionEnd,
  SessionError,
  SessionEvents,
  StateChange,
} from 'holdfast'
import type { ProxyEvent } from './proxy-event.ts'
import { Topic } from './topic.ts'

/** Everything that the views of this page are told. */
export type News =
  | { readonly type: 'session'; readonly session: Session; readonly resumes: boolean }
  | { readonly type: 'state'; readonly change: StateChange; readonly session: Session }
  | { readonly type: 'message'; readonly message: Incoming }
  | { readonly type: 'resumed' }
  /** A message went out on another connection as well. */
  | { readonly type: 'replayed' }
  | { readonly type: 'gap'; readonly gap: SessionEvents['gap'] }
  | { readonly type: 'error'; readonly error: SessionError }
  | { readonly type: 'closed'; readonly end: SessionEnd; readonly session: Session }
  | { readonly type: 'rtt'; readonly rttMs: number }
  | { readonly type: 'sent'; readonly message: Message; readonly receipt: Receipt }
  /** The person did something, in words. */
  | { readonly type: 'action'; readonly words: string; readonly mark?: string }
  /** The fault proxy says what happened to it. */
  | { readonly type: 'network'; readonly event: ProxyEvent }

export const news = new Topic<News>()
