import { execFile } from 'node:child_process'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { appFolder, toolsFolder } from '../../scripts/everywhere/folders.mjs'

const run = promisify(execFile)

/** What a bundler made. */
export interface Built {
  readonly warnings: readonly string[]
  /** The scripts that it wrote, with their folders. */
  readonly files: readonly string[]
}

/**
 * Builds code with a pinned bundler, in the application that has the packed packages installed.
 * @param name of the build, for its folder
 * @throws Error when the bundler fails
 */
export async function buildWith(bundler: string, name: string, code: string): Promise<Built> {
  const folder = join(appFolder, 'builds', `${bundler}-${name}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const entry = join(folder, 'entry.js')
  await writeFile(entry, code)
  // Beside the bundlers, so that it finds them.
  const program = join(toolsFolder, 'bundlers/build.mjs')
  await copyFile(
    fileURLToPath(new URL('../../scripts/everywhere/bundlers/build.mjs', import.meta.url)),
    program,
  )
  const { stdout } = await run(process.execPath, [program, bundler, entry, join(folder, 'out')], {
    timeout: 120_000,
    env: { ...process.env, NODE_ENV: 'production' },
  })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Built
}
