// npm run check: builds, then everything that can be said about the code without running it.
import { build } from './build.mjs'
import { checkSteps } from './check/steps.mjs'
import { askedToEnd } from './run/asked-to-end.mjs'
import { endCommands } from './run/command.mjs'
import { runStep, runSteps } from './run/steps.mjs'

void askedToEnd().then((why) => {
  endCommands()
  console.log(`FAIL ended by ${why}`)
  process.exit(1)
})

const built = await runStep({ name: 'build', run: build })
const { failed } = await runSteps(checkSteps)
const failures = failed + (built === 'failed' ? 1 : 0)
console.log(`\n${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1
