import type { Message, SendOptions } from 'holdfast'
import { button, element, input, part, select } from './element.ts'
import type { Stage } from './stage.ts'

const burstSize = 100

/** Wires the form that sends: text or binary, one or a hundred, with a key and a time to live. */
export function wireComposer(stage: Stage): void {
  const send = (messages: readonly string[]) => {
    const problem = part('composer-problem')
    problem.textContent = ''
    try {
      const options = readSendOptions()
      for (const text of messages) {
        if (stage.send(encoded(text), options)) continue
        problem.textContent =
          'There is no session yet: press Connect. Messages may be sent before it is open.'
        return
      }
    } catch (error) {
      problem.textContent = (error as Error).message
    }
  }
  element('composer', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    send([input('text').value])
  })
  button('burst').addEventListener('click', () => {
    send(Array.from({ length: burstSize }, (_, index) => `${input('text').value} ${index + 1}`))
  })
}

function readSendOptions(): SendOptions {
  const key = input('key').value
  const ttl = input('ttlMs').value.trim()
  return {
    ...(key === '' ? {} : { key }),
    ...(ttl === '' ? {} : { ttlMs: Number(ttl) }),
    whenOffline: select('whenOffline').value === 'drop' ? 'drop' : 'queue',
  }
}

function encoded(text: string): Message {
  return select('kind').value === 'binary' ? new TextEncoder().encode(text) : text
}
