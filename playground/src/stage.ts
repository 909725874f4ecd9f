import type { Message, SendOptions, Session, SessionOptions } from 'holdfast'
import type { ResumeOptions } from 'holdfast/resume'
import { news } from './news.ts'
import { ReplayCounter } from './replay-counter.ts'

/** Holds the session that the page is about, and tells everybody what it says. One at a time. */
export class Stage {
  #session: Session | undefined

  /** The session that was made last; it may be over. */
  get session(): Session | undefined {
    return this.#session
  }

  /** The session, unless there is none or it is over. */
  get live(): Session | undefined {
    return this.#session?.state.name === 'closed' ? undefined : this.#session
  }

  /**
   * Makes a session and gives up the one before.
   * @throws TypeError or RangeError when an option is bad; then the one before goes on
   */
  start(address: () => string, options: SessionOptions, resume: Partial<ResumeOptions> | undefined): Session {
    const session = Holdfast.connect(address, {
      ...options,
      ...(resume && resuming(resume)),
      heartbeat: heard(options.heartbeat, () => this.#measured()),
    })
    this.#session?.dispose()
    this.#session = session
    news.tell({ type: 'session', session, resumes: resume !== undefined })
    session.on('state', (change) => news.tell({ type: 'state', change, session }))
    session.on('message', (message) => news.tell({ type: 'message', message }))
    session.on('resumed', () => news.tell({ type: 'resumed' }))
    session.on('gap', (gap) => news.tell({ type: 'gap', gap }))
    session.on('error', (error) => news.tell({ type: 'error', error }))
    session.on('closed', (end) => news.tell({ type: 'closed', end, session }))
    return session
  }

  /** Sends through the session, if there is one that can still take it, and tells the views. */
  send(message: Message, options: SendOptions): boolean {
    if (this.#session === undefined) return false
    const receipt = this.#session.send(message, options)
    news.tell({ type: 'sent', message, receipt })
    return true
  }

  #measured(): void {
    const rttMs = this.#session?.rttMs
    if (rttMs !== undefined) news.tell({ type: 'rtt', rttMs })
  }
}

/** The options of a session that resumes, with sockets that tell what goes out again. */
function resuming(resume: Partial<ResumeOptions>): SessionOptions {
  const { createSocket } = new ReplayCounter(() => news.tell({ type: 'replayed' }))
  return { resume: Holdfast.resume(resume), createSocket }
}

/** Notices each answer to a ping: a measurement has no event of its own, and is there right after `isPong` said yes. */
function heard(heartbeat: SessionOptions['heartbeat'], measured: () => void): SessionOptions['heartbeat'] {
  if (!heartbeat || heartbeat.isPong === undefined) return heartbeat
  const { isPong } = heartbeat
  return {
    ...heartbeat,
    isPong: (message) => {
      const answered = isPong(message)
      if (answered) queueMicrotask(measured)
      return answered
    },
  }
}
