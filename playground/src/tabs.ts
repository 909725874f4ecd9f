import { button, part } from './element.ts'

const names = ['session', 'pool', 'breaker', 'rate'] as const

/** Names what the page shows. */
export type Tab = (typeof names)[number]

const steps: Readonly<Record<string, (at: number) => number>> = {
  ArrowRight: (at) => at + 1,
  ArrowLeft: (at) => at - 1,
  Home: () => 0,
  End: () => -1,
}

/** Wires the tabs as the ARIA practices have it: one stop for Tab, arrows go from one to the next and show it at once. */
export function wireTabs(): void {
  for (const [at, name] of names.entries()) {
    const tab = button(`tab-${name}`)
    tab.addEventListener('click', () => show(name))
    tab.addEventListener('keydown', (event) => {
      const next = names.at((steps[event.key]?.(at) ?? at) % names.length)
      if (next === undefined || next === name) return
      event.preventDefault()
      show(next)
      button(`tab-${next}`).focus()
    })
  }
  show('session')
}

/** Tells whether a tab is shown: nobody draws what is not seen. */
export const isShown = (name: Tab): boolean => !part(`panel-${name}`).hidden

function show(chosen: Tab): void {
  for (const name of names) {
    const tab = button(`tab-${name}`)
    tab.setAttribute('aria-selected', String(name === chosen))
    tab.tabIndex = name === chosen ? 0 : -1
    part(`panel-${name}`).hidden = name !== chosen
  }
}
