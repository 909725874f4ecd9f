import { button } from './element.ts'
import { Topic } from './topic.ts'

const storageKey = 'holdfast-playground-theme'
const systemIsDark = matchMedia('(prefers-color-scheme: dark)')

/** Tells that colours changed: what is drawn on a canvas must be drawn again. */
export const themeChanged = new Topic<void>()

/** Follows the system until the person chooses; the choice is kept. */
export function startTheme(): void {
  const toggle = button('theme')
  const show = () => {
    toggle.textContent = isDark() ? 'Light theme' : 'Dark theme'
    themeChanged.tell()
  }
  const kept = readChoice()
  if (kept !== undefined) document.documentElement.dataset['theme'] = kept
  show()
  toggle.addEventListener('click', () => {
    const chosen = isDark() ? 'light' : 'dark'
    document.documentElement.dataset['theme'] = chosen
    keepChoice(chosen)
    show()
  })
  systemIsDark.addEventListener('change', show)
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset['theme']
  return chosen === undefined ? systemIsDark.matches : chosen === 'dark'
}

function readChoice(): string | undefined {
  try {
    const kept = localStorage.getItem(storageKey)
    return kept === 'light' || kept === 'dark' ? kept : undefined
  } catch {
    return undefined // Storage is forbidden here: the system decides.
  }
}

function keepChoice(chosen: string): void {
  try {
    localStorage.setItem(storageKey, chosen)
  } catch {
    // Storage is forbidden or full: the choice lasts as long as the page.
  }
}
