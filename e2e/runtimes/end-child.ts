import { createInterface } from 'node:readline'
import { connect } from 'holdfast'
import { resume } from 'holdfast/resume'
import { WebSocket as NodeSocket } from 'ws'
import { environmentFor, type Way } from './environment.ts'
import * as holdfast from 'holdfast'

// Opens a session, says every state it reaches, and disposes it when told to. Then the process has nothing more to do.
// Arguments: how, address.

const [way, url] = JSON.parse(process.argv[2] ?? '') as [Way, string]
const { options } = environmentFor(
  way,
  { holdfast, resume },
  (address, protocols) => new NodeSocket(address, protocols) as never,
)
const plug = way.mode === 'resume' ? { resume: resume() } : {}
const tell = (line: string) => process.stdout.write(`${line}\n`)

const session = connect(url, { backoff: { baseMs: 20, capMs: 50 }, closeTimeoutMs: 200, ...plug, ...options })
session.on('state', ({ state }) => tell(state.name))
session.on('message', (message) => tell(typeof message === 'string' ? `got ${message}` : 'got bytes'))

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'dispose') session.dispose()
  else session.send(line)
}
tell(JSON.stringify(session.resources))
