import { Scope, systemClock } from '@holdfast/lifetime'
import { HoldfastError } from '../errors.ts'
import type { Incoming } from '../message.ts'
import type { Session } from '../session.ts'
import { endedWell, sessionEnded } from './ended.ts'
import { type ReadableController, webStreams } from './web-streams.ts'

/** What a stream does where messages of the server may be missing: goes on, or ends with the error `connection-lost`. */
export type OnGap = 'continue' | 'error'

/** Makes a stream of what arrives from now on. It takes a message from the session only when somebody reads. */
export function readableOf(session: Session, onGap: OnGap): ReadableStream<Incoming> {
  const scope = new Scope(systemClock)
  const messages = session[Symbol.asyncIterator]()
  let way: 'whole' | 'broken' = 'whole'
  const { ReadableStream } = webStreams()
  const source = {
    start(controller: ReadableController<Incoming>) {
      scope.defer(session.on('closed', () => scope.end()))
      scope.defer(
        session.on('state', ({ state }) => {
          if (onGap !== 'error' || state.name !== 'open' || state.resumed !== false) return
          way = 'broken'
          scope.end()
          controller.error(new HoldfastError('connection-lost', 'stream: messages may be missing here'))
          void messages.return?.()
        }),
      )
      if (session.state.name === 'closed') scope.end()
    },
    async pull(controller: ReadableController<Incoming>) {
      const { done, value } = await messages.next().catch((error: unknown) => {
        scope.end()
        throw error
      })
      if (way === 'broken') return
      if (!done) controller.enqueue(value)
      else if (endedWell(session)) controller.close()
      else throw sessionEnded(session)
    },
    async cancel() {
      scope.end()
      await messages.return?.()
    },
  }
  return new ReadableStream<Incoming>(source, { highWaterMark: 0 })
}
