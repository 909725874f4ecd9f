import { createServer } from '@holdfast/server'
import { type ServerSession, sessions } from '@holdfast/server/sessions'
import { EventLog } from './event-log.ts'
import { named } from './numbered.ts'
import { obey, tell } from './orders.ts'
import { Sender } from './sender.ts'

// The server of a proof, in a process of its own, so that it can be killed. A message is handled when its line in the log is
// on the disk. Arguments: the log, the port (0: any), the number of its first message.

const [path = '', port, first] = process.argv.slice(2)
const log = new EventLog(path)
let session: ServerSession | undefined
const sender = new Sender(
  log,
  {
    send(message) {
      if (!session) throw new Error('nobody is connected')
      return session.send(message)
    },
  },
  Number(first),
)

const server = createServer({
  port: Number(port),
  sessions: sessions({
    ack: 'handled',
    maxHeldMessages: 20_000,
    handler(next) {
      session = next
      next.on('message', (message) => {
        log.write('delivered', named(message))
        return log.durable()
      })
    },
  }),
})

obey(
  async (order) => {
    if (order.do === 'stream') sender.stream(order.perSecond)
    else if (order.do === 'stop') sender.stop()
    else if (order.do === 'burst') sender.burst(order.count)
    else if (order.do === 'flush') await session?.flushed()
    else if (order.do === 'mark') log.write(order.word)
    else {
      await server.stop({ deadlineMs: 1_000 })
      // The answer to this order is on its way before the channel closes.
      setImmediate(() => process.disconnect())
    }
  },
  () => sender.unsettled,
)

log.write('started')
const address = await server.start()
tell({ told: 'ready', port: address.port })
