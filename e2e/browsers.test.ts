import { engineNames } from './lab/engines.ts'
import { testPlace } from './lab/test-place.ts'

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

for (const engine of engineNames) {
  if (engine !== 'chromium') {
    testPlace({ engine, kind: 'page', scheme: 'ws', mode: 'plain' })
    testPlace({ engine, kind: 'page', scheme: 'wss', mode: 'resume' }, few)
  }
  testPlace({ engine, kind: 'worker', scheme: 'ws', mode: 'plain' }, few)
  testPlace({ engine, kind: 'shared worker', scheme: 'ws', mode: 'resume' }, few)
  testPlace({ engine, kind: 'service worker', scheme: 'ws', mode: 'plain' }, few)
}
