// Clients that send without end and note what becomes of it.
import { connect } from 'holdfast'
import { resume } from 'holdfast/resume'

/** Starts a client whose next connection goes where `urlOf` says. */
export function startClient(name, urlOf, sendEveryMs) {
  const sent = []
  const received = []
  const gaps = []
  const errors = []
  const session = connect(urlOf, {
    resume: resume(),
    credentials: () => name,
    backoff: { baseMs: 20, capMs: 200, stableAfterMs: 0 },
    connect: { dialTimeoutMs: 5_000 },
    queue: { maxMessages: 100_000, maxBytes: 100_000_000 },
  })
  session.on('message', (message) => received.push(message))
  session.on('gap', ({ reason }) => gaps.push({ reason, at: Date.now() }))
  session.on('error', ({ phase, error }) => errors.push(`${phase}: ${String(error)}`))
  let resumes = 0
  session.on('resumed', () => {
    resumes += 1
  })
  const timer = setInterval(() => {
    const message = `${name}:${sent.length + 1}`
    sent.push({ message, receipt: session.send(message) })
  }, sendEveryMs)
  return {
    name,
    session,
    sent,
    received,
    gaps,
    errors,
    get resumes() {
      return resumes
    },
    quiet: () => clearInterval(timer),
  }
}
