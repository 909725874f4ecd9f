import type { Mode, Scenario } from '../lab/lab.ts'
import { control } from './control.ts'
import { echo } from './echo.ts'
import { ends } from './ends.ts'
import { faults } from './faults.ts'
import { hello } from './hello.ts'
import { listeners } from './listeners.ts'
import { providers } from './providers.ts'
import { queueing } from './queueing.ts'
import { resumed } from './resume.ts'
import { serverCloses } from './server-closes.ts'

/** Everything that holds in every environment, run unchanged in each. Some hold in one mode alone, and say why. */
export const scenarios: readonly Scenario[] = [
  ...echo,
  ...faults,
  ...serverCloses,
  ...providers,
  ...hello,
  ...ends,
  ...listeners,
  ...queueing,
  ...control,
  ...resumed,
]

/** Everything that holds in a mode. */
export function scenariosIn(mode: Mode): readonly Scenario[] {
  return scenarios.filter(({ only }) => only === undefined || only.mode === mode)
}
