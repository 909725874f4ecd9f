import { testPlace } from './lab/test-place.ts'
import { resumed } from './scenarios/resume.ts'

// The list of scenarios in a page of Chromium; other kinds of places and other engines: browsers.test.ts and everywhere/.
testPlace({ engine: 'chromium', kind: 'page', scheme: 'ws', mode: 'plain' })
testPlace({ engine: 'chromium', kind: 'page', scheme: 'wss', mode: 'plain' })
testPlace({ engine: 'chromium', kind: 'page', scheme: 'ws', mode: 'resume' })
// What both modes have runs over TLS in plain mode.
const names = resumed.map(({ name }) => name)
testPlace({ engine: 'chromium', kind: 'page', scheme: 'wss', mode: 'resume' }, names)
