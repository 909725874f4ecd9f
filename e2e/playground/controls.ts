import type { Page } from 'playwright'

const roles: ReadonlySet<string> = new Set([
  'button',
  'checkbox',
  'combobox',
  'image',
  'meter',
  'radio',
  'region',
  'slider',
  'textbox',
])

/** A control as assistive technology gets it. */
export interface Control {
  readonly role: string
  readonly name: string
}

/** Lists the controls of a page with their computed names, from the browser's own accessibility tree. */
export async function controlsOf(page: Page): Promise<readonly Control[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  return nodes
    .filter(({ ignored, role }) => !ignored && roles.has(String(role?.value)))
    .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? '') }))
}

/** What the keyboard reached: an id or a word for each stop, and those at which nothing showed where it is. */
export interface Walk {
  readonly stops: readonly string[]
  readonly unseen: readonly string[]
}

/** Presses Tab from the top of the page until it begins anew. */
export async function walkByTab(page: Page, most = 120): Promise<Walk> {
  const [stops, unseen]: [string[], string[]] = [[], []]
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const at = document.activeElement
      if (at === null || at === document.body) return undefined
      const shows = (one: Element | null) => one !== null && getComputedStyle(one).outlineStyle !== 'none'
      return {
        id: at.id || at.getAttribute('aria-label') || at.textContent?.trim().slice(0, 40) || at.tagName,
        seen: shows(at) && getComputedStyle(at).opacity !== '0' ? true : shows(at.closest('label')),
      }
    })
    if (stop === undefined || stops.includes(stop.id)) break
    stops.push(stop.id)
    if (!stop.seen) unseen.push(stop.id)
  }
  return { stops, unseen }
}
