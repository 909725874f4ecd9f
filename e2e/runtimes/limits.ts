import type { Limit } from '../lab/limits.ts'
import { shows } from './own-socket.ts'

/** The test that shows what a platform's own WebSocket does with a dead peer. */
export const deadPeerName = 'after dispose() against a dead peer the process ends when the connection does'

const own = (runtime: string) => `${runtime} with its own WebSocket`
const headersScenario = 'headers reach the server from Node, and are an error at the call in a browser'
const refusedDial = 'while dials are refused the queue is kept, and flushed in order before what comes later'

const ownLimits = ['Node 22', 'Node 24', 'Node 26', 'Bun', 'Deno'].flatMap((runtime): Limit[] => [
  {
    place: own(runtime),
    limit:
      'cannot be dropped, only closed: after `dispose()` against a dead peer the session holds nothing, but the platform ' +
      'holds the process until the connection ends; `ws`, which is taken without `createSocket`, does not',
    shownBy: `e2e/everywhere/ends.test.ts: ${deadPeerName}`,
  },
  {
    place: own(runtime),
    limit: 'sends no headers; credentials go into the URL, a subprotocol or the first message',
    shownBy: `e2e/everywhere/runtimes.test.ts: ${shows.headers}`,
    scenarios: [headersScenario],
  },
])

/** What runtimes cannot do, and the test that shows what a session does there instead. */
export const limits: readonly Limit[] = [
  {
    place: 'Node 20',
    limit: 'has no WebSocket of its own, and needs none: the package takes `ws`',
    shownBy: `e2e/everywhere/runtimes.test.ts: ${shows.none}`,
  },
  ...ownLimits,
  {
    place: own('Bun'),
    limit: 'tells why a dial failed, as no browser does: the cause has an `errno`',
    shownBy: `e2e/everywhere/runtimes.test.ts: ${shows.code}`,
    scenarios: [refusedDial],
  },
  {
    place: own('Deno'),
    limit:
      'gives a code of its own to every dial that fails: the `errno` of the cause is 19, the number of NetworkError',
    shownBy: `e2e/everywhere/runtimes.test.ts: ${shows.code}`,
    scenarios: [
      refusedDial,
      'an upgrade refused with 503 and Retry-After: Node waits as asked, a browser sees only that it failed',
      'an upgrade refused with 403: Node stops, a browser cannot know and tries again',
    ],
  },
  {
    place: 'workerd, plain',
    limit: 'its WebSocket sends a `Blob` as the text "[object Blob]": send `await blob.arrayBuffer()`',
    shownBy: `e2e/everywhere/workerd.test.ts: ${shows.blob}`,
    scenarios: [
      'binary comes back as it was sent, as an ArrayBuffer',
      '1,000 messages keep their order, text, binary and blobs mixed',
    ],
  },
]

/** Finds the limit that keeps a scenario from holding in a place; `undefined` when it must hold. */
export function limitOf(place: string, scenario: string): Limit | undefined {
  return limits.find((one) => place.startsWith(one.place) && one.scenarios?.includes(scenario))
}

/** Lists the names of the scenarios that show the limits of a place. */
export function shownIn(place: string): readonly string[] {
  const names: readonly string[] = Object.values(shows)
  const shown = limits.filter((one) => place.startsWith(one.place)).map(({ shownBy }) => shownBy)
  return names.filter((name) => shown.some((one) => one.endsWith(name)))
}
