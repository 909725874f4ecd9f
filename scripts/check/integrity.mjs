// The hash that pages put into `integrity` is that of the file beside it.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cdnFile, cdnHashFile } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'

/** @param {string} root */
export function checkIntegrity(root) {
  const missing = [cdnFile, cdnHashFile].filter((file) => !existsSync(join(root, file)))
  if (missing.length > 0) return { problems: missing.map((file) => `${file}: was not built`) }
  const hash = createHash('sha384')
    .update(readFileSync(join(root, cdnFile)))
    .digest('base64')
  const written = readFileSync(join(root, cdnHashFile), 'utf8').trim()
  if (written === `sha384-${hash}`) return { problems: [] }
  return { problems: [`${cdnHashFile}: says ${written}, the file's hash is sha384-${hash}`] }
}

await runIfMain(import.meta.url, checkIntegrity)
