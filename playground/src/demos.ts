import type { Faults } from './proxy-event.ts'

/** What a demonstration may use. */
export interface Tools {
  /** Runs steps at the proxy. Tells whether the proxy took them. */
  readonly schedule: (steps: readonly Step[] | { readonly random: object }) => Promise<boolean>
  readonly cut: () => Promise<boolean>
  /** Asks the server to do something at the next attempt only. */
  readonly askOnce: (query: string) => void
  readonly reconnect: () => void
  readonly send: (text: string) => void
  /** Tells the session's page, as the browser would: the network went or came. */
  readonly signal: (type: 'online' | 'offline') => void
  /** Waits; resolves with false when the person began something else meanwhile. */
  readonly wait: (ms: number) => Promise<boolean>
}

interface Step {
  readonly afterMs: number
  readonly set?: Partial<Faults>
  readonly action?: 'cut' | 'reset' | 'clear'
  readonly forMs?: number
}

/** A story with one button. */
export interface Demo {
  readonly id: string
  readonly title: string
  /** What to look at. */
  readonly watch: string
  run(tools: Tools): Promise<unknown>
}

export const demos: readonly Demo[] = [
  {
    id: 'cut',
    title: 'Cut the line',
    watch: 'Lost, a short random wait, back.',
    run: ({ cut }) => cut(),
  },
  {
    id: 'freeze',
    title: 'Freeze the network for 20 s',
    watch: 'The socket looks open. The heartbeat knows better.',
    run: ({ schedule }) => schedule([{ afterMs: 0, set: { stall: 'both' }, forMs: 20_000 }]),
  },
  {
    id: 'wifi',
    title: 'Wi-Fi goes, Wi-Fi returns',
    watch: 'Messages wait. When it is back, so is the session: no waiting out the backoff.',
    async run({ schedule, signal, send, wait }) {
      const gone = { afterMs: 0, set: { accept: 'refuse' }, forMs: 10_000 } as const
      if (!(await schedule([gone, { afterMs: 20, action: 'cut' }]))) return
      signal('offline')
      for (const word of ['first', 'second', 'third']) {
        if (!(await wait(1_500))) return
        send(`${word} message without Wi-Fi`)
      }
      if (await wait(6_000)) signal('online')
    },
  },
  {
    id: 'busy',
    title: 'Busy server: come back in 5 s',
    watch: 'Its hint decides the wait, 5 to 7.5 s, not the backoff.',
    async run({ askOnce, reconnect }) {
      askOnce('acceptThenClose=1013&reason=retry-after-ms%3D5000')
      reconnect()
    },
  },
  {
    id: 'slow',
    title: 'Slow line for 20 s',
    watch: 'Round trips climb, nothing breaks.',
    run: ({ schedule }) => schedule([{ afterMs: 0, set: { latencyMs: 150, jitterMs: 250 }, forMs: 20_000 }]),
  },
  {
    id: 'train',
    title: 'Train ride, 30 s',
    watch: 'Random trouble, and a message every second.',
    async run({ schedule, send, wait }) {
      const random = {
        durationMs: 30_000,
        everyMs: 4_000,
        maxForMs: 3_000,
        seed: Math.floor(Math.random() * 2 ** 32),
      }
      if (!(await schedule({ random }))) return
      for (let second = 1; second <= 30; second += 1) {
        if (!(await wait(1_000))) return
        send(`from the train ${second}`)
      }
    },
  },
]
