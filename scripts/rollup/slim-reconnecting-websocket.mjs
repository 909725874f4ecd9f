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

/** Properties that mirror the socket; `line.ts` talks to the socket itself. */
const properties = ['binaryType', 'retryCount', 'bufferedAmount', 'extensions', 'protocol', 'readyState', 'url']

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
    if (count !== times) throw new Error(`reconnecting-websocket: ${what} found ${count} times, expected ${times}`)
  }
  cut('a debug print', /^ *_?this\._debug\([^;]*\);\n/gm, 17)
  for (const name of methods) {
    cut(name, new RegExp(`^    ReconnectingWebSocket\\.prototype\\.${name} = function [^]*?^    };\\n`, 'gm'), 1)
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
      return /reconnecting-websocket-mjs\.js$/.test(id) ? { code: slim(code), map: null } : null
    },
  }
}
