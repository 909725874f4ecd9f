import { connect, type SessionOptions } from 'holdfast'
import { batched, coded, json } from 'holdfast/codec'
import { batch, resume } from 'holdfast/resume'
import type { Link, LinkPlan, Setup, Start } from '../contender.ts'

const settings: { readonly [Name in Setup]: SessionOptions } = {
  default: {},
  eager: { backoff: { baseMs: 100, capMs: 100 } },
  roomy: { queue: { maxMessages: 1_000_000, maxBytes: 67_108_864 } },
  watchful: { heartbeat: { intervalMs: 1_000, timeoutMs: 500, probeMs: 500 } },
}

function start({ url, setup, events }: LinkPlan, options: SessionOptions) {
  const session = connect(url, { ...settings[setup], ...options })
  session.on('message', (data) => events.message(data))
  const { lost } = events
  if (lost) {
    session.on('state', ({ previous }) => {
      if (previous.name === 'open') lost()
    })
  }
  const link: Link = {
    send: (message) => void session.send(message),
    close: () => void session.close(),
    dispose: () => session.dispose(),
  }
  return { link, opened: session.opened() }
}

/** Holdfast against any server. */
export const startHoldfast: Start = (plan) => start(plan, {})

/** Holdfast in resume mode: nothing is lost, and everything is acknowledged. */
export const startHoldfastResume: Start = (plan) => start(plan, { resume: resume() })

/** Resume mode with small messages in common frames, those of one turn together. */
export const startHoldfastBatch: Start = (plan) =>
  start(plan, { resume: resume({ batch: batch({ lingerMs: 0 }) }) })

/** Plain Holdfast with a codec that puts the values of one turn into one message, an array, against any server that takes arrays. */
export const startHoldfastArrays: Start = ({ url, setup, events }) => {
  const session = connect(url, settings[setup])
  const view = coded(session, batched(json(), { lingerMs: 0, maxMessages: 500 }))
  view.on('message', (value) => events.message(value))
  const link: Link = {
    send: (message) => void view.send(message),
    close: () => void session.close(),
    dispose: () => session.dispose(),
  }
  return { link, opened: session.opened() }
}
