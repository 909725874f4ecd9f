// One session at this node, from the moment it comes in here until it ends or goes on elsewhere.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** How many lines somebody who is new gets. */
const newcomersLines = 50

const maxTextLength = 500

/** How long to wait before Redis is asked again. */
const againMs = 200

/**
 * Serves a session. It says where it is and asks where the client stands; the answer decides which lines follow. That question goes
 * through the session like every other message: whatever an earlier node had sent arrives before it, so the answer counts it.
 * @param {import('@holdfast/server/sessions').ServerSession} session
 * @param {object} parts
 */
export function serveVisit(session, { node, room, tail, hub, presence }) {
  const visit = randomUUID()
  const tell = (message) => session.send(JSON.stringify(message))
  const isOver = () => session.state.name === 'ended'
  let turn = Promise.resolve()

  hub.register(session)
  session.on('state', () => presence.tell())
  tell({ kind: 'node', node, room: room.id, visit })
  presence.tell()

  // One after the other: a line that Redis did not take yet must not be overtaken by the next one.
  session.on('message', (data) => {
    const { received } = session
    const handled = turn
      .then(() => handle(data, received))
      .catch((error) => {
        if (!isOver()) throw error
      })
    turn = handled.catch(() => {})
    return handled
  })

  async function handle(data, received) {
    const message = read(data)
    // A join that another node asked for comes in again here when that node was killed: it says where the client stood then.
    if (message?.kind === 'join' && message.visit === visit) await join(message.after)
    else if (message?.kind === 'say') await say(message, received)
    else if (message?.kind !== 'join')
      tell({ kind: 'refused', why: 'this is nothing that the room understands' })
  }

  async function say({ text, from, k }, received) {
    const line = { who: session.principal, text, from, k, node, at: Date.now() }
    await untilDone(() => room.append(session.id, received, line))
  }

  async function join(after) {
    await untilDone(() => tail.advance())
    // `after` cannot be ahead of the room now, unless the room lost lines.
    let at = Math.min(after ?? Math.max(0, tail.cursor - newcomersLines), tail.cursor)
    if (after === null && at > 0) tell({ kind: 'skipped', to: at })
    while (at < tail.cursor && !isOver()) {
      const upTo = tail.cursor
      const lines = await untilDone(() => room.read(at, upTo))
      const first = lines[0]?.n ?? upTo + 1
      if (first > at + 1) tell({ kind: 'skipped', to: first - 1 })
      for (const line of lines) tell({ kind: 'line', ...line })
      at = upTo
    }
    // No `await` since the cursor was compared: the next line that the tail gives out is the next one for this session.
    tell({ kind: 'caught-up', to: at })
    hub.join(session, room.name)
    tell({ kind: 'here', people: presence.people() })
  }

  /** Tries until Redis has done it, or it is somebody else's business. */
  async function untilDone(run) {
    for (;;) {
      try {
        return await run()
      } catch (error) {
        if (isOver()) throw error
        await delay(againMs)
      }
    }
  }
}

/** Reads a message; `undefined` for what is none. */
function read(data) {
  const message = parse(data)
  if (message?.kind === 'join') {
    const { visit, after } = message
    return typeof visit === 'string' && (after === null || isCount(after)) ? message : undefined
  }
  if (message?.kind !== 'say') return undefined
  const { text, from, k } = message
  const isLine = typeof text === 'string' && text.length >= 1 && text.length <= maxTextLength
  return isLine && typeof from === 'string' && from.length <= 64 && isCount(k) ? message : undefined
}

function parse(data) {
  try {
    return JSON.parse(data)
  } catch {
    return undefined // Not from our page: it is told so.
  }
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0
}
