// npm run everywhere: the scenarios in every place that the library claims to work in, and the page that says so.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { help, readArguments } from './everywhere/arguments.mjs'
import { installApp } from './everywhere/install-app.mjs'
import { installTools, toolSets } from './everywhere/install-tools.mjs'
import { brokeOff, judge } from './everywhere/judge.mjs'
import { readLimits } from './everywhere/limits.mjs'
import { intoPage, renderTables } from './everywhere/page.mjs'
import { placeNames } from './everywhere/places.mjs'
import { runPlaces } from './everywhere/run-places.mjs'
import { summarize } from './everywhere/summary.mjs'
import { root } from './project.mjs'
import { askedToEnd } from './run/asked-to-end.mjs'
import { endCommands } from './run/command.mjs'
import { runSteps } from './run/steps.mjs'
import { installChromium, installFirefox, installWebKit } from './setup/browsers.mjs'
import { buildStamp } from './setup/stamp.mjs'

const page = join(root, 'docs/platforms.md')

void askedToEnd().then((why) => {
  endCommands()
  console.log(`FAIL the run was ended by ${why}`)
  process.exit(1)
})

/** Builds, installs and packs what the places need. */
async function prepare() {
  const built = { name: 'build', run: () => (buildStamp.fresh() ? { ok: true, output: '' } : build()) }
  const browsers = [
    { name: 'Chromium', run: () => installChromium() },
    { name: 'Firefox', run: () => installFirefox() },
    { name: 'WebKitGTK', run: () => installWebKit() },
  ]
  const tools = toolSets.map((set) => ({ name: `tools: ${set}`, run: () => installTools(set) }))
  const app = { name: 'the packed packages, installed in an application', run: installApp }
  const { failed } = await runSteps([built, ...browsers, ...tools, app], { atOnce: 1 })
  return failed === 0
}

async function everywhere(asked) {
  if (!(await prepare())) return 1
  const startedAt = performance.now()
  const results = await runPlaces(asked)
  const limits = await readLimits()
  const problems = asked.only === undefined ? judge(results, limits) : results.broken.map(brokeOff)
  if (asked.only === undefined) {
    writeFileSync(page, intoPage(readFileSync(page, 'utf8'), renderTables(results.places, limits)))
    console.log('docs/platforms.md is written')
  }
  const { lines, ok } = summarize(results.places, problems)
  const minutes = Math.round((performance.now() - startedAt) / 60_000)
  console.log(`\n== summary (${minutes} min)\n${lines.join('\n')}`)
  return ok ? 0 : 1
}

try {
  const asked = readArguments(process.argv.slice(2))
  if (asked.help) console.log(help)
  else if (asked.list) console.log(placeNames.join('\n'))
  else process.exitCode = await everywhere(asked)
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
