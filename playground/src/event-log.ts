import type { SessionEnd } from 'holdfast'
import { CappedList } from './capped-list.ts'
import { button } from './element.ts'
import { make } from './make.ts'
import { news, type News } from './news.ts'
import { clockTime } from './time-words.ts'

const mostEntries = 250

/** What the proxy says about every connection, and what is also said otherwise. */
const chatter: ReadonlySet<string> = new Set(['connected', 'half-closed', 'clear'])

/** One line of the log: who says it, and what exactly. */
interface Line {
  readonly source: string
  readonly kind: string
  readonly state?: string
  readonly data: unknown
}

/** Shows every event of the session as the data it is, between what the person and the proxy did. */
export function showEventLog(): void {
  const list = new CappedList('event-log', 'event-empty', mostEntries)
  let attempt: Element | null = null
  news.on((item) => {
    const phase = nextPhase(item)
    if (phase !== undefined && attempt !== null) {
      attempt.textContent += ` → ${phase}`
      return
    }
    const line = lineOf(item)
    if (line === undefined) return
    const entry = shown(line)
    if (line.state === 'connecting') attempt = entry.querySelector('pre')
    list.add(entry)
  })
  button('clear-events').addEventListener('click', () => list.empty())
}

/** The phases of one attempt follow each other within milliseconds: they share a line. */
function nextPhase(item: News): string | undefined {
  if (item.type !== 'state') return undefined
  const { state, previous } = item.change
  return state.name === 'connecting' && previous.name === 'connecting' ? state.phase : undefined
}

function lineOf(item: News): Line | undefined {
  switch (item.type) {
    case 'state': {
      const { name, ...rest } = item.change.state
      return { source: `state: ${name}`, kind: 'state', state: name, data: rest }
    }
    case 'error':
      return {
        source: 'error',
        kind: 'error',
        data: { phase: item.error.phase, error: String(item.error.error) },
      }
    case 'closed': {
      const { cause, handBack } = item.end
      return { source: 'closed', kind: 'closed', data: { cause, ...counted(handBack) } }
    }
    case 'resumed':
      return { source: 'resumed', kind: 'state', data: {} }
    case 'gap': {
      const { reason, handBack } = item.gap
      return { source: 'gap', kind: 'error', data: { reason, ...counted(handBack) } }
    }
    case 'action':
      return { source: 'you', kind: 'page', data: item.words }
    case 'network': {
      const { n: _n, atMs: _atMs, event, ...rest } = item.event
      if (chatter.has(event)) return undefined
      return { source: `proxy: ${event}`, kind: 'network', data: rest }
    }
    default:
      return undefined
  }
}

const counted = ({ undelivered, uncertain }: SessionEnd['handBack']) => ({
  undelivered: undelivered.length,
  uncertain: uncertain.length,
})

function shown({ source, kind, state, data }: Line): HTMLElement {
  const name = make('span', { class: `source ${kind}`, text: source })
  if (state !== undefined) name.dataset['state'] = state
  const head = make('div', { class: 'event-head' }, make('time', { text: clockTime(Date.now()) }), name)
  const words = typeof data === 'string' ? data : written(data)
  return words === '{}'
    ? make('li', { class: 'event' }, head)
    : make('li', { class: 'event' }, head, make('pre', { text: words }))
}

/** JSON on one line, with room after commas and colons for the eye and for line breaks. */
function written(data: unknown): string {
  return JSON.stringify(data, undefined, 1)
    .replaceAll(/\n\s*/g, ' ')
    .replaceAll(/^\{ | \}$/g, (brace) => brace.trim())
}
