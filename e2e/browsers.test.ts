import { describe } from 'vitest'
import { engineNames } from './lab/engines.ts'
import { testPlace } from './lab/test-place.ts'
import { useEngine } from './lab/use-engine.ts'
import { scenariosIn } from './scenarios/index.ts'

// The part of everywhere/ that every run does: the whole list in a page of each engine (Chromium: chromium.test.ts), and in
// every other kind of place enough of it to know that a session lives there.

/** There and back, broken and whole again, and the end. */
const few = [
  'text comes back as it was sent',
  'after a reset (RST) the session comes back',
  'iterators each get every message, across reconnects, until the session ends',
  'dispose() while open',
  'close() while waiting',
]

/** In Firefox these wait for seconds, because it does itself between dials that fail: left to everywhere/. */
const slowInFirefox = new Set([
  'maxAttempts makes the session idle, and reconnect() starts the count anew',
  'dials that are accepted and dropped are unreachable, and the delays grow to the cap',
  'attempts are numbered, and every move is one that the diagram allows',
  'while dials are refused the queue is kept, and flushed in order before what comes later',
])

const list = scenariosIn('plain').map(({ name }) => name)
const inPages = {
  firefox: list.filter((name) => !slowInFirefox.has(name)),
  webkit: list,
}

describe.each(engineNames)('%s', (engine) => {
  const inUse = useEngine(engine)
  if (engine !== 'chromium')
    testPlace({ engine, kind: 'page', scheme: 'ws', mode: 'plain' }, inPages[engine], inUse)
  testPlace({ engine, kind: 'worker', scheme: 'ws', mode: 'plain' }, few, inUse)
  testPlace({ engine, kind: 'shared worker', scheme: 'ws', mode: 'resume' }, few, inUse)
  testPlace({ engine, kind: 'service worker', scheme: 'ws', mode: 'plain' }, few, inUse)
})

// Over TLS, where Chromium has more of it in chromium.test.ts.
for (const engine of engineNames)
  if (engine !== 'chromium') testPlace({ engine, kind: 'page', scheme: 'wss', mode: 'resume' }, few)
