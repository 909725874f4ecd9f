import type { QueueOptions } from 'holdfast'
import type { Scenario, Watched } from '../lab/lab.ts'

type Overflow = QueueOptions['overflow']

/** What the overflow policies do with a to e where three may wait. */
const overflows: readonly { readonly overflow: Overflow; readonly sent: string[]; readonly lost: string }[] =
  [
    { overflow: 'reject', sent: ['a', 'b', 'c'], lost: 'rejected' },
    { overflow: 'drop-newest', sent: ['a', 'b', 'c'], lost: 'dropped' },
    { overflow: 'drop-oldest', sent: ['c', 'd', 'e'], lost: 'dropped' },
  ]

/** What is sent while there is no connection, or faster than it goes. */
export const queueing: readonly Scenario[] = [
  ...overflows.map(
    ({ overflow, sent, lost }): Scenario => ({
      name: `a full queue with overflow ${overflow} sends ${sent.join(', ')} of a to e`,
      async run({ connect, url, fine, assert }) {
        const { session, inbox } = connect(url(), { queue: { maxMessages: 3, overflow }, autoConnect: false })
        const texts = ['a', 'b', 'c', 'd', 'e']
        const receipts = texts.map((text) => session.send(text))
        session.reconnect()
        assert.equal(await inbox.take(3), sent, 'echo')
        const ends = await Promise.all(receipts.map(({ settled }) => settled))
        assert.equal(
          ends,
          texts.map((text) => (sent.includes(text) ? fine : lost)),
          'receipts',
        )
      },
    }),
  ),
  {
    name: 'bytes are bounded as well, and one message beyond the limit harms only itself',
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url(), {
        queue: { maxBytes: 10, maxMessageBytes: 8 },
        autoConnect: false,
      })
      const receipts = ['12345678', '123456789', 'éé', '12'].map((text) => session.send(text))
      assert.equal(
        receipts.map(({ status, error }) => [status, (error as { code?: string } | undefined)?.code]),
        [
          ['queued', undefined],
          ['rejected', 'message-too-large'],
          ['rejected', 'queue-full'],
          ['queued', undefined],
        ],
        'receipts',
      )
      assert.equal([session.queue.size, session.queue.bytes], [2, 10], 'what waits')
      session.reconnect()
      assert.equal(await inbox.take(2), ['12345678', '12'], 'echo')
    },
  },
  {
    name: 'keys, ages and whenOffline: the latest wins, the old is not sent, the unwanted not kept',
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url(), { autoConnect: false })
      const old = session.send('old', { ttlMs: 30 })
      const [first, second] = ['1', '2'].map((at) => session.send(`position ${at}`, { key: 'position' }))
      const offline = session.send('only if open', { whenOffline: 'drop' })
      session.send('plain')
      assert.equal(
        [first?.status, second?.status, offline.status],
        ['dropped', 'queued', 'dropped'],
        'at once',
      )
      assert.equal(await old.settled, 'expired', 'after its time')
      session.reconnect()
      assert.equal(await inbox.take(2), ['position 2', 'plain'], 'echo')
      assert.equal(session.send('only if open', { whenOffline: 'drop' }).status, 'written', 'while open')
    },
  },
  {
    name: 'the queue can be looked at, and messages taken out of it',
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url(), { autoConnect: false })
      const receipts = ['a', 'b', 'c'].map((text) => session.send(text))
      const [, b] = receipts
      assert.equal(
        session.queue.entries().map(({ message }) => message),
        ['a', 'b', 'c'],
        'entries',
      )
      assert.equal([b && session.queue.cancel(b), b && session.queue.cancel(b)], [true, false], 'cancel')
      session.reconnect()
      assert.equal(await inbox.take(2), ['a', 'c'], 'echo')
      session.pause()
      session.send('d')
      session.queue.clear()
      assert.equal([session.queue.size, session.queue.bytes], [0, 0], 'after clear')
    },
  },
  {
    name: 'ready() holds back a fast sender on a slow line, and lets go when there is room again',
    async run({ connect, url, proxy, assert, soon }) {
      const { session, reaches } = connect(url('', 'sink'), {
        queue: {
          maxBytes: 100_000_000,
          maxMessages: 10_000,
          highWaterBytes: 1_000_000,
          lowWaterBytes: 200_000,
        },
      })
      await reaches('open')
      await proxy.set({ stall: 'up' })
      await fill(session)
      const ready = session.ready()
      let state = 'pending'
      void ready.then(() => {
        state = 'ready'
      })
      await Promise.resolve()
      assert.equal(state, 'pending', 'while stalled')
      await proxy.clear()
      await soon('ready', ready)
      assert.that(session.queue.bytes <= 200_000, 'little waits')
    },
  },
  {
    name: 'flushed() rejects when the session ends before everything is off the queue',
    async run({ connect, url, assert }) {
      const { session } = connect(url(), { autoConnect: false })
      session.send('never sent')
      const flushed = session.flushed()
      session.dispose()
      await assert.rejectsWith(flushed, 'closed', 'flushed')
      await assert.rejectsWith(session.ready(), 'closed', 'ready after the end')
    },
  },
]

/** Sends until more waits than the kernel, the proxy and the socket take together. */
async function fill(session: Watched['session']): Promise<void> {
  const block = new Uint8Array(256_000)
  while (session.queue.bytes < 2_000_000) {
    session.send(block)
    // The socket's buffer is read only after the platform had its turn.
    if (session.queue.size === 0) await new Promise((resolve) => setTimeout(resolve, 0))
  }
}
