import { answer, sessionClosed } from './errors.ts'
import type { Session } from './session.ts'

/** As `Session.opened`. */
export function whenOpen(session: Session): Promise<void> {
  return answer(
    new Promise((resolve, reject) => {
      const look = () => {
        const { name } = session.state
        if (name === 'open') resolve()
        else if (name === 'closed') reject(sessionClosed())
        else return
        undo()
      }
      const undo = session.on('state', look)
      look()
    }),
  )
}
