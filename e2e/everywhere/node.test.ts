import { modes } from '../lab/lab.ts'
import { testNode } from '../lab/test-node.ts'

// Every scenario in the Node that runs the tests, over `ws:` and `wss:`, plain and with sessions that resume.
for (const mode of modes) {
  testNode('ws', mode)
  testNode('wss', mode)
}
