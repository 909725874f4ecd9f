// A rollup plugin for browser builds: leaves out the half of `reconnecting-websocket` that `line.ts` never calls. Bundlers
// cannot do that, because methods of a class written as assignments to a prototype always count as used. The version is
// pinned, and every cut must match exactly once, so a new version cannot slip through.

/** Methods that only a user of the library itself would call, or that `line.ts` replaces. */
const methods = [
  'send',
  'addEventListener',
  'dispatchEvent',
  'removeEventListener',
  '_debug',
  '_getNextDelay',
  '_wait',
]

/** What follows from events that the facade in `line.ts` never sends: `message`, `error`, and a dial that takes too long. */
const unreachable = ['_disconnect', '_handleTimeout', '_callEventListener']
const handlers = ['_handleMessage', '_handleError']

/** Properties that mirror the socket; `line.ts` talks to the socket itself. */
const properties = [
  'binaryType',
  'retryCount',
  'bufferedAmount',
  'extensions',
  'protocol',
  'readyState',
  'url',
]

/** The numbers of the states; only `CLOSED`, of an instance, is ever read. */
const constants = ['CONNECTING', 'OPEN', 'CLOSING']

/** Cuts from the source of the library what is not used. Throws when it does not look as expected. */
export function slim(source) {
  let rest = source.replaceAll('\r\n', '\n')
  const cut = (what, pattern, times) => {
    let count = 0
    rest = rest.replace(pattern, () => {
      count += 1
      return ''
    })
    if (count !== times)
      throw new Error(`reconnecting-websocket: ${what} found ${count} times, expected ${times}`)
  }
  cut('a debug print', /^ *_?this\._debug\([^;]*\);\n/gm, 17)
  for (const name of handlers)
    cut(name, new RegExp(`^        this\\.${name} = function [^]*?^        };\\n`, 'gm'), 1)
  for (const name of ['open', 'close'])
    cut(name, new RegExp(`^ *_this\\._listeners\\.${name}\\.forEach\\(.*\\n`, 'gm'), 1)
  for (const name of ['open', 'close'])
    cut(name, new RegExp(`^ *if \\(_this\\.on${name}\\) {\\n.*\\n *}\\n`, 'gm'), 1)
  for (const name of ['Event', 'ErrorEvent', 'CloseEvent']) {
    cut(name, new RegExp(`^var ${name} = /\\*\\* @class \\*/ [^]*?^}\\(.*\\)\\);\\n`, 'gm'), 1)
  }
  cut('the message queue', /^ *_this\._messageQueue.*\n/gm, 2)
  for (const name of [...methods, ...unreachable]) {
    cut(
      name,
      new RegExp(`^    ReconnectingWebSocket\\.prototype\\.${name} = function [^]*?^    };\\n`, 'gm'),
      1,
    )
  }
  for (const name of properties) cut(name, property('ReconnectingWebSocket\\.prototype', name), 1)
  for (const name of constants) {
    cut(name, property('ReconnectingWebSocket', name), 1)
    cut(name, property('ReconnectingWebSocket\\.prototype', name), 1)
  }
  return rest
}

function property(target, name) {
  return new RegExp(`^    Object\\.defineProperty\\(${target}, "${name}", {[^]*?^    }\\);\\n`, 'gm')
}

/** The plugin. */
export function slimReconnectingWebsocket() {
  return {
    name: 'slim-reconnecting-websocket',
    transform(code, id) {
      return id.endsWith('/reconnecting-websocket-mjs.js') ? { code: slim(code), map: null } : null
    },
  }
}
