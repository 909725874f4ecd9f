import type { ChaosControl } from './chaos-control.ts'
import { button, part } from './element.ts'
import { make } from './make.ts'
import { news } from './news.ts'
import type { PerSide } from './proxy-event.ts'

interface Choice {
  readonly name: 'stall' | 'blackhole' | 'accept'
  readonly title: string
  readonly hint: string
  readonly values: readonly string[]
  readonly words: Readonly<Record<string, string>>
}

interface Amount {
  readonly name: 'latencyMs' | 'jitterMs' | 'bytesPerSecond'
  readonly title: string
  /** The first one is off. */
  readonly steps: readonly number[]
  readonly say: (value: number) => string
}

const sideWords = {
  up: 'Bytes to the server',
  down: 'Bytes from the server',
  both: 'Bytes in both directions',
}

const choices: readonly Choice[] = [
  {
    name: 'stall',
    title: 'Hold',
    hint: 'delivered later',
    values: ['off', 'up', 'down', 'both'],
    words: mapped(sideWords, 'are held now.'),
  },
  {
    name: 'blackhole',
    title: 'Lose',
    hint: 'half-open, gone for good',
    values: ['off', 'up', 'down', 'both'],
    words: mapped(sideWords, 'vanish now, and nobody is told.'),
  },
  {
    name: 'accept',
    title: 'New dials',
    hint: 'what the door does',
    values: ['ok', 'refuse', 'hang', 'reset', 'close'],
    words: {
      refuse: 'Nobody listens any more: new dials are refused.',
      hang: 'New dials are taken and never answered.',
      reset: 'New dials are taken and reset.',
      close: 'New dials are taken and closed.',
    },
  },
]

const milliseconds = (value: number) => (value === 0 ? 'none' : `${value} ms`)

const amounts: readonly Amount[] = [
  {
    name: 'latencyMs',
    title: 'Latency, each way',
    steps: [0, 25, 50, 100, 200, 400, 800, 1_600],
    say: milliseconds,
  },
  { name: 'jitterMs', title: 'Jitter on top', steps: [0, 25, 50, 100, 200, 400, 800], say: milliseconds },
  {
    name: 'bytesPerSecond',
    title: 'Bandwidth',
    steps: [0, 100_000, 20_000, 5_000, 1_000, 200],
    say: (value) => (value === 0 ? 'no limit' : value >= 1_000 ? `${value / 1_000} kB/s` : `${value} B/s`),
  },
]

/** Shows every fault of the proxy as a control, and the faults in force, whoever set them. */
export function showFaultPanel(chaos: ChaosControl): void {
  part('faults').append(
    ...choices.map((choice) => choiceControl(choice, chaos)),
    ...amounts.map((amount) => amountControl(amount, chaos)),
  )
  press('cut', 'You cut the line: both ends got a FIN.', chaos.cut)
  press('reset', 'You reset the line: both ends got a RST.', chaos.reset)
  press('clear-faults', 'You took all faults away.', chaos.clear)
}

function press(id: string, words: string, run: () => Promise<boolean>): void {
  button(id).addEventListener('click', () => {
    news.tell({ type: 'action', words })
    void run()
  })
}

function choiceControl({ name, title, hint, values, words }: Choice, chaos: ChaosControl): HTMLElement {
  const legend = make('legend', { text: title }, make('span', { class: 'hint', text: hint }))
  const radios = values.map((value, index) => {
    const radio = make('input')
    Object.assign(radio, { type: 'radio', name, value, id: `${name}-${value}`, checked: index === 0 })
    radio.addEventListener('change', () => {
      const said = words[value]
      news.tell(
        said === undefined
          ? { type: 'action', words: `${title}: back to normal.` }
          : { type: 'action', words: said, mark: `${title.toLowerCase()}: ${value}` },
      )
      void chaos.set({ [name]: value === 'off' ? false : value })
    })
    return radio
  })
  const labels = radios.map((radio, index) =>
    make('label', { class: index === 0 ? '' : 'on' }, radio, make('span', { text: radio.value })),
  )
  chaos.faults.on((faults) => {
    const inForce = faults[name] === false ? 'off' : faults[name]
    for (const radio of radios) radio.checked = radio.value === inForce
  })
  return make('fieldset', { class: 'fault' }, legend, make('div', { class: 'segments' }, ...labels))
}

function amountControl({ name, title, steps, say }: Amount, chaos: ChaosControl): HTMLElement {
  const slider = make('input')
  Object.assign(slider, {
    type: 'range',
    id: name,
    min: '0',
    max: String(steps.length - 1),
    step: '1',
    value: '0',
  })
  const label = make('label', { text: title })
  label.htmlFor = name
  const output = make('output', { text: say(0) })
  const row = make('div', { class: 'slider' }, label, output, slider)
  const chosen = () => steps[Number(slider.value)] ?? 0
  const show = (value: number) => {
    output.textContent = say(value)
    slider.setAttribute('aria-valuetext', say(value))
    row.classList.toggle('on', value !== 0)
  }
  show(0)
  slider.addEventListener('input', () => show(chosen()))
  slider.addEventListener('change', () => {
    news.tell({ type: 'action', words: `${title}: ${say(chosen())}.`, mark: say(chosen()) })
    void chaos.set({ [name]: chosen() })
  })
  chaos.faults.on((faults) => {
    const value = largest(faults[name])
    slider.value = String(nearest(steps, value))
    show(value)
  })
  return row
}

const largest = (value: PerSide): number =>
  typeof value === 'number' ? value : Math.max(value.up, value.down)

function nearest(steps: readonly number[], value: number): number {
  const away = steps.map((step) =>
    value === 0 || step === 0 ? (step === value ? 0 : Infinity) : Math.abs(step - value),
  )
  return away.indexOf(Math.min(...away))
}

function mapped(words: Readonly<Record<string, string>>, what: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(words).map(([side, who]) => [side, `${who} ${what}`]))
}
