import type { Chat, ChatView } from './chat.ts'
import { element, make, part } from './element.ts'
import { noteLine, roomLine, underWayLine } from './line-view.ts'
import type { OwnLine } from './own-line.ts'
import type { Line, Person } from './wire.ts'

/** How many lines stay on the page. */
const shownLines = 500

/** Shows what is said: the lines of the room, those under way, and who is here. */
export class TalkView implements ChatView {
  readonly #lines = element('lines', HTMLOListElement)
  readonly #underWay = element('under-way', HTMLOListElement)
  readonly #scroll = part('scroll')
  readonly #chat: () => Chat | undefined
  readonly #onChange: () => void
  /** What is shown of the lines under way and of the people, to touch only what changed. */
  #shownUnderWay = ''
  #shownPeople = ''

  constructor(chat: () => Chat | undefined, onChange: () => void) {
    this.#chat = chat
    this.#onChange = onChange
  }

  line(line: Line, own: OwnLine | undefined): void {
    this.#add(roomLine(line, own))
    this.changed()
  }

  note(words: string, kind: 'plain' | 'gap'): void {
    this.#add(noteLine(words, kind))
  }

  changed(): void {
    const chat = this.#chat()
    if (chat === undefined) return
    this.#showUnderWay(chat)
    this.#showPeople(chat.people)
    this.#onChange()
  }

  /** Takes everything off the page. */
  clear(): void {
    this.#lines.replaceChildren()
    this.#underWay.replaceChildren()
    this.#shownUnderWay = ''
  }

  #add(item: HTMLLIElement): void {
    this.#keepingEnd(() => {
      this.#lines.append(item)
      while (this.#lines.childElementCount > shownLines) this.#lines.firstElementChild?.remove()
    })
  }

  #showUnderWay(chat: Chat): void {
    const lines = chat.underWay
    const shown = lines.map(({ k, fate }) => `${k}:${fate}`).join()
    if (shown === this.#shownUnderWay) return
    this.#shownUnderWay = shown
    const items = lines.map((own) =>
      underWayLine(
        own,
        () => {
          chat.drop(own)
          chat.say(own.text)
        },
        () => chat.drop(own),
      ),
    )
    this.#keepingEnd(() => this.#underWay.replaceChildren(...items))
  }

  #showPeople(people: readonly Person[]): void {
    const shown = JSON.stringify(people)
    if (shown === this.#shownPeople) return
    this.#shownPeople = shown
    const items = people.map(({ name, state, node }) => {
      const dot = make('span', 'dot')
      dot.ariaHidden = 'true'
      const item = make('li', '', dot, state === 'here' ? `${name}, node ${node}` : `${name}, away`)
      item.dataset['state'] = state
      return item
    })
    part('people').replaceChildren(...items)
  }

  /** Somebody who reads further up stays there; who is at the end stays at the end. */
  #keepingEnd(change: () => void): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 40
    change()
    if (isAtEnd) this.#scroll.scrollTop = this.#scroll.scrollHeight
  }
}
