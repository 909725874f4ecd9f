import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { contenders } from '../contenders.ts'
import { type Figure, single } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Measure } from './measure.ts'

const states = ['connecting', 'open', 'waiting', 'frozen'] as const
type State = (typeof states)[number]

const about: { readonly [Name in State]: string } = {
  connecting: 'while connecting',
  open: 'while open',
  waiting: 'while waiting to retry',
  frozen: 'with a frozen server',
}

/** How long a process lives on after the library's own end, in each state. */
export const endingMeasure: Measure = {
  name: 'ending',
  about: 'time until the end of a session frees the process',
  load: 'calm',
  run: async (lab) => {
    const limitMs = lab.quick ? 3_000 : 12_000
    const hanging = await listenSilently()
    const rows = []
    for (const { name, server } of contenders) {
      if (name === 'holdfast batch') continue
      lab.progress(name)
      const figures = await Promise.all(
        states.map((state) => timeToExit(lab, { name, state, kind: server, hanging: hanging.url, limitMs })),
      )
      rows.push({ name, figures })
    }
    hanging.server.close()
    return [
      {
        id: 'ending',
        title: 'Until the process may exit',
        note: "From the call of the library's own final end (`dispose`, `terminate`, `close`, `disconnect`, `stop`) to the end of a Node process that has nothing else to do. It includes what Node needs to end, some 20 ms.",
        columns: states.map((state) => ({ name: about[state], unit: 'ms', digits: 0 })),
        rows,
      },
    ]
  },
}

/** Takes connections and never answers. */
async function listenSilently(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((socket) => void socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server: server.unref(), url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

interface Exit {
  readonly name: string
  readonly state: State
  readonly kind: Parameters<Lab['server']>[0]
  readonly hanging: string
  readonly limitMs: number
}

async function timeToExit(lab: Lab, { name, state, kind, hanging, limitMs }: Exit): Promise<Figure> {
  const server = state === 'open' || state === 'frozen' ? await lab.server(kind) : undefined
  const url = server?.url ?? (state === 'connecting' ? hanging : 'ws://127.0.0.1:9/')
  const part = await lab.part('leaver', [name])
  await part.ask('start', { url, awaitOpen: server !== undefined })
  if (state === 'frozen') server?.signal('SIGSTOP')
  await sleep(300)
  const calledAtMs = await part.ask<number>('leave')
  const late = sleep(limitMs, 'late' as const)
  const ended = await Promise.race([part.ended, late])
  await Promise.all([part.end(), server?.end()])
  return ended === 'late' ? { text: `over ${limitMs / 1_000} s` } : single(ended - calledAtMs)
}
