import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { appFolder } from '../../scripts/everywhere/folders.mjs'

/** Lists what an application can import from an installed package, such as `holdfast/resume`: read from its `exports`, without data. */
export function subpathsOf(name: string): readonly string[] {
  const manifest = readFileSync(join(appFolder, 'node_modules', name, 'package.json'), 'utf8')
  const { exports } = JSON.parse(manifest) as { readonly exports: Readonly<Record<string, unknown>> }
  return Object.keys(exports)
    .filter((path) => !path.endsWith('.json') && !path.includes('*'))
    .map((path) => `${name}${path.slice(1)}`)
}
