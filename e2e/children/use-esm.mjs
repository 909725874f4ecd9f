// Uses the package as an ES module. Argument: URL of an echo server.
import { connect, isHoldfastError } from 'holdfast'
import { adaptive } from 'holdfast/adaptive'
import { fakeServer, ManualClock } from 'holdfast/testing'
import { tell } from './tell.mjs'

const session = connect(process.argv[2], { heartbeat: { strategy: adaptive() } })
session.send('hello')
for await (const message of session) {
  tell({ message, names: [isHoldfastError, fakeServer, ManualClock].map(({ name }) => name) })
  break
}
await session.close()
