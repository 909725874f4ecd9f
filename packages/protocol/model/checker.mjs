// Finds Spin and a C compiler, and installs them where that is one command and allowed: on Debian and its children, as root.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const installer = 'apt-get'
const packages = ['spin', 'gcc', 'libc6-dev']

const advice = `The model needs the Spin model checker and a C compiler on the PATH (spin, gcc):
  Debian, Ubuntu:  sudo apt-get install -y --no-install-recommends ${packages.join(' ')}
  macOS:           brew install spin, and the command line tools of Xcode (xcode-select --install)
  Windows:         inside WSL, as on Debian
  elsewhere:       build it from https://github.com/nimble-code/Spin (one make, no dependencies)`

function answers(program, argument) {
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0
}

function isComplete() {
  return answers('spin', '-V') && answers('gcc', '--version')
}

function mayInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && answers(installer, '--version')
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stderr } = spawnSync(installer, ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return status === 0 ? undefined : stderr.trim()
}

/** Makes sure that the tools are there, and says so; returns undefined, or what to do about it when they are not. */
export function provideChecker(say) {
  if (isComplete()) return undefined
  if (!mayInstall()) return advice
  say(`installing ${packages.join(', ')} ...`)
  const install = () => aptGet('install', '-y', '--no-install-recommends', ...packages)
  // The list of packages may be old or missing, as in a fresh container.
  const trouble = install() && (aptGet('update') ?? install())
  if (trouble === undefined && isComplete()) return undefined
  return `${advice}\nInstalling it here failed: ${trouble ?? 'the programs are still missing'}`
}
