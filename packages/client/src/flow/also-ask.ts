import type { NotYet, Settings } from '../options.ts'
import type { AttemptContext } from '../target.ts'

/** Has one more asked before an attempt, after whoever was asked already has let it in. */
export function alsoAsk(
  settings: Settings,
  ask: (context: AttemptContext) => Promise<NotYet | undefined> | NotYet | undefined,
): Settings {
  const { admit } = settings
  return {
    ...settings,
    admit: async (context) => {
      const answer = await admit?.(context)
      // An attempt that was given up meanwhile must not take anything.
      return answer || context.signal.aborted ? answer : ask(context)
    },
  }
}
