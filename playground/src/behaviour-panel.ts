import type { AddressBox } from './address-box.ts'
import { behaviours } from './behaviours.ts'
import { button, part, select } from './element.ts'
import { make } from './make.ts'
import { news } from './news.ts'
import { connect } from './session-buttons.ts'
import type { Stage } from './stage.ts'

/** Wires what the server is asked to do wrong: it stands in the query of the address. */
export function wireBehaviours(stage: Stage, address: AddressBox): void {
  const choice = select('behaviour')
  choice.append(...behaviours.map(({ label }) => make('option', { text: label })))
  const chosen = () => behaviours[choice.selectedIndex] ?? behaviours[0]
  const write = () => {
    const behaviour = chosen()
    address.ask(behaviour?.query ?? '')
    part('behaviour-hint').textContent = behaviour?.watch ?? ''
  }
  const go = () => {
    write()
    news.tell({ type: 'action', words: `From now on the server ${chosen()?.label ?? ''}.` })
    if (stage.live) stage.live.reconnect()
    else connect(stage, address)
  }
  part('behaviour-hint').textContent = chosen()?.watch ?? ''
  choice.addEventListener('change', write)
  button('apply-behaviour').addEventListener('click', go)
  button('normal-behaviour').addEventListener('click', () => {
    choice.selectedIndex = 0
    go()
  })
}
