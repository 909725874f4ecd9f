// The hash that pages put into `integrity` is that of the file beside it.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cdnFile, cdnResumeFile } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'

function problemsOf(root, file) {
  const missing = [file, `${file}.sri`].filter((one) => !existsSync(join(root, one)))
  if (missing.length > 0) return missing.map((one) => `${one}: was not built`)
  const hash = createHash('sha384')
    .update(readFileSync(join(root, file)))
    .digest('base64')
  const written = readFileSync(join(root, `${file}.sri`), 'utf8').trim()
  return written === `sha384-${hash}`
    ? []
    : [`${file}.sri: says ${written}, the file's hash is sha384-${hash}`]
}

/** @param {string} root */
export function checkIntegrity(root) {
  return { problems: [cdnFile, cdnResumeFile].flatMap((file) => problemsOf(root, file)) }
}

await runIfMain(import.meta.url, checkIntegrity)
