import type * as Holdfast from 'holdfast'
import type { Backend } from './backend.ts'
import type { LabPage } from './browser.ts'
import { eventually } from './diary.ts'
import type { Seen } from './lab.ts'

/** What a page of these tests has as globals: the CDN file's, and the session under test with all its states. */
export interface InPage {
  readonly Holdfast: typeof Holdfast
  session: Holdfast.Session
  states: Holdfast.State[]
  marker: string
}

/** A page of ours, or of Playwright's. */
type Evaluates = Pick<LabPage, 'evaluate'>

/** Options that survive the way into a page: no functions. `ping`: the echo of `ping` is the answer. */
export type PlainOptions = Omit<Holdfast.SessionOptions, 'heartbeat'> & {
  readonly heartbeat?: { readonly probeMs?: number; readonly intervalMs?: number }
  readonly pings?: boolean
}

/** Opens a session in a page, and waits until it is open. */
export async function openInPage(page: Evaluates, url: string, options: PlainOptions = {}): Promise<void> {
  await page.evaluate(
    async ({ url, options }) => {
      const place = globalThis as unknown as InPage
      const { pings, heartbeat, ...others } = options
      const echoed = { ping: () => 'ping', isPong: (message: unknown) => message === 'ping' }
      const beats = pings ? { ...heartbeat, ...echoed } : { ...heartbeat }
      place.session = place.Holdfast.connect(url, { ...others, heartbeat: beats })
      place.states = [place.session.state]
      place.session.on('state', ({ state }) => place.states.push(state))
      await place.session.opened()
    },
    { url, options },
  )
}

/** Every state that the page's session has been in. */
export function statesIn(page: Evaluates): Promise<readonly Holdfast.State[]> {
  return page.evaluate(() => (globalThis as unknown as InPage).states, undefined)
}

/** Waits until the page's session is in such a state, now or at some time before, counted from entry `from`. */
export function untilState(
  page: Evaluates,
  fits: (state: Holdfast.State) => boolean,
  from = 0,
): Promise<readonly Holdfast.State[]> {
  return eventually(
    'the state in the page',
    () => statesIn(page),
    (states) => states.slice(from).some(fits),
  )
}

/** Gives addresses of one test at a backend, and what the server saw there. */
export function tagged({ addresses }: Backend, tag: string) {
  return {
    url: `${addresses.proxied}/echo/${tag}`,
    orders: `${addresses.proxied}/order/${tag}`,
    seen: async () => (await (await fetch(`${addresses.pages}/seen/${tag}`)).json()) as Seen,
  }
}
