import type { Receipt } from 'holdfast'
import { CappedList } from './capped-list.ts'
import { button, part } from './element.ts'
import { make } from './make.ts'
import { messageWords } from './message-words.ts'
import { news } from './news.ts'
import { clockTime, whole } from './time-words.ts'

const mostEntries = 250

/** Shows what was sent, with its receipt as it changes, and what arrived. */
export function showMessageLog(): void {
  const list = new CappedList('message-log', 'message-empty', mostEntries)
  let [sent, received] = [0, 0]
  const tell = () => {
    part('messages-count').textContent = `${whole(sent)} sent, ${whole(received)} received`
  }
  news.on((item) => {
    if (item.type === 'sent') {
      sent += 1
      list.add(entry('sent', messageWords(item.message), receiptChip(item.receipt)))
    } else if (item.type === 'message') {
      received += 1
      list.add(entry('received', messageWords(item.message), chip('received')))
    } else return
    tell()
  })
  button('clear-messages').addEventListener('click', () => {
    list.empty()
    ;[sent, received] = [0, 0]
    tell()
  })
}

function entry(way: 'sent' | 'received', words: string, state: HTMLElement): HTMLElement {
  const arrow = make('span', { class: 'way', text: way === 'sent' ? '↑' : '↓' })
  arrow.ariaHidden = 'true'
  const direction = make('span', { class: 'sr-only', text: `${way}: ` })
  const body = make('span', { class: 'body', title: words }, direction, document.createTextNode(words))
  return make(
    'li',
    { class: `entry ${way}` },
    make('time', { text: clockTime(Date.now()) }),
    arrow,
    body,
    state,
  )
}

/** A receipt says where the message is now, and later how it ended; it never rejects. */
function receiptChip(receipt: Receipt): HTMLElement {
  const shown = chip(receipt.status)
  paint(shown, receipt)
  // In resume mode `written` is not the end.
  void receipt.settled.then(() => paint(shown, receipt))
  return shown
}

const chip = (status: string): HTMLElement => make('span', { class: `chip ${status}`, text: status })

function paint(shown: HTMLElement, { status, error }: Receipt): void {
  shown.className = `chip ${status}`
  shown.textContent = Holdfast.isHoldfastError(error) ? `${status}: ${error.code}` : status
  if (error) shown.title = error.message
}
