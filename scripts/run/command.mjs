import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../project.mjs'

const children = new Set()

/**
 * Runs a program to its end and keeps what it printed, both streams in one. Never rejects: a program that cannot be
 * started, takes longer than `timeoutMs` or is ended by a signal has `ok: false` and says so in its output.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number, print?: (text: string) => void }} [options]
 *   `timeoutMs` is 10 minutes by default; `print` gets the output as it comes
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function runCommand(file, args, { cwd = root, env = {}, timeoutMs = 600_000, print } = {}) {
  return new Promise((resolve) => {
    let output = ''
    const take = (text) => {
      output += text
      print?.(text)
    }
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32' && file === 'npm',
    })
    children.add(child)
    const timer = setTimeout(() => {
      take(`${file} took longer than ${timeoutMs / 1_000} s\n`)
      child.kill('SIGKILL')
    }, timeoutMs)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
    const end = (ok) => {
      children.delete(child)
      clearTimeout(timer)
      resolve({ ok, output })
    }
    child.on('error', (error) => {
      take(`${file} could not be started: ${error.message}\n`)
      end(false)
    })
    child.on('close', (code, signal) => {
      if (signal) take(`${file} was ended by ${signal}\n`)
      end(code === 0)
    })
  })
}

/** Ends every program that `runCommand` still runs. */
export function endCommands() {
  for (const child of children) child.kill('SIGTERM')
}

/**
 * Gives the script behind a program of an installed package, to be run by Node itself: works without a shell and on
 * every platform.
 * @param {string} name package and program name, for example `vitest`
 * @param {string} [packageName] when the package is named otherwise
 */
export function programOf(name, packageName = name) {
  const dir = join(root, 'node_modules', packageName)
  const manifest = join(dir, 'package.json')
  if (!existsSync(manifest)) throw new Error(`${packageName}: not installed, run npm test or npm ci first`)
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
  return join(dir, typeof bin === 'string' ? bin : bin[name])
}
