/** What a platform cannot do, and the test that shows what a session does there instead. */
export interface Limit {
  /** The place, or the words with which the names of all places begin that have this limit. */
  readonly place: string
  readonly limit: string
  /** File and name of the test. */
  readonly shownBy: string
  /** Scenarios that cannot hold there for this reason. Default: none. */
  readonly scenarios?: readonly string[]
}

const engineTests = 'e2e/engines.test.ts'
const lifeTests = 'e2e/chromium-life.test.ts'
const workerTests = 'e2e/chromium-workers.test.ts'
const policyTests = 'e2e/chromium-page.test.ts'
const scenario = 'scenario'
const browsers = ['Chromium', 'Firefox', 'WebKitGTK']
const kindsOfWorkers = ['worker', 'shared worker', 'service worker']

/** The same limit in several places. */
const inEach = (places: readonly string[], limit: Omit<Limit, 'place'>): readonly Limit[] =>
  places.map((place) => ({ place, ...limit }))

/** All limits that the tests found. */
export const limits: readonly Limit[] = [
  ...inEach(browsers, {
    limit: 'no headers of its own: `headers` is a TypeError at the call',
    shownBy: `${scenario}: headers reach the server from Node, and are an error at the call in a browser`,
  }),
  ...inEach(browsers, {
    limit:
      'why an upgrade was refused is not told (status, `Retry-After`): the cause is `unreachable`, and is retried',
    shownBy: `${scenario}: an upgrade refused with 403: Node stops, a browser cannot know and tries again`,
  }),
  ...inEach(browsers, {
    limit:
      'no pings of the protocol: in plain mode a dead line is noticed by a `ping` of the application or by `expectTrafficMs`',
    shownBy: `${scenario}: without a ping of the application: Node pings by itself; in a browser silence is death only where asked for`,
  }),
  ...inEach(browsers, {
    limit:
      'after `dispose()` the browser finishes the closing handshake by itself, for up to a minute; the session holds nothing meanwhile (shown in Chromium)',
    shownBy:
      'e2e/chromium-memory.test.ts: a session that was open when disposed is collected while the browser still closes its socket',
  }),
  ...inEach(browsers, {
    limit: 'a page of an origin that the server does not allow is refused, and sees `unreachable`',
    shownBy: `${engineTests}: a page of an origin that the server does not know is refused: unreachable, and tried again`,
  }),
  ...inEach(
    browsers.flatMap((browser) => kindsOfWorkers.map((kind) => `${browser} ${kind}`)),
    {
      limit:
        'a worker is not told that its page is hidden, frozen or left: `whenHidden` has no effect (shown in Chromium)',
      shownBy: `${workerTests}: does not know that its page is hidden: whenHidden has no effect there, and harms nothing`,
    },
  ),
  ...inEach(
    browsers.map((browser) => `${browser} service worker`),
    {
      limit:
        'the browser may stop it when it has nothing to do, without a word: the session ends with it, and nothing is handed back (shown in Chromium)',
      shownBy: `${workerTests}: that the browser stops takes its session along: the server sees the end, and nothing dials again`,
    },
  ),
  {
    place: 'Chromium page',
    limit:
      'the connection of a tab that was frozen is closed when it resumes; the session replaces it by one new connection',
    shownBy: `${lifeTests}: a frozen tab comes back after resume with exactly one new connection`,
  },
  {
    place: 'Chromium page',
    limit:
      'a page that is left lets its connection go (`pagehide`) and has a new one when it comes back from the cache',
    shownBy: `${lifeTests}: a page with a session goes into it, and comes back with exactly one new connection`,
  },
  {
    place: 'Chromium worker',
    limit: 'a page in the back/forward cache keeps the connection of its worker open',
    shownBy: `${workerTests}: that sleeps with its page in the back/forward cache has a working session when it wakes`,
  },
  {
    place: 'Chromium page',
    limit:
      '`ws:` in a page that came over TLS is refused by the constructor: the session ends as `forbidden`',
    shownBy: `${policyTests}: mixed content, which the constructor itself refuses, ends the session as forbidden`,
  },
  {
    place: 'Firefox',
    limit:
      'after failed dials it waits by itself before the next one to the same host, longer each time: the ' +
      'session is `connecting` meanwhile',
    shownBy: `${engineTests}: dials come later and later after failures, whatever the backoff says, and the session waits for them`,
  },
  {
    place: 'Firefox page',
    limit:
      'a page with a session is not kept in the back/forward cache: it is loaded anew, with a new session',
    shownBy: `${engineTests}: a page that is left lets its connection go; coming back, it has one again, from the cache or loaded anew`,
  },
  {
    place: 'Firefox',
    limit:
      'a certificate that is not trusted is told as close code 1015, where others say `unreachable`; both are retried',
    shownBy: `${engineTests}: a wss: server with a self-signed certificate is unreachable, and tried again`,
  },
  {
    place: 'WebKitGTK',
    limit:
      'has no `Symbol.dispose`: `using` needs a polyfill that is loaded before; `dispose()` is there in any case',
    shownBy: `${engineTests}: dispose() has its symbol where the platform has one, and is there in any case`,
  },
  {
    place: 'WebKitGTK',
    limit:
      'a close with code 1012 or 1013 arrives as a lost connection, without code and reason: its network library takes codes ' +
      'that are younger than RFC 6455 for an error; the session retries all the same, and a hint when to come back arrives with 4429',
    shownBy: `${engineTests}: a server close 1012 may arrive as a lost connection, and is retried like one`,
    scenarios: [
      'server close 1012: waiting with a fixed URL, waiting with a provider',
      'server close 1013: waiting with a fixed URL, waiting with a provider',
      'a hint in the close reason overrules the backoff, and is drawn up to half later',
      'a server that closes on an open session is answered, and what it said first is delivered',
    ],
  },
]

/** Finds the limit that keeps a scenario from holding in a place; `undefined` when it must hold. */
export function limitOf(place: string, scenario: string): Limit | undefined {
  return limits.find((one) => place.startsWith(one.place) && one.scenarios?.includes(scenario))
}
