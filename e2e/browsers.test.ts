import { testPlace } from './lab/test-place.ts'

testPlace({ engine: 'firefox', kind: 'page', scheme: 'ws', mode: 'plain' })
testPlace({ engine: 'webkit', kind: 'page', scheme: 'ws', mode: 'plain' })
