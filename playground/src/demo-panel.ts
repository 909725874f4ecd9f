import type { AddressBox } from './address-box.ts'
import type { ChaosControl } from './chaos-control.ts'
import { type Demo, demos, type Tools } from './demos.ts'
import { part } from './element.ts'
import { make } from './make.ts'
import { news } from './news.ts'
import { connect } from './session-buttons.ts'
import type { Stage } from './stage.ts'

/** Shows the guided demonstrations: each makes a session first if there is none. */
export function showDemos(stage: Stage, address: AddressBox, chaos: ChaosControl): void {
  let running: AbortController | undefined
  const begin = async (demo: Demo) => {
    running?.abort()
    const controller = new AbortController()
    running = controller
    const { signal } = controller
    if (!stage.live && !connect(stage, address)) return
    const { live } = stage
    live?.once('closed', () => controller.abort(), { signal })
    // A session that does not open is what some person wants to see: the demonstration goes on all the same.
    await Promise.race([live?.opened().catch(() => undefined), pause(3_000, signal)])
    if (signal.aborted) return
    news.tell({ type: 'action', words: `You chose “${demo.title}”.`, mark: demo.id })
    await demo.run(toolsOf(stage, address, chaos, signal))
    // The page gives back what it holds, too: the listener for `closed` goes with the signal.
    controller.abort()
  }
  part('demos').append(
    ...demos.map((demo) => {
      const shown = make(
        'button',
        { class: 'demo' },
        make('strong', { text: demo.title }),
        make('span', { text: demo.watch }),
      )
      shown.type = 'button'
      shown.id = `demo-${demo.id}`
      shown.addEventListener('click', () => void begin(demo))
      return shown
    }),
  )
}

function toolsOf(stage: Stage, address: AddressBox, chaos: ChaosControl, signal: AbortSignal): Tools {
  return {
    schedule: chaos.schedule,
    cut: chaos.cut,
    askOnce: (query) => address.askOnce(query),
    reconnect: () => void stage.live?.reconnect(),
    send: (text) => void stage.send(text, {}),
    signal: (type) => void dispatchEvent(new Event(type)),
    async wait(ms) {
      await pause(ms, signal)
      return !signal.aborted
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
