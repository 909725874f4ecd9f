import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Writes a small repository into a temporary folder, removed when the test ends.
 * @param {Record<string, string | object>} files path to content; an object is written as JSON
 * @returns {string} the folder
 */
export function smallRepository(files) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-check-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return root
}
