import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../project.mjs'
import { runCommand } from '../run/command.mjs'
import { appFolder } from './folders.mjs'

const packages = ['client', 'server']

/**
 * What an application has beside our packages, each in the version that the repository is tested with: `ws`, and what some
 * public entries are for, which the manifests name as optional.
 */
function others() {
  const { packages: locked } = readJson('package-lock.json')
  const optional = packages.flatMap((name) =>
    Object.keys(readJson(`packages/${name}/package.json`).peerDependencies ?? {}),
  )
  return ['ws', ...optional].map((name) => `${name}@${locked[`node_modules/${name}`].version}`)
}

const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'))

/**
 * Packs the built packages as they would be published, and installs the files in an application of their own, unless the
 * same files are installed already.
 * @returns {Promise<import('../run/steps.mjs').Outcome>}
 */
export async function installApp() {
  const folder = join(appFolder, 'packed')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const workspaces = packages.map((name) => `--workspace=packages/${name}`)
  const packed = await runCommand('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    ...workspaces,
    '--pack-destination',
    folder,
  ])
  if (!packed.ok) return packed
  const files = readPacked(packed.output).map((name) => join(folder, name))
  return installPacked(files)
}

/** Reads the names of the files from what `npm pack --json` printed, behind npm's own warnings. */
function readPacked(output) {
  return [...output.matchAll(/"filename": "([^"]+)"/g)].map(([, name]) => name)
}

async function installPacked(files) {
  const stamp = join(appFolder, 'node_modules/.installed')
  const wanted = [hashOf(files), ...others()].join(' ')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { ok: true, output: '' }
  rmSync(join(appFolder, 'node_modules'), { recursive: true, force: true })
  const manifest = { name: 'application', private: true, type: 'module' }
  writeFileSync(join(appFolder, 'package.json'), JSON.stringify(manifest))
  const flags = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
  const outcome = await runCommand('npm', ['install', ...flags, ...files, ...others()], { cwd: appFolder })
  if (outcome.ok) writeFileSync(stamp, wanted)
  return outcome
}

function hashOf(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex')
}
