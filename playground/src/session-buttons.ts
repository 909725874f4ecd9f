import type { AddressBox } from './address-box.ts'
import { button, element, input, part } from './element.ts'
import { news } from './news.ts'
import { onOptionsChange, readOptions, readResume } from './options-form.ts'
import type { Site } from './site.ts'
import { snippet } from './snippet.ts'
import type { Stage } from './stage.ts'

/** Wires the form and the buttons of the session. All of them are legal in every state, so none is ever disabled. */
export function wireSession(stage: Stage, address: AddressBox): void {
  element('session-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    connect(stage, address)
  })
  const onSession = (id: string, words: string, run: (session: NonNullable<Stage['session']>) => unknown) =>
    button(id).addEventListener('click', () => {
      const { session } = stage
      if (session === undefined) return problem('There is no session yet: press Connect.')
      problem(
        session.state.name === 'closed' ? 'This session is over for good: press Connect for a new one.' : '',
      )
      if (session.state.name === 'closed') return
      news.tell({ type: 'action', words })
      run(session)
    })
  onSession('reconnect', 'You pressed Reconnect.', (session) => session.reconnect())
  onSession('pause', 'You pressed Pause.', (session) => session.pause('by hand'))
  onSession('close', 'You pressed Close.', (session) => session.close({ code: 1000, reason: 'by hand' }))
  onSession('dispose', 'You pressed Dispose.', (session) => session.dispose())
  onSession('probe', 'You asked the server for a sign of life.', async (session) => {
    const result = await session.probe()
    news.tell({ type: 'action', words: `The probe says: ${result}.` })
  })
  const showSnippet = () => {
    part('snippet').textContent = snippet(address.value, readOptions(), readResume())
  }
  onOptionsChange(showSnippet)
  showSnippet()
}

/** Makes a session from the form. Tells whether that worked; if not, the page says why. */
export function connect(stage: Stage, address: AddressBox): boolean {
  const field = input('url')
  const usable = URL.canParse(address.value) && /^(wss?|https?):/.test(address.value)
  field.setAttribute('aria-invalid', String(!usable))
  if (!usable) {
    problem('The address must begin with ws:// or wss://, for example wss://chat.example/live')
    field.focus()
    return false
  }
  try {
    news.tell({ type: 'action', words: `You made a session to ${new URL(address.value).host}.` })
    stage.start(() => address.next(), readOptions(), readResume())
    problem('')
    return true
  } catch (error) {
    // The library names the option, its bound and the value: nothing to add.
    problem((error as Error).message)
    return false
  }
}

/** Offers the two addresses of `npm start`. */
export function offerAddresses({ server, proxy }: Site, address: AddressBox): void {
  const offer = (id: string, url: string | undefined) => {
    button(id).hidden = url === undefined
    if (url === undefined) return
    button(id).addEventListener('click', () => {
      address.value = url
      input('url').dispatchEvent(new Event('input', { bubbles: true }))
    })
  }
  offer('via-proxy', proxy)
  offer('direct', server)
  part('address-presets').hidden = server === undefined && proxy === undefined
  const first = proxy ?? server
  if (first !== undefined) address.value = first
  input('url').dispatchEvent(new Event('input', { bubbles: true }))
}

function problem(words: string): void {
  part('session-problem').textContent = words
}
