import type { AttemptContext, ConnectedContext } from 'holdfast'
import type { Scenario } from '../lab/lab.ts'

async function signIn(context: ConnectedContext): Promise<void> {
  context.send(`token ${String(context.credentials)}`)
  const answer = await context.receive({ signal: context.signal })
  if (answer !== 'welcome') throw new Error('not welcome')
}

/** The first exchange on a new connection, and servers that do not take part in it. */
export const hello: readonly Scenario[] = [
  {
    name: 'the auth exchange comes before the queue, on every connection, and loses no message behind it',
    async run({ connect, url, mode, proxy, assert, seen }) {
      const { session, reaches, inbox, states } = connect(url('', 'auth'), {
        credentials: 'good',
        onConnected: signIn,
      })
      session.send('queued')
      assert.equal(await inbox.take(2), ['first news', 'queued'], 'messages')
      const phases = states.all.flatMap((state) => (state.name === 'connecting' ? [state.phase] : []))
      assert.equal(phases.at(-1), 'hello', 'phase before open')
      await reaches('open')
      await proxy.cut()
      await reaches('waiting')
      await reaches('open')
      session.send('more')
      // A session that went on at the server needs no second introduction.
      const [again, introduction] = mode === 'plain' ? [['first news'], ['token good']] : [[], []]
      assert.equal(await inbox.take(again.length + 1), [...again, 'more'], 'after the reconnect')
      const received = ['token good', 'queued', ...introduction, 'more']
      assert.equal((await seen()).received, received, 'what the server got')
    },
  },
  {
    name: 'a token that the server refuses with 4401 ends a session whose credentials are fixed',
    async run({ connect, url, assert }) {
      const { session, states } = connect(url('', 'auth'), { credentials: 'bad', onConnected: signIn })
      const { cause, handBack } = await session.closed
      assert.matches(cause, { kind: 'server-close', code: 4401, reason: 'bad token' }, 'cause')
      assert.equal(handBack.undelivered, [], 'hand-back')
      assert.that(
        states.all.every(({ name }) => name !== 'open'),
        'it was never open',
      )
    },
  },
  {
    name: 'a token that the server refuses is fetched anew where credentials are a function',
    async run({ connect, url, assert }) {
      const { reaches, states } = connect(url('', 'auth'), {
        credentials: ({ cause }: AttemptContext) => (cause.kind === 'server-close' ? 'good' : 'bad'),
        onConnected: signIn,
      })
      await reaches('open')
      assert.equal(states.all.filter(({ name }) => name === 'waiting').length, 1, 'retries')
    },
  },
  {
    name: 'an onConnected that rejects or hangs is one failed attempt',
    async run({ connect, url, assert }) {
      const { reaches, errors } = connect(url(), {
        connect: { helloTimeoutMs: 100 },
        onConnected: ({ attempt }) => {
          if (attempt === 1) throw new Error('no')
          return attempt === 2 ? new Promise(() => {}) : undefined
        },
      })
      assert.equal((await reaches('waiting')).cause, { kind: 'failed', phase: 'hello' }, 'rejected')
      assert.equal(
        (await reaches('waiting')).cause,
        { kind: 'timeout', phase: 'hello', limitMs: 100 },
        'hung',
      )
      await reaches('open')
      assert.equal(
        (await errors.take(2)).map(({ phase }) => phase),
        ['hello', 'hello'],
        'errors',
      )
    },
  },
  {
    name: 'what would wait for its own session inside onConnected is refused, with in-hook',
    async run({ connect, url, assert, soon }) {
      const checked: Promise<void>[] = []
      const { session, reaches, inbox } = connect(url(), {
        onConnected: () => {
          session.send('queued in the hook')
          checked.push(assert.rejectsWith(session.flushed(), 'in-hook', 'flushed'))
          checked.push(assert.rejectsWith(session.ready(), 'in-hook', 'ready'))
        },
      })
      await reaches('open')
      await soon('checked', Promise.all(checked))
      assert.equal(await inbox.next(), 'queued in the hook')
    },
  },
  {
    name: 'a server that stays mute is found out: by the hello deadline, and by the ping once open',
    only: {
      mode: 'plain',
      because: 'in resume mode nothing is open before the server speaks; resume.ts has its own',
    },
    async run({ connect, url, assert }) {
      const onConnected = async ({ send, receive }: ConnectedContext) => {
        send('anybody there?')
        await receive()
      }
      const asking = connect(url('?mute=1'), { connect: { helloTimeoutMs: 100 }, onConnected })
      assert.equal(
        (await asking.reaches('waiting')).cause,
        { kind: 'timeout', phase: 'hello', limitMs: 100 },
        'hello',
      )
      asking.session.dispose()
      asking.errors.skip()
      const pinging = connect(url('?mute=1'), {
        heartbeat: { intervalMs: 100, timeoutMs: 150, ping: () => 'ping', isPong: () => true },
      })
      await pinging.reaches('open')
      assert.equal((await pinging.reaches('waiting')).cause.kind, 'liveness', 'ping')
    },
  },
]
