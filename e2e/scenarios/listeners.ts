import type { Scenario } from '../lab/lab.ts'

/** Handlers and iterators: theirs outlive connections, and their errors harm nobody else. */
export const listeners: readonly Scenario[] = [
  {
    name: 'a handler that throws or rejects stops no other handler, no later message and no reconnect',
    async run({ connect, url, proxy, assert }) {
      const { session, reaches, inbox, errors } = connect(url())
      const good: unknown[] = []
      session.on('message', () => {
        throw new Error('thrown')
      })
      session.on('message', () => Promise.reject(new Error('rejected')))
      session.on('state', () => {
        throw new Error('thrown in state')
      })
      session.on('message', (message) => good.push(message))
      session.send('one')
      assert.equal(await inbox.next(), 'one')
      await proxy.cut()
      await reaches('waiting')
      session.send('two')
      assert.equal(await inbox.next(), 'two')
      assert.equal(good, ['one', 'two'], 'the handler behind the throwing one')
      const told = await errors.take(4)
      assert.that(
        told.every(({ phase }) => phase === 'handler'),
        'phase of the errors',
      )
      session.dispose()
      errors.skip()
    },
  },
  {
    name: 'an undone handler and a once handler are not called again, nor one whose signal aborted',
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url())
      const calls: unknown[][] = []
      const controller = new AbortController()
      const undo = session.on('message', (message) => calls.push(['on', message]))
      session.once('message', (message) => calls.push(['once', message]))
      session.on('message', (message) => calls.push(['signal', message]), {
        signal: controller.signal,
      })
      session.send('1')
      await inbox.next()
      undo()
      controller.abort()
      session.send('2')
      await inbox.next()
      assert.equal(
        calls,
        [
          ['on', '1'],
          ['once', '1'],
          ['signal', '1'],
        ],
        'calls',
      )
    },
  },
  {
    name: 'iterators each get every message, across reconnects, until the session ends',
    async run({ connect, url, proxy, assert, soon }) {
      const { session, inbox, reaches } = connect(url())
      const read = async () => {
        const got: unknown[] = []
        for await (const message of session) got.push(message)
        return got
      }
      const [one, other] = [read(), read()]
      session.send('before')
      await inbox.next()
      await proxy.reset()
      await reaches('waiting')
      session.send('after')
      await inbox.next()
      session.dispose()
      const all = ['before', 'after']
      assert.equal(await soon('iterators end', Promise.all([one, other])), [all, all], 'read')
    },
  },
  {
    name: 'leaving a loop ends the iteration and not the session',
    async run({ connect, url, assert, soon }) {
      const { session, inbox, reaches } = connect(url())
      await reaches('open')
      const listenersBefore = session.resources.listeners
      const first = (async () => {
        for await (const message of session) return message
        return undefined
      })()
      session.send('one')
      assert.equal(await soon('the loop ends', first), 'one')
      assert.equal(session.resources.listeners, listenersBefore, 'listeners')
      session.send('two')
      assert.equal(await inbox.take(2), ['one', 'two'], 'messages')
    },
  },
  {
    name: 'an iterator that nobody reads ends with an error at its bound, and harms nobody',
    async run({ connect, url, assert, soon }) {
      const { session, inbox } = connect(url(), { maxUnread: 10 })
      const iterator = session[Symbol.asyncIterator]()
      for (let at = 0; at < 20; at += 1) session.send(String(at))
      await inbox.take(20)
      for (let at = 0; at < 10; at += 1) {
        assert.equal(await iterator.next(), { done: false, value: String(at) }, 'what was within the bound')
      }
      await assert.rejectsWith(soon('it ends', iterator.next()), 'iterator-overflow', 'the next')
      assert.equal(await iterator.next(), { done: true, value: undefined }, 'the one after')
      session.send('still here')
      assert.equal(await inbox.next(), 'still here')
    },
  },
  {
    name: 'connect, send, reconnect and close inside handlers are legal',
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url())
      let opened = 0
      session.on('state', ({ state }) => {
        if (state.name !== 'open') return
        opened += 1
        session.send(`open ${opened}`)
        if (opened === 1) session.reconnect()
      })
      session.on('message', (message) => {
        if (message !== 'open 2') return
        const other = connect(url())
        other.session.send('from a handler')
        other.session.on('message', () => void other.session.close())
        void other.session.closed.then(() => session.close({ code: 3001 }))
      })
      assert.equal(await inbox.next((message) => message === 'open 2'), 'open 2')
      assert.equal((await session.closed).cause, { kind: 'closed', code: 3001, reason: '' }, 'cause')
    },
  },
]
