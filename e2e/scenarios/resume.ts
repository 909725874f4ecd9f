import type { FinalStatus, Incoming } from 'holdfast'
import type { Lab, Scenario, Watched } from '../lab/lab.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at))

/** What a session was told about its session at the server. */
function newsOf({ session }: Watched): string[] {
  const news: string[] = []
  session.on('resumed', () => news.push('resumed'))
  session.on('gap', ({ reason }) => news.push(`gap ${reason}`))
  session.on('message', (message) => news.push(typeof message === 'string' ? message : 'binary'))
  return news
}

/** What a TLS record and the handshake before it take at most: a connection that ends sooner may carry nothing at all. */
const TLS_BYTES = 22_000

/** Lets every connection from now on end with a RST after so many bytes in one direction. */
const brittle = ({ proxy, secure }: Lab, direction: 'up' | 'down', bytes: number) =>
  proxy.set({ closeAfterBytes: { [direction]: bytes + (secure ? TLS_BYTES : 0) }, closeWith: 'rst' })

/** Sends 2,000 messages over connections that break in the middle of frames, until the session has come through. */
async function cutUp(lab: Lab): Promise<void> {
  const { connect, url, assert, seen, soon } = lab
  await brittle(lab, 'up', 8_011)
  const watched = connect(url('', 'sink'), { queue: { maxMessages: 2_000 } })
  const news = newsOf(watched)
  const texts = numbers(2_000).map((text) => text.padEnd(40, '.'))
  const receipts = texts.map((text) => watched.session.send(text))
  await soon('flushed', watched.session.flushed())
  const { received, opened } = await seen()
  assert.equal(received, texts, 'what the server got')
  assert.equal(
    receipts.map(({ status }) => status),
    texts.map(() => 'acked'),
    'receipts',
  )
  assert.that(opened > 1, `several connections, got ${opened}`)
  assert.equal(new Set(news), new Set(['resumed']), 'news')
}

/** Takes 2,000 messages over connections that break in the middle of frames. */
async function cutDown(lab: Lab): Promise<void> {
  const { connect, url, assert, seen } = lab
  await brittle(lab, 'down', 8_011)
  const { session, inbox } = connect(url('', 'order'))
  session.send('count 2000')
  const texts = numbers(2_000).map((text) => text.padEnd(40, '.'))
  assert.equal(await inbox.take(2_000), texts, 'what the client got')
  const { opened, received } = await seen()
  assert.that(opened > 1, `several connections, got ${opened}`)
  assert.equal(received, ['count 2000'], 'what the server got')
}

/** Sends the bytes of each session's frames on, and keeps the text among them. */
function overheard({ socket }: Lab) {
  const frames: string[] = []
  const createSocket = (url: string, protocols: readonly string[]) => {
    const made = socket(url, [...protocols])
    made.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') frames.push(data)
    })
    return made
  }
  return { frames, createSocket: createSocket as never }
}

/** Takes a session over with what was overheard, as a second copy of the client would. */
function takeOver(lab: Lab, welcome: string): Promise<string> {
  const { sid, tok } = JSON.parse(welcome.slice(2)) as { readonly sid: string; readonly tok: string }
  const thief = lab.socket(lab.direct(), ['holdfast.v1'])
  const hello = {
    v: [1],
    sid,
    tok,
    att: 1_000,
    cid: 'thief',
    rx: 0,
    ack: 0,
    max: 65_536,
    win: [16, 65_536],
  }
  return new Promise((resolve) => {
    thief.addEventListener('open', () => thief.send(`\u0010H${JSON.stringify(hello)}`))
    thief.addEventListener('message', ({ data }) => {
      thief.close()
      resolve(String(data))
    })
  })
}

const settled = (receipts: readonly { readonly settled: Promise<FinalStatus> }[]) =>
  Promise.all(receipts.map((receipt) => receipt.settled))

const sizeOf = (message: Incoming) => (typeof message === 'string' ? message.length : message.byteLength)

