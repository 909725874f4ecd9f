// npm start: installs and builds what is missing, then runs the playground until it is told to end.
import { build } from './build.mjs'
import { askedToEnd } from './run/asked-to-end.mjs'
import { endCommands } from './run/command.mjs'
import { install, isInstalled, nodeProblem } from './setup/install.mjs'
import { prepare } from './setup/prepare.mjs'
import { buildStamp } from './setup/stamp.mjs'
import { readArguments, usage } from './start/arguments.mjs'
import { startStack } from './start/stack.mjs'

const ended = askedToEnd().then(() => undefined)
void ended.then(endCommands)

const steps = [
  { name: 'packages (npm ci)', run: install, done: isInstalled },
  { name: 'build', run: () => build(), done: buildStamp.fresh },
]

process.exitCode = await main().catch((error) => {
  console.error(`npm start: ${error.message}`)
  return 1
})

async function main() {
  const { help, build: mayBuild, ...wanted } = readArguments(process.argv.slice(2))
  if (help) {
    console.log(usage)
    return 0
  }
  const problem = nodeProblem()
  if (problem) throw new Error(problem)
  const ready = await Promise.race([prepare(mayBuild ? steps : []), ended])
  if (ready === undefined) return 0
  if (!ready) return 1
  const stack = await startStack(wanted, console.log)
  announce(stack.addresses)
  await ended
  await stack.close()
  return 0
}

function announce({ page, server, proxy, control }) {
  console.log(
    [
      '',
      'Holdfast is running. Open',
      '',
      `    ${page}`,
      '',
      `server   ${server}  echoes, and misbehaves when asked to`,
      `proxy    ${proxy}  the same server behind a network that breaks on request`,
      `control  ${control}  of the proxy`,
      '',
      'Ctrl-C ends all of it.',
    ].join('\n'),
  )
}
