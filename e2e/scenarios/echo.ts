import type { Incoming, Message } from 'holdfast'
import type { Scenario } from '../lab/lab.ts'

const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7 + 3) % 256)

/** Messages go there and come back. */
export const echo: readonly Scenario[] = [
  {
    name: 'text comes back as it was sent',
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url())
      const texts = ['', 'hello', 'žluťoučký 🐎 \u0000 end', 'x'.repeat(65_536)]
      for (const text of texts) session.send(text)
      assert.equal(await inbox.take(texts.length), texts, 'echo')
    },
  },
  {
    name: 'binary comes back as it was sent, as an ArrayBuffer',
    async run({ connect, url, mode, assert }) {
      const { session, inbox } = connect(url())
      const whole = bytes(65_536)
      const sent: (readonly [Message, Uint8Array])[] = [
        [new ArrayBuffer(0), bytes(0)],
        [whole, whole],
        [whole.buffer.slice(10, 20), whole.slice(10, 20)],
        [new DataView(whole.buffer, 100, 50), whole.slice(100, 150)],
        [new Uint16Array(whole.buffer, 2, 9), whole.slice(2, 20)],
      ]
      const blob = [
        new Blob(['blob ', bytes(5)]),
        new TextEncoder().encode('blob \x03\x0a\x11\x18\x1f'),
      ] as const
      // To be kept until it is acknowledged, a message must give its bytes at once.
      if (mode === 'plain') sent.push(blob)
      for (const [message] of sent) session.send(message)
      for (const [, expected] of sent) {
        const back = await inbox.next()
        assert.that(back instanceof ArrayBuffer, 'binary arrives as an ArrayBuffer')
        assert.equal(back, expected, 'bytes')
      }
    },
  },
  {
    name: '1,000 messages keep their order, text, binary and blobs mixed',
    async run({ connect, url, mode, assert }) {
      const { session, inbox } = connect(url(), { queue: { maxMessages: 2_000 } })
      const text = (at: number) => `message ${at}`
      const make = [
        text,
        (at: number) => new TextEncoder().encode(text(at)),
        (at: number) => (mode === 'plain' ? new Blob([text(at)]) : text(at)),
      ]
      const numbers = Array.from({ length: 1_000 }, (_, at) => at)
      for (const at of numbers) session.send(make[at % 3]?.(at) ?? '')
      const read = (message: Incoming) =>
        typeof message === 'string' ? message : new TextDecoder().decode(message)
      assert.equal((await inbox.take(1_000)).map(read), numbers.map(text), 'order')
    },
  },
  {
    name: 'a buffer that is reused after send arrives as it was at the call',
    async run({ connect, url, assert }) {
      const { session, inbox } = connect(url())
      const buffer = Uint8Array.of(1, 2, 3)
      session.send(buffer)
      buffer.fill(9)
      assert.equal(await inbox.next(), Uint8Array.of(1, 2, 3), 'bytes')
    },
  },
  {
    name: 'the subprotocol that the server chose is in the state, also after a reconnect',
    async run({ connect, url, mode, resume, assert, proxy }) {
      const protocols = ['chat.v2', 'chat.v1']
      // The CDN file for plain sessions has no `resume` to call.
      const options = mode === 'resume' ? { resume: resume({ protocols }) } : { protocols: () => protocols }
      const { reaches } = connect(url(), options)
      assert.equal((await reaches('open')).protocol, 'chat.v2', 'first')
      await proxy.cut()
      assert.equal((await reaches('open')).protocol, 'chat.v2', 'second')
    },
  },
  {
    name: 'headers reach the server from Node, and are an error at the call in a browser',
    async run({ connect, url, assert, seen, environment, Holdfast }) {
      const headers = { 'x-lab': 'yes' }
      if (environment !== 'node') {
        assert.throws(() => Holdfast.connect(url(), { headers }), 'TypeError', 'headers in a browser')
        return
      }
      await connect(url(), { headers }).reaches('open')
      assert.equal((await seen()).headers[0]?.['x-lab'], 'yes', 'header')
    },
  },
]
