import { allow, make, makeButton, part } from './element.ts'

/** A part of the cluster, as its desk tells it. */
interface PartView {
  readonly name: string
  readonly state: 'down' | 'starting' | 'up' | 'stopping' | 'unknown'
  readonly pid?: number
  readonly connections: number
}

const commands = {
  kill: { words: 'Kill −9', when: ['starting', 'up', 'stopping'] },
  stop: { words: 'Stop', when: ['up'] },
  start: { words: 'Start', when: ['down'] },
} as const

const silence = 'The example does not answer; was it ended?'

type Verb = keyof typeof commands

/** What is on the page of one part. */
interface Card {
  readonly item: HTMLLIElement
  readonly words: HTMLElement
  readonly badge: HTMLElement
  readonly buttons: readonly { readonly verb: Verb; readonly button: HTMLButtonElement }[]
}

/** Shows the parts of the cluster, and lets a person end and start them. */
export class ClusterView {
  readonly #desk: string
  readonly #cards = new Map<string, Card>()
  #parts: readonly PartView[] = []
  #here: string | undefined

  constructor(desk: string) {
    this.#desk = desk
    const events = new EventSource(desk)
    events.addEventListener('message', ({ data }) => {
      this.#parts = (JSON.parse(String(data)) as { readonly parts: readonly PartView[] }).parts
      if (part('desk-says').textContent === silence) this.#say('')
      this.#show()
    })
    events.addEventListener('error', () => {
      this.#parts = this.#parts.map(({ name }) => ({ name, state: 'unknown', connections: 0 }))
      this.#say(silence)
      this.#show()
    })
    part('forget').addEventListener('click', () => void this.#command('forget'))
  }

  /** Marks the node that the session of this page is at. */
  here(node: string | undefined): void {
    if (node === this.#here) return
    this.#here = node
    this.#show()
  }

  #show(): void {
    for (const { name, state, pid, connections } of this.#parts) {
      const { item, words, badge, buttons } = this.#card(name)
      item.dataset['state'] = state
      const facts = [state, pid === undefined ? '' : `process ${pid}`]
      if (name !== 'redis') facts.push(`${connections} connected`)
      words.textContent = facts.filter((fact) => fact !== '').join(' · ')
      badge.hidden = name !== this.#here
      for (const { verb, button } of buttons) {
        allow(button, (commands[verb].when as readonly string[]).includes(state))
      }
    }
  }

  #card(name: string): Card {
    const known = this.#cards.get(name)
    if (known !== undefined) return known
    const title = name === 'redis' ? 'Redis' : `Node ${name}`
    const verbs = (Object.keys(commands) as Verb[]).filter((verb) => name !== 'redis' || verb !== 'stop')
    const buttons = verbs.map((verb) => {
      const button = makeButton(commands[verb].words, () => void this.#command(`${verb} ${name}`))
      button.ariaLabel = `${commands[verb].words}: ${title}`
      return { verb, button }
    })
    const [words, badge, dot] = [
      make('p', 'hint'),
      make('span', 'badge', 'you are here'),
      make('span', 'dot'),
    ]
    dot.ariaHidden = 'true'
    const item = make('li', 'part', make('h3', 'title', dot, title, badge), words)
    item.append(make('div', 'row', ...buttons.map(({ button }) => button)))
    item.id = `part-${name}`
    part('parts').append(item)
    const card = { item, words, badge, buttons }
    this.#cards.set(name, card)
    return card
  }

  async #command(command: string): Promise<void> {
    try {
      const answer = await fetch(this.#desk, { method: 'POST', body: command })
      const [line = ''] = (await answer.text()).split('\n')
      this.#say(line, answer.ok ? 'hint' : 'problem')
    } catch {
      this.#say(silence)
    }
  }

  #say(words: string, kind: 'hint' | 'problem' = 'problem'): void {
    part('desk-says').textContent = words
    part('desk-says').className = kind
  }
}
