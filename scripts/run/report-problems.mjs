import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { root } from '../project.mjs'

/**
 * Makes a check runnable by itself, `node scripts/check/layers.mjs [folder]`: prints its report and its problems, one per
 * line, and sets the exit code. Does nothing when the file was imported.
 * @param {string} url `import.meta.url` of the check
 * @param {(root: string) => Findings | Promise<Findings>} check
 *
 * @typedef {{ problems: readonly string[], report?: string }} Findings
 */
export async function runIfMain(url, check) {
  if (!process.argv[1] || realpathSync(process.argv[1]) !== fileURLToPath(url)) return
  const { problems, report } = await check(process.argv[2] ?? root)
  if (report) console.log(report)
  for (const problem of problems) console.log(problem)
  if (problems.length > 0) process.exitCode = 1
}
