import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../project.mjs'

const key = createHash('sha256').update(root).digest('hex').slice(0, 8)

/** Where the pinned tools are installed: kept between runs. */
export const toolsFolder = join(root, '.cache/everywhere')

/**
 * Where the packed packages are installed as an application would: outside of the repository, so that nothing of its
 * `node_modules` can be found by accident.
 */
export const appFolder = join(tmpdir(), `holdfast-everywhere-${key}`)

/** Where a set of tools has its packages. @param {string} set */
export function modulesOf(set) {
  return join(toolsFolder, set, 'node_modules')
}
