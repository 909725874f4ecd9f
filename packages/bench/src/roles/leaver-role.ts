import type { Link } from '../contender.ts'
import { contenderOf } from '../contenders.ts'
import { answerParent } from '../part.ts'

/** A process that starts a link, ends it, and has nothing else to do. */
export async function leave(name: string): Promise<void> {
  const start = await contenderOf(name).load()
  let link: Link | undefined
  // Some reject promises of their own that nobody has; that is not what is measured here.
  process.on('unhandledRejection', () => {})
  answerParent({
    start: async ({ url, awaitOpen }: { url: string; awaitOpen: boolean }) => {
      const started = start({ url, setup: 'default', events: { message: () => {} } })
      link = started.link
      started.opened.catch(() => {})
      if (awaitOpen) await started.opened
    },
    leave: () => {
      setImmediate(() => {
        // From here on only what the library holds keeps this process alive.
        process.removeAllListeners('disconnect')
        process.disconnect()
      })
      const calledAtMs = Date.now()
      if (link) (link.dispose ?? link.close)()
      return calledAtMs
    },
  })
}
