import { testNode } from './lab/test-node.ts'
import { resumed } from './scenarios/resume.ts'

// The list of scenarios in this Node; in other runtimes: everywhere/.
testNode('ws', 'plain')
testNode('wss', 'plain')
testNode('ws', 'resume')
// What both modes have runs over TLS in plain mode, and in everywhere/.
testNode('wss', 'resume', resumed)
