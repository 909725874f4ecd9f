import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../project.mjs'

/**
 * Remembers from which content something was made, in a file beside it: same content, nothing to do.
 * @param {string} file where the stamp is kept, from the root
 * @param {() => string} content tells what the thing would be made from now
 */
function openStamp(file, content) {
  const path = join(root, file)
  return {
    content,
    /** Tells whether the thing was made from what is there now. */
    fresh: () => existsSync(path) && readFileSync(path, 'utf8') === content(),
    write(made = content()) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, made)
    },
    clear: () => rmSync(path, { force: true }),
  }
}

/** What `npm ci` installed. Lies in `node_modules`, and so goes when that goes. */
export const installStamp = openStamp('node_modules/.holdfast-install', () => hashOf(['package-lock.json']))

/** What `npm run build` built. */
export const buildStamp = openStamp('.cache/holdfast-build', () =>
  hashOf([
    'package-lock.json',
    'rollup.config.mjs',
    'scripts/project.mjs',
    'tsconfig.json',
    ...readdirSync(join(root, 'packages')).flatMap((name) => [
      `packages/${name}/package.json`,
      ...sources(`packages/${name}/src`),
    ]),
    ...sources('playground'),
    ...sources('examples'),
  ]),
)

function sources(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (['dist', 'node_modules', 'test'].includes(entry.name)) return []
    return entry.isDirectory() ? sources(path) : [path]
  })
}

function hashOf(files) {
  const hash = createHash('sha256')
  for (const file of files.filter((one) => existsSync(join(root, one))).sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}
