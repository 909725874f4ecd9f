// A rollup plugin for browser builds: leaves out of the run-time dependencies what is never reached here. Bundlers cannot do
// that themselves: methods of a class written as assignments to a prototype always count as used. Versions are pinned, and
// every cut must match as often as it says, so a new version cannot slip through.

// What stays of `reconnecting-websocket` is what the session relies on: the wait before each connection, the look whether it
// was closed meanwhile, and the next connection after a `close` event. Why the rest is never reached:
// - nobody but `line.ts` has the object, and it calls the constructor, `reconnect` once, and `close` once;
// - its own state, retries and uptime decide nothing, for attempts are not limited and `line.ts` replaces the wait, so that no
//   URL has to be asked for;
// - the facade reports `open` at once and then only `close`, so no dial takes too long, and nothing is read or sent here;
// - the facade gets its line in the place of protocols; and it tells its end once, so nobody has to stop listening.

/** Methods of its prototype, and the calls of them that are left. */
const methods = [
  'send',
  'addEventListener',
  'dispatchEvent',
  'removeEventListener',
  '_debug',
  '_getNextDelay',
  '_wait',
  '_getNextUrl',
  '_disconnect',
  '_acceptOpen',
  '_handleTimeout',
  '_callEventListener',
  '_clearTimeouts',
  '_removeListeners',
]

/** Properties of its prototype; they mirror the socket. */
const properties = [
  'binaryType',
  'retryCount',
  'bufferedAmount',
  'extensions',
  'protocol',
  'readyState',
  'url',
]

/** Numbers of the states: each of the class, and of its instances. */
const constants = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']

/** What its constructor sets and nothing that is left reads. */
const fields = ['_url', '_binaryType', '_messageQueue', 'onclose', 'onerror', 'onmessage', 'onopen']

/** Functions that the constructor makes, for events. */
const handlers = ['_handleOpen', '_handleMessage', '_handleError']

const reconnectingWebsocket = [
  ['debug prints', 17, /^ *_?this\._debug\([^;]*\);\n/gm],
  ...methods.map((name) => [
    name,
    1,
    new RegExp(`^    ReconnectingWebSocket\\.prototype\\.${name} = function [^]*?^    };\\n`, 'gm'),
  ]),
  ...properties.map((name) => property('ReconnectingWebSocket\\.prototype', name)),
  ...constants.map((name) => property('ReconnectingWebSocket', name)),
  ...constants.map((name) => property('ReconnectingWebSocket\\.prototype', name)),
  ...handlers.map((name) => [
    name,
    1,
    new RegExp(`^        this\\.${name} = function [^]*?^        };\\n`, 'gm'),
  ]),
  ['the defaults', 1, /^var DEFAULT = {[^]*?^};\n/gm],
  ['the global WebSocket', 1, /^var getGlobalWebSocket = [^]*?^};\n/gm],
  ['the check of the class', 1, /^var isWebSocket = .*\n/gm],
  ['its use', 1, /^ *if \(!isWebSocket\(WebSocket\)\) {[^]*?}\n/gm],
  ['options left at their defaults', 1, /_b = _a\.maxRetries[^]*?_c, (?=_d = _a\.WebSocket)/g],
  ['the default class', 1, /_d === void 0 \? getGlobalWebSocket\(\) : (?=_d;)/g],
  ['classes of events', 3, /^var (Event|ErrorEvent|CloseEvent) = \/\*\* @class \*\/ [^]*?^}\(.*\)\);\n/gm],
  [
    'what reconnect sets anyway, or is as good as unset',
    1,
    /^ *this\._shouldReconnect = true;\n *this\._connectLock = false;\n/gm,
  ],
  ['the same', 1, /^ *this\._closeCalled = false;\n(?= *this\._messageQueue)/gm],
  // Only a facade that has told its end leads to the next connection, so one never begins while another does.
  ['the lock', 1, /^ *if \(this\._connectLock \|\| [^]*?}\n *this\._connectLock = true;\n/gm],
  ['its end', 1, /^ *_this\._connectLock = false;\n/gm],
  ['that it goes on, which is that it was not closed', 3, /^ *this\._shouldReconnect = (true|false);\n/gm],
  ['the look at it', 1, /if \(_this\._shouldReconnect\)/g, 'if (!_this._closeCalled)'],
  ['that it was not closed yet', 1, /^ *this\._closeCalled = false;\n/gm],
  ['reasons', 2, /\(code, reason\) \{/g, '() {'],
  ['the count of retries', 2, /^ *this\._retryCount = -1;\n/gm],
  ['lists of listeners', 1, /^ *this\._listeners = {[^]*?};\n/gm],
  ...fields.map((name) => [name, 1, new RegExp(`^        this\\.${name} = [^{]*?;\\n`, 'gm')]),
  ['listening to them', 3, /^ *this\._ws\.\w+EventListener\('(open|message|error)'.*\n/gm],
  ['calls of listeners', 1, /^ *_this\._listeners\.close\.forEach\(.*\n/gm],
  ['the call of onclose', 1, /^ *if \(_this\.onclose\) {\n.*\n *}\n/gm],
  ['kinds of binary data', 1, /^ *_this\._ws\.binaryType = .*\n/gm],
  ['the timer of a dial', 1, /^ *_this\._connectTimeout = .*\n/gm],
  ['the ends of timers', 2, /^ *_?this\._clearTimeouts\(\);\n/gm],
  [
    'the limit of retries',
    1,
    /^ *if \(this\._retryCount >= maxRetries\) {[^]*?}\n *this\._retryCount\+\+;\n/gm,
  ],
  ['the end of listening', 1, /^ *this\._removeListeners\(\);\n/gm],
  ['defaults of arguments', 2, /^ *if \((options|code) === void 0\) {.*}\n/gm],
  [
    'no protocols',
    1,
    /_this\._protocols\s+\? (new WebSocket\(url, _this\._protocols\))\s+: new WebSocket\(url\)/g,
    '$1',
  ],
  ['its own wait', 1, /this\._wait\(\)/g, 'this._protocols.wait()'],
  [
    'the question for a URL',
    1,
    /^ *\.then\(function \(\) { return _this\._getNextUrl\(_this\._url\); }\)\n/gm,
  ],
  [
    'starting at once, for it starts closed',
    1,
    /^ *if \(this\._options\.startClosed\) {[^]*?}\n *this\._connect\(\);\n/gm,
  ],
  ['closing the facade', 1, /^ *if \(!this\._ws\) {\n *return;[^]*?^ *this\._ws\.close\(code, reason\);\n/gm],
  [
    'a second reconnect',
    1,
    /^ *if \(!this\._ws \|\| [^]*?}\n *else {[^]*?}\n/gm,
    '        this._connect();\n',
  ],
]

function property(target, name) {
  return [
    name,
    1,
    new RegExp(`^    Object\\.defineProperty\\(${target}, "${name}", {[^]*?^    }\\);\\n`, 'gm'),
  ]
}

/** Whatever has a WebSocket has it as a global; what comes after that in the list are names that browsers had long ago. */
const isomorphicWs = [['older names', 1, / else if \(typeof MozWebSocket [^]*?\n}\n/g]]

/** The emitter calls the handlers itself, takes away only one that is there, and the map is always a new one. */
const mitt = [
  ['calling handlers', 1, /,emit:function\(t,e\){var i=n\.get\(t\);[^]*?\)}(?=}})/g],
  [
    'taking away what may not be there',
    1,
    /i&&\(e\?i\.splice\(i\.indexOf\(e\)>>>0,1\):n\.set\(t,\[\]\)\)/g,
    'i.splice(i.indexOf(e),1)',
  ],
  ['a given map', 1, /all:n=n\|\|new Map/g, 'all:n=new Map'],
]

