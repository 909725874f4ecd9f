import type { Cause } from 'holdfast'
import type { Lab, Scenario } from '../lab/lab.ts'

/** Lets the server close with a code, and tells where the session went from there and why. */
async function after(lab: Lab, query: string, source: 'fixed' | 'provider') {
  const address = lab.url(query)
  const causes: Cause[] = []
  const provider = ({ cause }: { cause: Cause }) => {
    causes.push(cause)
    return causes.length === 1 ? address : lab.url()
  }
  const { session, states } = lab.connect(source === 'fixed' ? address : provider, {
    backoff: { baseMs: 20, capMs: 50 },
  })
  const fits = ({ name }: { name: string }) => name === 'waiting' || name === 'closed'
  const state = await states.next(fits, 'waiting or closed')
  if (source === 'fixed') session.dispose()
  return { session, state, causes }
}

const codes: readonly { readonly code: number; readonly fixed: string; readonly provider: string }[] = [
  { code: 1000, fixed: 'closed', provider: 'closed' },
  { code: 1001, fixed: 'waiting', provider: 'waiting' },
  { code: 1005, fixed: 'waiting', provider: 'waiting' },
  { code: 1008, fixed: 'closed', provider: 'waiting' },
  { code: 1011, fixed: 'waiting', provider: 'waiting' },
  { code: 1012, fixed: 'waiting', provider: 'waiting' },
  { code: 1013, fixed: 'waiting', provider: 'waiting' },
  { code: 3000, fixed: 'closed', provider: 'waiting' },
  { code: 3003, fixed: 'closed', provider: 'closed' },
  { code: 4000, fixed: 'waiting', provider: 'waiting' },
  { code: 4401, fixed: 'closed', provider: 'waiting' },
  { code: 4403, fixed: 'closed', provider: 'closed' },
  { code: 4409, fixed: 'closed', provider: 'closed' },
  { code: 4429, fixed: 'waiting', provider: 'waiting' },
  { code: 4999, fixed: 'waiting', provider: 'waiting' },
]

const sources = ['fixed', 'provider'] as const

/** The server ends the connection, or does not let it begin, and says why. */
export const serverCloses: readonly Scenario[] = [
  ...codes.map(
    (row): Scenario => ({
      name: `server close ${row.code}: ${row.fixed} with a fixed URL, ${row.provider} with a provider`,
      async run(lab) {
        for (const source of sources) {
          const reason = row.code === 1005 ? '' : 'because'
          const query = `?acceptThenClose=${row.code}${reason && `&reason=${reason}`}`
          const { state } = await after(lab, query, source)
          lab.assert.equal(state.name, row[source], `state with a ${source} URL`)
          // Not `wasClean`: WebKitGTK says false when the server was gone before its answer was.
          lab.assert.matches(
            'cause' in state ? state.cause : undefined,
            { kind: 'server-close', code: row.code, reason },
            'cause',
          )
        }
      },
    }),
  ),
  {
    name: 'a provider is told why it is asked again, and its next answer is used',
    async run(lab) {
      const { session, causes } = await after(lab, '?acceptThenClose=4401&reason=expired', 'provider')
      await lab.soon('open', session.opened())
      const expired = { kind: 'server-close', code: 4401, reason: 'expired', wasClean: true }
      lab.assert.equal(causes, [{ kind: 'not-started' }, expired], 'causes')
    },
  },
  {
    name: 'a hint in the close reason overrules the backoff, and is drawn up to half later',
    async run({ connect, url, assert }) {
      const { reaches } = connect(url('?acceptThenClose=1013&reason=retry-after-ms=5000'))
      assert.between((await reaches('waiting')).delayMs, 5_000, 7_500, 'delay')
    },
  },
  {
    name: 'classify may overrule every code, and gets the cause',
    async run({ connect, url, assert }) {
      const seen: Cause[] = []
      const { reaches } = connect(url('?acceptThenClose=1000'), {
        classify: (cause) => {
          seen.push(cause)
          return seen.length < 3 ? 'retry' : 'stop'
        },
      })
      await reaches('waiting')
      await reaches('waiting')
      await reaches('closed')
      assert.equal(
        seen.map((cause) => 'code' in cause && cause.code),
        [1000, 1000, 1000],
        'codes',
      )
    },
  },
  {
    name: 'an upgrade refused with 503 and Retry-After: Node waits as asked, a browser sees only that it failed',
    async run({ connect, url, assert, environment }) {
      const { reaches } = connect(url('?refuse=503&retryAfter=2'))
      const { cause, delayMs } = await reaches('waiting')
      if (environment !== 'node') return assert.equal(cause, { kind: 'unreachable' }, 'cause')
      assert.matches(cause, { kind: 'refused', status: 503, retryAfterMs: 2_000 }, 'cause')
      assert.between(delayMs, 2_000, 3_000, 'delay')
    },
  },
  {
    name: 'an upgrade refused with 401: a provider is asked again and told why',
    async run({ connect, url, assert, environment }) {
      const causes: Cause[] = []
      const { reaches } = connect(({ cause }) => {
        causes.push(cause)
        return url(causes.length === 1 ? '?refuse=401' : '')
      })
      await reaches('open')
      assert.matches(
        causes[1],
        environment === 'node' ? { kind: 'refused', status: 401 } : { kind: 'unreachable' },
        'cause told',
      )
    },
  },
  {
    name: 'an upgrade refused with 403: Node stops, a browser cannot know and tries again',
    async run({ connect, url, assert, environment }) {
      const { session, reaches } = connect(url('?refuse=403'))
      if (environment === 'node') {
        const { cause } = await session.closed
        assert.matches(cause, { kind: 'refused', status: 403 }, 'cause')
      } else {
        assert.equal((await reaches('waiting')).cause, { kind: 'unreachable' }, 'cause')
      }
    },
  },
  {
    name: 'a server that closes on an open session is answered, and what it said first is delivered',
    async run({ connect, url, assert, seen, eventually }) {
      const { session, reaches, inbox } = connect(url('', 'order'))
      await reaches('open')
      session.send('say goodbye now')
      session.send('close 1012 restart')
      const { cause } = await reaches('waiting')
      assert.equal(cause, { kind: 'server-close', code: 1012, reason: 'restart', wasClean: true }, 'cause')
      assert.equal(inbox.all, ['goodbye now'], 'messages')
      const { closed } = await eventually('the server knows', seen, (now) => now.closed.length === 1)
      assert.equal(closed[0]?.code, 1012, 'code that the client answered with')
    },
  },
]
