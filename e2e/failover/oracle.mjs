// Compares what both ends wrote down with what is promised (PROTOCOL.md, section 11). It knows nothing but the logs.

/** Judges a run. @returns {{ violations: string[], counts: Record<string, number> }} */
export function judge({ events, clients, posts, zombies, mayLose }) {
  const violations = []
  const fail = (text) => void violations.push(text)
  const counts = {}
  const count = (name, by = 1) => {
    counts[name] = (counts[name] ?? 0) + by
  }
  const ids = sessionsOf(events)
  judgeUp({ events, clients, fail, count })
  judgeDown({ events, clients, posts, ids, fail, count })
  for (const { name, session, gaps, errors, resumes } of clients) {
    count('resumes', resumes)
    count('gaps', gaps.length)
    count('client errors', errors.length)
    if (session.state.name !== 'open') fail(`${name} is ${JSON.stringify(session.state)}`)
    if (!mayLose && gaps.length > 0) fail(`${name} has lost its session: ${gaps.map(({ reason }) => reason)}`)
    for (const { reason } of gaps) if (reason !== 'unknown') fail(`${name} has lost its session: ${reason}`)
  }
  for (const { spoken, fenced, pairs } of zombies) {
    count('zombie connections', pairs)
    count('zombie connections fenced', fenced)
    // A process that is stopped between its check and its write says this one thing when it goes on, and no care can prevent that;
    // the client has left that connection. It can only be one session's, because it does one thing at a time.
    const speakers = new Set(spoken.map(({ connection }) => connection))
    count('zombies stopped in the middle of writing', speakers.size === 1 ? 1 : 0)
    if (speakers.size > 1) fail(`a fenced server spoke: ${JSON.stringify(spoken)}`)
  }
  return { violations, counts }
}

/** The session ids of each client, oldest first. */
function sessionsOf(events) {
  const ids = new Map()
  for (const { event, principal, id } of events) {
    if (event !== 'open') continue
    ids.set(principal, new Set([...(ids.get(principal) ?? []), id]))
  }
  return ids
}

function judgeUp({ events, clients, fail, count }) {
  const got = events.filter(({ event }) => event === 'got')
  const byNumber = new Map()
  const placeOf = new Map()
  const lastOf = new Map()
  for (const { id, number, message, object } of got) {
    const place = `${id} ${number}`
    const before = byNumber.get(place)
    if (before === undefined) count('up delivered')
    else if (before === message) count('up repeated to another server')
    else fail(`${place} is ${message} and ${before}`)
    byNumber.set(place, message)
    if ((placeOf.get(message) ?? place) !== place) fail(`${message} is ${place} and ${placeOf.get(message)}`)
    placeOf.set(message, place)
    const last = lastOf.get(object)
    if (last !== undefined && number !== last + 1) fail(`${object} got ${number} after ${last}`)
    lastOf.set(object, number)
  }
  judgeOrder(byNumber, fail)
  for (const { name, sent } of clients) {
    for (const { message, receipt } of sent) {
      const { status } = receipt
      count(`up ${status}`)
      if (status === 'acked' && !placeOf.has(message))
        fail(`${message} is acknowledged and was not delivered`)
      if (status === 'undelivered' && placeOf.has(message))
        fail(`${message} is handed back and was delivered`)
      if (status === 'queued' || status === 'written') fail(`${name}: ${message} has no fate: ${status}`)
    }
  }
}

/** No hole in the numbers of a session, and what its client sent first has the lower one. */
function judgeOrder(byNumber, fail) {
  const sessions = new Map()
  for (const [place, message] of byNumber) {
    const [id, number] = place.split(' ')
    const list = sessions.get(id) ?? []
    list[Number(number)] = Number(message.split(':')[1])
    sessions.set(id, list)
  }
  for (const [id, list] of sessions) {
    for (let number = 1; number < list.length; number += 1) {
      if (list[number] === undefined) fail(`${id} ${number} was never delivered, ${list.length - 1} was`)
      if (number > 1 && !(list[number] > list[number - 1])) fail(`${id} ${number} is out of order`)
    }
  }
}

function judgeDown({ events, clients, posts, ids, fail, count }) {
  const fates = new Map(
    events.filter(({ event }) => event === 'fate').map(({ message, fate }) => [message, fate]),
  )
  const living = new Set([...ids.values()].map((all) => [...all].at(-1)))
  const all = new Set()
  for (const { name, received } of clients) {
    count('down delivered', received.length)
    const nextOf = new Map()
    for (const message of received) {
      if (all.has(message)) fail(`${name} received ${message} twice`)
      all.add(message)
      const cut = message.lastIndexOf(':')
      const [stream, number] = [message.slice(0, cut), Number(message.slice(cut + 1))]
      const expected = nextOf.get(stream) ?? 1
      if (number !== expected) fail(`${name} received ${message}, expected ${expected}`)
      nextOf.set(stream, number + 1)
    }
  }
  for (const { event, id, message } of events) {
    if (event !== 'sent') continue
    const fate = fates.get(message) ?? 'none'
    count(`down ${fate}`)
    const mustArrive = fate === 'acked' || (fate === 'kept' && living.has(id))
    if (mustArrive && !all.has(message)) fail(`${message} is ${fate} and did not arrive`)
    if (fate === 'undelivered' && all.has(message)) fail(`${message} is handed back and did arrive`)
  }
  for (const { id, message, answer } of posts) {
    count(`post ${answer}`)
    if (answer === 'posted' && living.has(id) && !all.has(message))
      fail(`${message} is posted and did not arrive`)
  }
}