const resumeOnly: readonly Omit<Scenario, 'only'>[] = [
  {
    name: 'connections cut in the middle of what the client sends lose, double and reorder nothing',
    run: cutUp,
  },
  {
    name: 'connections cut in the middle of what the server sends lose, double and reorder nothing',
    run: cutDown,
  },
  {
    name: 'flushed() and acked mean that the server has it: not before, and not without an answer',
    async run({ connect, url, proxy, assert, seen, soon, eventually }) {
      const { session, reaches } = connect(url('', 'sink'))
      await reaches('open')
      await proxy.set({ stall: 'down' })
      const receipt = session.send('is it there?')
      let state = 'pending'
      const flushed = session.flushed().then(() => {
        state = 'flushed'
      })
      await eventually('the server has it', seen, ({ received }) => received.length === 1)
      assert.equal([state, receipt.status], ['pending', 'written'], 'while the answer is on its way')
      await proxy.clear()
      await soon('flushed', flushed)
      assert.equal(receipt.status, 'acked', 'receipt')
    },
  },
  {
    name: 'after each loss comes exactly one of resumed and gap, before any message of the new connection',
    async run({ connect, url, proxy, assert }) {
      const watched = connect(url())
      const news = newsOf(watched)
      await watched.reaches('open')
      for (const round of ['1', '2', '3']) {
        await proxy.cut()
        await watched.reaches('waiting')
        watched.session.send(round)
        await watched.inbox.next((message) => message === round)
      }
      assert.equal(news, ['resumed', '1', 'resumed', '2', 'resumed', '3'], 'news')
    },
  },
  {
    name: 'a client that stays away too long gets a gap, told as expired, and goes on in a new session',
    async run({ connect, brief, assert, seen, eventually }) {
      const watched = connect(brief())
      const { session, reaches, inbox } = watched
      const news = newsOf(watched)
      session.send('before')
      await inbox.next()
      session.pause()
      await eventually('the server gives it up', seen, ({ ended }) => ended.length === 1)
      assert.equal((await seen()).ended, ['expired'], 'why')
      const kept = session.send('kept')
      session.reconnect()
      await reaches('open', ({ resumed }) => resumed === false)
      assert.equal(await inbox.next(), 'kept', 'what was queued')
      assert.equal(await kept.settled, 'acked', 'its receipt')
      assert.equal(news, ['before', 'gap expired', 'kept'], 'news')
    },
  },
  {
    name: 'a session that ends elsewhere hands back what was sent and not acknowledged, each message once',
    async run({ connect, url, proxy, assert, soon }) {
      const { session, reaches } = connect(url())
      await reaches('open')
      await proxy.set({ stall: 'both' })
      const receipts = numbers(50).map((text) => session.send(text))
      session.dispose()
      const { handBack } = await soon('closed', session.closed)
      const given = [...handBack.uncertain, ...handBack.undelivered]
      assert.equal(
        given.map(({ message }) => message),
        numbers(50),
        'messages',
      )
      const ends = await settled(receipts)
      assert.equal(
        ends,
        receipts.map((receipt) =>
          handBack.uncertain.some((one) => one.receipt === receipt) ? 'uncertain' : 'undelivered',
        ),
        'receipts',
      )
    },
  },
  {
    name: 'a session that was taken over is told so with 4409, and does not come back by itself',
    async run(lab) {
      const { frames, createSocket } = overheard(lab)
      const { session, reaches } = lab.connect(lab.url(), { createSocket })
      await reaches('open')
      const answer = await lab.soon('the thief is in', takeOver(lab, frames[0] ?? ''))
      lab.assert.that(/"res":true/.test(answer), `it goes on elsewhere, got ${answer}`)
      const { cause } = await lab.soon('closed', session.closed)
      lab.assert.matches(cause, { kind: 'server-close', code: 4409 }, 'cause')
      const { ended } = await lab.eventually('all is quiet', lab.seen, ({ live }) => live === 0)
      lab.assert.equal([(await lab.seen()).opened, ended], [2, []], 'connections, and the session lives')
    },
  },
  {
    name: 'close() ends the session at the server as well, after everything that was sent',
    async run({ connect, url, assert, seen, eventually }) {
      const { session, reaches } = connect(url('', 'sink'))
      await reaches('open')
      for (const text of numbers(60)) session.send(text)
      const { cause, handBack } = await session.close({ drainMs: 10_000 })
      assert.equal(cause, { kind: 'closed', code: 1000, reason: '' }, 'cause')
      assert.equal(handBack, { undelivered: [], uncertain: [] }, 'hand-back')
      const { received, ended } = await eventually('it ended', seen, (now) => now.ended.length === 1)
      assert.equal([received, ended], [numbers(60), ['left']], 'what the server knows')
    },
  },
  {
    name: 'a message larger than the server takes is refused before it is sent, and harms only itself',
    async run({ connect, url, assert }) {
      const { session, states, reaches, inbox } = connect(url(), { queue: { maxBytes: 4_000_000 } })
      await reaches('open')
      const [large, small] = [session.send(new Uint8Array(2_000_000)), session.send('small')]
      assert.equal(await settled([large, small]), ['rejected', 'acked'], 'receipts')
      assert.equal((large.error as { code?: string }).code, 'message-too-large', 'error')
      assert.equal(await inbox.next(), 'small')
      assert.equal(states.unread, [], 'no move meanwhile')
    },
  },
  {
    name: 'a large message that is cut in the middle comes whole on the next connection, in its place',
    async run(lab) {
      const { connect, url, proxy, assert } = lab
      await proxy.set({ latencyMs: 5, jitterMs: 10, chunkBytes: { down: 30_011 } })
      await brittle(lab, 'down', 400_000)
      const { session, reaches, inbox } = connect(url(), { queue: { maxBytes: 4_000_000 } })
      await reaches('open')
      for (const message of ['first', new Uint8Array(900_000), 'last']) session.send(message)
      assert.equal(await inbox.next(), 'first')
      await reaches('waiting')
      assert.equal(inbox.unread, [], 'nothing of it')
      await proxy.clear()
      assert.equal((await inbox.take(2)).map(sizeOf), [900_000, 4], 'messages')
    },
  },
  {
    name: 'a half-open connection is found dead by the ping of the protocol, in browsers too',
    async run({ connect, url, proxy, assert, soon }) {
      const { session, reaches, inbox } = connect(url(), { heartbeat: { intervalMs: 100, timeoutMs: 600 } })
      await reaches('open')
      assert.equal(await soon('the probe ends', session.probe()), 'alive', 'on a good line')
      await proxy.set({ blackhole: 'both' })
      session.send('into the dark')
      assert.equal((await reaches('waiting')).cause.kind, 'liveness', 'cause')
      await proxy.clear()
      assert.equal((await reaches('open')).resumed, true, 'resumed')
      assert.equal(await inbox.next(), 'into the dark')
    },
  },
  {
    name: 'a server that never says welcome ends at the dial deadline, and the next one is taken',
    async run({ connect, url, assert }) {
      const { reaches } = connect(({ attempt }) => url(attempt === 1 ? '?mute=1' : ''), {
        connect: { dialTimeoutMs: 300 },
      })
      const { cause } = await reaches('waiting')
      assert.equal(cause, { kind: 'timeout', phase: 'dial', limitMs: 300 }, 'cause')
      await reaches('open')
    },
  },
  {
    name: 'a Blob is refused, as its bytes cannot be kept until they are acknowledged',
    async run({ connect, url, assert }) {
      const { session, reaches, inbox, errors } = connect(url())
      await reaches('open')
      const blob = session.send(new Blob(['blob']))
      session.send('text')
      assert.equal(await blob.settled, 'rejected', 'receipt')
      assert.equal((blob.error as { code?: string }).code, 'invalid-message', 'error')
      assert.equal((await errors.next()).phase, 'send', 'told as')
      assert.equal(await inbox.next(), 'text')
    },
  },
]

/** What only a session that resumes can promise. */
export const resumed: readonly Scenario[] = resumeOnly.map((scenario) => ({
  ...scenario,
  only: { mode: 'resume', because: 'a plain session promises none of it' },
}))
