import { themeChanged } from './theme.ts'

const names = [
  'idle',
  'connecting',
  'open',
  'waiting',
  'closing',
  'closed',
  'on-state',
  'ink',
  'ink-soft',
  'line',
  'accent',
  'danger',
  'surface',
] as const

/** Names a colour token of the stylesheet. */
export type Colour = (typeof names)[number]

let table: ReadonlyMap<Colour, string> = new Map()

/** Gives a token as a canvas understands it: `rgb(…)` of the theme in force. */
export function colour(name: Colour): string {
  if (table.size === 0) table = read()
  return table.get(name) ?? 'gray'
}

/** A token holds a light and a dark value; only a computed colour says which of them counts. */
function read(): ReadonlyMap<Colour, string> {
  const probe = document.createElement('i')
  document.body.append(probe)
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`
    return [name, getComputedStyle(probe).color] as const
  })
  probe.remove()
  return new Map(found)
}

themeChanged.on(() => {
  table = new Map()
})
