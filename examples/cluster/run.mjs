// npm run cluster: installs and builds what is missing, then runs two nodes, a balancer and Redis until it is told to end.
import { parseArgs } from 'node:util'
import { build } from '../../scripts/build.mjs'
import { askedToEnd } from '../../scripts/run/asked-to-end.mjs'
import { endCommands } from '../../scripts/run/command.mjs'
import { install, isInstalled, nodeProblem } from '../../scripts/setup/install.mjs'
import { prepare } from '../../scripts/setup/prepare.mjs'
import { installRedis, isRedisInstalled } from '../../scripts/setup/redis.mjs'
import { buildStamp } from '../../scripts/setup/stamp.mjs'

const usage = `npm run cluster -- [options]

  --port <number>   port of the page (4190); the next two are those of the balancer and of the commands; 0 takes any free ones
  --no-build        take what is installed and built, as it is
  --help            print this and exit
`

const steps = [
  { name: 'packages (npm ci)', run: install, done: isInstalled },
  { name: 'build', run: () => build(), done: buildStamp.fresh },
  { name: 'Redis', run: installRedis, done: isRedisInstalled },
]

const ended = askedToEnd()
void ended.then(endCommands)

process.exitCode = await main().catch((error) => {
  console.error(`npm run cluster: ${error.message}`)
  return 1
})
process.exit() // standard input may still be open

async function main() {
  const { help, mayBuild, ports } = readArguments(process.argv.slice(2))
  if (help) {
    console.log(usage)
    return 0
  }
  const problem = nodeProblem()
  if (problem) throw new Error(problem)
  const ready = await Promise.race([prepare(mayBuild ? steps : []), ended.then(() => undefined)])
  if (ready === undefined) return 0
  return ready ? run(ports) : 1
}

async function run(ports) {
  // Not before: it needs what was just installed.
  const { commandHelp } = await import('./cluster/commands.mjs')
  const { startCluster } = await import('./cluster/start-cluster.mjs')
  const { takeCommands } = await import('./cluster/prompt.mjs')
  const failed = new Promise((_, reject) => process.once('uncaughtException', reject))
  let quit
  const quitted = new Promise((resolve) => {
    quit = resolve
  })
  const cluster = await startCluster({ ports, print: console.log, quit })
  try {
    console.log(
      `\nTwo nodes, a balancer and Redis are running. Open, twice,\n\n    ${cluster.address}\n${commandHelp}`,
    )
    takeCommands(cluster.run)
    await Promise.race([ended, quitted, failed])
  } finally {
    await cluster.close()
  }
  return 0
}

function readArguments(args) {
  const options = { port: { type: 'string' }, 'no-build': { type: 'boolean' }, help: { type: 'boolean' } }
  const { values } = parseArgs({ args, options, strict: true, allowPositionals: false })
  const text = String(values.port ?? 4190)
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_533) {
    throw new RangeError(`--port: a port from 0 to 65533 is needed, got '${text}'`)
  }
  const port = Number(text)
  const ports = port === 0 ? { page: 0, chat: 0, desk: 0 } : { page: port, chat: port + 1, desk: port + 2 }
  return { help: values.help === true, mayBuild: values['no-build'] !== true, ports }
}
