// npm test: from a fresh clone to one line that says how many passed and failed. Needs Node and npm, nothing else.
import { build } from './build.mjs'
import { checkSteps } from './check/steps.mjs'
import { askedToEnd } from './run/asked-to-end.mjs'
import { endCommands } from './run/command.mjs'
import { runTests } from './run/run-tests.mjs'
import { runStep, runSteps } from './run/steps.mjs'
import { installChromium, installFirefox, installWebKit } from './setup/browsers.mjs'
import { install, nodeProblem } from './setup/install.mjs'
import { installRedis } from './setup/redis.mjs'

const total = { passed: 0, failed: 0 }

void askedToEnd().then((why) => {
  endCommands()
  console.log(`FAIL the run was ended by ${why}`)
  finish({ passed: 0, failed: 1 })
  process.exit()
})

const startedAt = performance.now()
try {
  await all()
} catch (error) {
  console.log(`FAIL the run itself\n${error instanceof Error ? error.stack : String(error)}`)
  total.failed += 1
}
finish({ passed: 0, failed: 0 })

async function all() {
  say('set-up')
  const ready = await one('Node', () => ({ ok: nodeProblem() === undefined, output: nodeProblem() ?? '' }))
  if (!ready || !(await one('packages (npm ci when needed)', install))) return
  await one('browser (Chromium)', installChromium)
  await one('browser (Firefox)', installFirefox)
  await one('browser (WebKitGTK)', installWebKit)
  await one('Redis', installRedis)
  say('build')
  await one('build', () => build(console.log))
  say('checks')
  add(await runSteps(checkSteps))
  say('tests')
  add(await runTests({ filters: ['--project', 'unit', '--project', 'e2e'] }))
}

async function one(name, run) {
  const outcome = await runStep({ name, run })
  add({ passed: 0, failed: 0, [outcome]: 1 })
  return outcome === 'passed'
}

function add({ passed, failed }) {
  total.passed += passed
  total.failed += failed
}

function say(part) {
  console.log(`\n== ${part} (${Math.round((performance.now() - startedAt) / 1_000)} s)`)
}

function finish({ passed, failed }) {
  add({ passed, failed })
  console.log(`\n${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
}
