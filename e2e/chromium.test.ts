import { modes } from './lab/lab.ts'
import { testPlace } from './lab/test-place.ts'

// The list of scenarios in a page of Chromium; other kinds of places and other engines: browsers.test.ts and everywhere/.
for (const mode of modes) {
  testPlace({ engine: 'chromium', kind: 'page', scheme: 'ws', mode })
  testPlace({ engine: 'chromium', kind: 'page', scheme: 'wss', mode })
}
