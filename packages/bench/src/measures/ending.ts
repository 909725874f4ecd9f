import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { contenders } from '../contenders.ts'
import { type Figure, spreadOf } from '../figures.ts'
import { inTurns } from '../in-turns.ts'
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
  load: 'waits',
  run: async (lab) => {
    const limitMs = lab.quick ? 3_000 : 12_000
    const hanging = await listenSilently()
    const those = contenders.filter(({ name }) => name !== 'holdfast batch')
    // Most of it is waiting for those that take long.
    const rows = await inTurns(those, 2, async ({ name, server }) => {
      lab.progress(name)
      const figures = await Promise.all(
        states.map((state) => timesToExit(lab, { name, state, kind: server, hanging: hanging.url, limitMs })),
      )
      return { name, figures }
    })
    hanging.server.close()
    return [
      {
        id: 'ending',
        title: 'Until the process may exit',
        note: "From the call of the library's own final end (`dispose`, `terminate`, `close`, `disconnect`, `stop`) to the end of a Node process that has nothing else to do. It includes what Node needs to end, some 20 ms, and whatever else the machine does.",
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

const rounds = 5

/** Once more and more, for a single short time says as much of the machine as of the library; who takes seconds is believed at once. */
async function timesToExit(lab: Lab, exit: Exit): Promise<Figure> {
  const timesMs: number[] = []
  while (timesMs.length < rounds) {
    const timeMs = await timeToExit(lab, exit)
    if (timeMs === 'late') return { text: `over ${exit.limitMs / 1_000} s` }
    timesMs.push(timeMs)
    if (timeMs > 1_000) break
  }
  return spreadOf(timesMs)
}

async function timeToExit(lab: Lab, { name, state, kind, hanging, limitMs }: Exit): Promise<number | 'late'> {
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
  return ended === 'late' ? ended : ended - calledAtMs
}
