// Who is here, at any node. Each node tells what its hub knows, now and then and when it changes; what a node said is forgotten
// when it has said nothing for a while. So this is a rumour, a few seconds old at worst, and nothing depends on it.

/** How long a node that says nothing is believed. */
const believedMs = 3_000

/**
 * @param {object} parts
 * @param {string} parts.node the name of this one
 * @param {import('@holdfast/server/hub').Hub} parts.hub
 * @param {(text: string) => Promise<unknown>} parts.publish tells the other nodes; never rejects
 * @param {(people: readonly object[]) => void} parts.onChange gets everybody, when that has changed
 */
export function openPresence({ node, hub, publish, onChange }) {
  /** What the other nodes said, and when. */
  const heard = new Map()
  let told = ''

  const mine = () => [...hub.clients()].map((client) => ({ ...whereabouts(client), node }))

  /** Everybody once: where they are connected, or else where they were last. */
  function everybody() {
    const found = new Map()
    const others = [...heard.values()].filter(({ at }) => performance.now() - at < believedMs)
    for (const person of [mine(), ...others.map(({ people }) => people)].flat()) {
      const known = found.get(person.name)
      if (known === undefined || isNearer(person, known)) found.set(person.name, person)
    }
    return [...found.values()].sort((a, b) => a.name.localeCompare(b.name))
  }

  function look() {
    const people = everybody().map(({ name, state, node: at }) => ({ name, state, node: at }))
    if (JSON.stringify(people) === told) return
    told = JSON.stringify(people)
    onChange(people)
  }

  return {
    /** Everybody who is here. */
    people: () => everybody().map(({ name, state, node: at }) => ({ name, state, node: at })),
    /** Tells the other nodes who is here. */
    tell() {
      look()
      void publish(JSON.stringify({ node, people: mine() }))
    },
    /** Takes what another node says. */
    hear(text) {
      const said = JSON.parse(text)
      if (said.node !== node) heard.set(said.node, { people: said.people, at: performance.now() })
      look()
    },
  }
}

/** A client of the hub may have several sessions: pages that are open, and those that are waited for. */
function whereabouts({ principal, members }) {
  const states = [...members].map(({ target }) => target.state)
  const attached = states.filter(({ name }) => name === 'attached')
  const since = Math.max(0, ...(attached.length > 0 ? attached : states).map((state) => state.since ?? 0))
  return { name: principal, state: attached.length > 0 ? 'here' : 'away', since }
}

function isNearer(one, other) {
  if (one.state !== other.state) return one.state === 'here'
  return one.since > other.since
}
