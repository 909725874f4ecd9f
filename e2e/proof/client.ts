import { connect } from 'holdfast'
import { resume } from 'holdfast/resume'
import { EventLog } from './event-log.ts'
import { named } from './numbered.ts'
import { obey, tell } from './orders.ts'
import { Sender } from './sender.ts'

// The client of a proof, in a process of its own. Arguments: the log, the URL.

const [path = '', url = ''] = process.argv.slice(2)
const log = new EventLog(path)
const session = connect(url, {
  resume: resume(),
  backoff: { baseMs: 50, capMs: 200, stableAfterMs: 0 },
  queue: { maxMessages: 50_000, maxBytes: 50_000_000 },
})
const sender = new Sender(log, session, 1)

session.on('message', (message) => log.write('delivered', named(message)))
session.on('resumed', () => {
  log.write('resumed')
  tell({ told: 'resumed' })
})
session.on('gap', ({ reason }) => {
  log.write('gap', reason)
  tell({ told: 'gap' })
})
session.on('state', ({ state }) => {
  if (state.name === 'open' || state.name === 'waiting') tell({ told: state.name })
})
session.on('error', ({ phase, error }) => log.write('error', phase, JSON.stringify(String(error))))

obey(
  async (order) => {
    if (order.do === 'stream') sender.stream(order.perSecond)
    else if (order.do === 'stop') sender.stop()
    else if (order.do === 'burst') sender.burst(order.count)
    else if (order.do === 'flush') await session.flushed()
    else if (order.do === 'mark') log.write(order.word)
    else {
      if (order.do === 'close') await session.close()
      else session.dispose()
      await session.closed
      setImmediate(() => process.disconnect())
    }
  },
  () => sender.unsettled,
)
