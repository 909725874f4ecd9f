import type { Cause, SessionOptions } from 'holdfast'
import type { Scenario } from '../lab/lab.ts'

const later = <T>(value: T, ms: number) => new Promise<T>((resolve) => setTimeout(() => resolve(value), ms))
const never = () => new Promise<never>(() => {})

/** Providers that do not give a URL, and the cause that follows. */
const unusable: readonly { readonly what: string; readonly provide: () => unknown; readonly cause: Cause }[] =
  [
    {
      what: 'rejects',
      provide: () => Promise.reject(new Error('no ticket')),
      cause: { kind: 'failed', phase: 'resolve' },
    },
    {
      what: 'throws',
      provide: () => {
        throw new Error('no ticket')
      },
      cause: { kind: 'failed', phase: 'resolve' },
    },
    { what: 'hangs', provide: never, cause: { kind: 'timeout', phase: 'resolve', limitMs: 100 } },
    { what: 'answers null', provide: () => null, cause: { kind: 'failed', phase: 'resolve' } },
    { what: 'answers rubbish', provide: () => 'http://[', cause: { kind: 'failed', phase: 'resolve' } },
    {
      what: 'answers another scheme',
      provide: () => 'ftp://example.org',
      cause: { kind: 'failed', phase: 'resolve' },
    },
  ]

/** What is asked before every attempt: URL, protocols, credentials, permission. */
export const providers: readonly Scenario[] = [
  ...unusable.map(
    ({ what, provide, cause }): Scenario => ({
      name: `a URL provider that ${what} is one failed attempt, told as an error, and the next one counts`,
      async run({ connect, url, assert }) {
        let asked = 0
        const provider = () => {
          asked += 1
          return asked < 3 ? (provide() as string) : url()
        }
        const { reaches, errors } = connect(provider, { connect: { resolveTimeoutMs: 100 } })
        for (let round = 1; round < 3; round += 1) {
          const waiting = await reaches('waiting')
          assert.equal([waiting.cause, waiting.attempt], [cause, round + 1], 'cause and attempt')
          assert.equal((await errors.next()).phase, 'resolve', 'phase of the error')
        }
        await reaches('open')
      },
    }),
  ),
  {
    name: 'a slow provider is waited for, with its phase in the state, and asked once per attempt',
    async run({ connect, url, assert, proxy }) {
      const asked: { attempt: number; cause: Cause; aborted: boolean }[] = []
      const { states, reaches } = connect(({ attempt, cause, signal }) => {
        asked.push({ attempt, cause, aborted: signal.aborted })
        return later(url(), 100)
      })
      await reaches('open')
      const phases = states.all.flatMap((state) => (state.name === 'connecting' ? [state.phase] : []))
      assert.equal(phases, ['admit', 'resolve', 'dial'], 'phases')
      await proxy.cut()
      await reaches('open')
      assert.equal(
        asked.map(({ attempt, cause, aborted }) => [attempt, cause.kind, aborted]),
        [
          [1, 'not-started', false],
          [2, 'lost', false],
        ],
        'asked',
      )
    },
  },
  {
    name: 'a provider that says unauthorized ends the session',
    async run({ connect, assert, Holdfast }) {
      const { session, errors } = connect(() => Promise.reject(Holdfast.unauthorized('signed out')))
      assert.equal((await session.closed).cause, { kind: 'unauthorized', phase: 'resolve' }, 'cause')
      errors.skip()
    },
  },
  {
    name: 'credentials are asked for before every attempt, and the URL is made with them',
    async run({ connect, url, assert, proxy, seen }) {
      let token = 0
      const withToken: SessionOptions = { credentials: () => `token-${(token += 1)}` }
      const { reaches } = connect(({ credentials }) => url(`/${String(credentials)}`), withToken)
      await reaches('open')
      await proxy.cut()
      await reaches('waiting')
      await reaches('open')
      assert.equal((await seen()).paths, ['token-1', 'token-2'], 'connections')
    },
  },
  {
    name: 'after setCredentials nothing completes with the old ones: not the connection, not the attempt',
    async run({ connect, url, assert, seen }) {
      const { session, reaches } = connect(
        ({ credentials, attempt }) => later(url(`/${String(credentials)}-${attempt}`), 50),
        { credentials: 'old' },
      )
      await reaches('connecting', ({ phase }) => phase === 'resolve')
      session.setCredentials('new')
      await reaches('open')
      assert.equal((await seen()).paths, ['new-1'], 'after a change while connecting')
      session.setCredentials('newer')
      assert.equal((await reaches('waiting')).cause, { kind: 'credentials' }, 'cause')
      await reaches('open')
      assert.equal((await seen()).paths, ['new-1', 'newer-1'], 'after a change while open')
    },
  },
  {
    name: 'admit may put an attempt off, and say who asks for it',
    async run({ connect, url, assert }) {
      let asked = 0
      const { reaches } = connect(url(), {
        admit: () => {
          asked += 1
          return asked < 3 ? { retryAfterMs: 20, cause: 'breaker-open' } : undefined
        },
      })
      const first = await reaches('waiting')
      assert.matches(first.cause, { kind: 'not-admitted', by: 'breaker-open' }, 'cause')
      assert.between(first.delayMs, 20, 30, 'delay')
      assert.equal((await reaches('waiting')).attempt, 1, 'an attempt that was not let start is not counted')
      await reaches('open')
    },
  },
  {
    name: 'an attempt that was given up never becomes live, however late its URL comes',
    async run({ connect, url, direct, assert, seen, eventually }) {
      const answers: ((address: string) => void)[] = []
      const { session, reaches } = connect(() => new Promise<string>((resolve) => answers.push(resolve)))
      const asked = (count: number) =>
        eventually(
          'asked',
          () => answers.length,
          (now) => now === count,
        )
      await asked(1)
      session.reconnect()
      await asked(2)
      answers[0]?.(direct('/stale'))
      answers[1]?.(url('/fresh'))
      await reaches('open')
      assert.equal((await seen()).paths, ['fresh'], 'connections')
    },
  },
]
