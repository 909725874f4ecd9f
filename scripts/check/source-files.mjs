import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/**
 * Lists files under `folder`, sorted, as paths from `root` with forward slashes. A folder that does not exist has none.
 * @param {string} root
 * @param {string} folder from `root`
 * @param {RegExp} pattern what the name ends like
 * @returns {string[]}
 */
export function filesUnder(root, folder, pattern) {
  const start = join(root, folder)
  if (!existsSync(start)) return []
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file))
    .sort()
}

/** Names the folders in `packages/` that have a `package.json`. @returns {string[]} */
export function packageNames(root) {
  const dir = join(root, 'packages')
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter((name) => existsSync(join(dir, name, 'package.json')))
    .sort()
}