/** What `line.ts` does only for the parts of the library that are cut away here. */
const line = [
  ['options that are not read', 1, /, startClosed: true, minUptime: 0/g],
  ['a number for the timer of a dial', 1, /^ *static readonly CLOSING = 2\n/gm],
  ['the news of an open socket', 1, /^ *platform.*#opened.*\n/gm],
  ['listening to it', 2, /^ *#opened:.*\n|^ *if \(type === 'open'\).*\n/gm],
  ['a look at what is listened to', 1, /if \(type === 'close'\) /g],
  ['the end of listening', 1, /^ *removeEventListener\(.*\n/gm],
  ['its state', 3, /^ *(this\.)?readyState = \d\n/gm],
  ['its close, which tells nobody', 1, /^ *close\(\): void {\n *}\n/gm],
  [
    'what is cut away in the library',
    1,
    /^class Library [^]*?^}\n\nconst unused = {[^]*?^}\n/gm,
    'const Library = Base\n',
  ],
]

/** By file: a name for the error, how often it must be there, where it is, and what stands there instead. */
const cuts = {
  '/reconnecting-websocket/dist/reconnecting-websocket-mjs.js': reconnectingWebsocket,
  '/isomorphic-ws/browser.js': isomorphicWs,
  '/mitt/dist/mitt.mjs': mitt,
  '/client/src/line.ts': line,
}

/** Makes the cuts. Throws when the source does not look as expected. */
export function slim(file, source) {
  let rest = source.replaceAll('\r\n', '\n')
  for (const [what, times, pattern, instead = ''] of cuts[file]) {
    const count = rest.match(pattern)?.length ?? 0
    if (count !== times) throw new Error(`${file}: ${what} found ${count} times, expected ${times}`)
    rest = rest.replace(pattern, instead)
  }
  return rest
}

/** The plugin. */
export function slimDependencies() {
  return {
    name: 'slim-dependencies',
    transform(code, id) {
      const file = Object.keys(cuts).find((end) => id.endsWith(end))
      return file === undefined ? null : { code: slim(file, code), map: null }
    },
  }
}
