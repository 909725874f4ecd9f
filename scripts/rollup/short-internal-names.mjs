// A rollup plugin for browser builds: renames members that only this library's own code uses. A minifier may not do that,
// for it cannot know them from members of the platform, of the application, or of what the application gets.
import { below, byFrequency, edited, shortName } from './syntax-tree.mjs'

/**
 * Names of members that are neither in the public types, nor in an object of the platform or of the application, nor ever
 * looked up by a text, nor known to a plug such as `resume`, which may come in a file of its own. Those that begin with `_` are private to `reconnecting-websocket`, the only one that has such names.
 */
const internal = {
  emitter: ['holders', 'off'],
  iterator: ['maxBuffered', 'onEnd'],
  queue: ['expire', 'expiresAt', 'remove'],
  outbound: ['wire'],
  line: ['hangUp', 'made', 'wait'],
  course: ['move', 'tell'],
  connection: ['line', 'reached', 'report', 'usable'],
  core: ['course', 'healthy', 'sessionEnd'],
  heartbeat: ['consumes', 'wrote'],
  socket: ['gone'],
}
const names = Object.values(internal).flat()

/** What a plug may put in the place of the session's own, known to it only when both are in one file. */
const plugged = ['inbound', 'deliver', 'iterate', 'after']

/** The same in the parts that only `resume` has: none of these gets into another file. `write` does, for a rate limit stands there. */
const resumed = {
  config: ['ackMode', 'agent', 'bounds', 'limits', 'packer'],
  shape: ['clash', 'members', 'what', 'detail', 'clean'],
  inbox: ['accept', 'isDue', 'isOwing'],
  outbox: ['acknowledge', 'advance', 'begin', 'hi', 'isOpen', 'peek'],
  exchange: ['append', 'bufferedBytes', 'counts', 'introduce', 'last', 'payload', 'timer', 'upTo'],
  core: ['abandon', 'adopt', 'binary', 'due', 'exchange', 'identity', 'leave', 'lose', 'offer', 'release'],
  actions: ['afterMs', 'answered', 'expiresMs', 'outcome', 'retryMs', 'spreadMs'],
  plug: [
    'buffered',
    'users',
    'bufferedBelow',
    'delivered',
    'dialled',
    'expiresIn',
    'receipts',
    'sorted',
    'waitingBytes',
    'wrap',
  ],
}
const resumedNames = Object.values(resumed).flat()

/** Which names a file may shorten: those of its own parts, and more when it stands alone. */
export const internalNames = {
  plain: new Set(names),
  plainAlone: new Set([...names, ...plugged, 'settle']),
  resume: new Set(resumedNames),
  // Here `deliver` is also what the protocol calls an action.
  resumeAlone: new Set([...names, 'inbound', 'iterate', 'after', 'settle', ...resumedNames]),
}

/** A slip in the list would rename members of the platform as well: these are the ones that the code meets. */
const platform =
  'AbortController AbortSignal Array ArrayBuffer Error EventTarget Function JSON Map Math Number Object'
    .concat(' Promise RegExp Set String Symbol Uint8Array URL')
    .split(' ')
    .map((name) => globalThis[name])
for (const one of platform.flatMap((type) => [type, type.prototype ?? {}])) {
  const slip = Object.getOwnPropertyNames(one).find((name) => internalNames.resumeAlone.has(name))
  if (slip) throw new Error(`short-internal-names: ${slip} is also a member of the platform`)
}

/** Gives the node that names a member, if `node` has one that is written as a name. */
function memberIn({ type, computed, key, property }) {
  if (computed) return undefined
  if (type === 'MemberExpression') return property
  return ['Property', 'MethodDefinition', 'PropertyDefinition'].includes(type) ? key : undefined
}

/** Renames the internal members in `code`; `parse` gives its syntax tree as ESTree. Throws when a text equals one. */
export function shortenInternalNames(code, parse, internal) {
  const isInternal = (name) => internal.has(name) || /^_[a-z]/.test(name)
  const nodes = [...below(parse(code))]
  const text = nodes.find(({ type, value }) => type === 'Literal' && isInternal(String(value)))
  if (text) throw new Error(`short-internal-names: ${text.value} is also a text`)
  const members = nodes.filter((node) => memberIn(node)?.type === 'Identifier')
  const all = members.map((node) => memberIn(node).name)
  const taken = new Set(all)
  const short = new Map()
  let n = 0
  for (const name of byFrequency(all.filter(isInternal))) {
    while (taken.has(shortName(n))) n += 1
    short.set(name, shortName(n))
    n += 1
  }
  const edits = members.flatMap((node) => {
    const { name, start, end } = memberIn(node)
    if (!short.has(name)) return []
    // `{ name }` stands for a member and for a variable; the variable keeps its name.
    return node.shorthand
      ? [{ start, end: start, text: `${short.get(name)}: ` }]
      : [{ start, end, text: short.get(name) }]
  })
  return edited(code, edits)
}

/** The plugin; put it before the minifier. Lines stay as they are, and so the source map does. */
export function shortInternalNames(internal) {
  return {
    name: 'short-internal-names',
    renderChunk(code) {
      return { code: shortenInternalNames(code, (text) => this.parse(text), internal), map: null }
    },
  }
}
