// npm run build: every published package, then the pages, from clean folders.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pages, protocolFiles, published, speakProtocol, root } from './project.mjs'
import { programOf, runCommand } from './run/command.mjs'
import { runSteps } from './run/steps.mjs'
import { runIfMain } from './run/report-problems.mjs'
import { buildStamp } from './setup/stamp.mjs'

/**
 * Builds everything and stamps the result, so that `npm start` knows it is fresh.
 * @param {(line: string) => void} [print]
 * @returns {Promise<import('./run/steps.mjs').Outcome>} the output holds what was printed
 */
export async function build(print = () => {}) {
  const lines = []
  const say = (line) => {
    lines.push(line)
    print(line)
  }
  buildStamp.clear()
  const content = buildStamp.content()
  const packages = await runSteps(Object.keys(published).map(packageStep), { print: say })
  const built = await runSteps(pages.map(pageStep), { print: say })
  const ok = packages.failed + built.failed === 0
  if (ok) buildStamp.write(content)
  return { ok, output: lines.join('\n') }
}

function packageStep(name) {
  return {
    name: `build packages/${name}`,
    async run() {
      const dist = join(root, 'packages', name, 'dist')
      rmSync(dist, { recursive: true, force: true })
      const built = await runCommand(process.execPath, [
        programOf('rollup'),
        '-c',
        '--silent',
        '--configOnly',
        name,
      ])
      for (const file of speakProtocol.includes(name) ? protocolFiles : []) {
        cpSync(join(root, 'packages/protocol', file), join(dist, 'protocol', file), { recursive: true })
      }
      return built
    },
  }
}

function pageStep(folder) {
  return {
    name: `build ${folder}`,
    run: () => runCommand('npm', ['run', 'build', '-w', folder]),
  }
}

await runIfMain(import.meta.url, async () => {
  const { ok } = await build(console.log)
  return { problems: ok ? [] : ['the build failed'] }
})
