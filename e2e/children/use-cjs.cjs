// Uses the package with require. Argument: URL of an echo server.
const { connect, isHoldfastError } = require('holdfast')
const { adaptive } = require('holdfast/adaptive')
const { fakeServer, ManualClock } = require('holdfast/testing')

const session = connect(process.argv[2], { heartbeat: { strategy: adaptive() } })
session.send('hello')
session.once('message', (message) => {
  const names = [isHoldfastError, fakeServer, ManualClock].map(({ name }) => name)
  process.stdout.write(`${JSON.stringify({ message, names })}\n`)
  void session.close()
})
