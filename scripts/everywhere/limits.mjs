import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { filesUnder } from '../check/source-files.mjs'
import { root } from '../project.mjs'

/**
 * Reads every list of limits in the end-to-end tests: what a place cannot do, and the test that shows what happens instead.
 * @returns {Promise<readonly { place: string, limit: string, shownBy: string }[]>}
 */
export async function readLimits() {
  const files = filesUnder(root, 'e2e', /\.ts$/).filter((file) => basename(file) === 'limits.ts')
  const lists = await Promise.all(
    files.map(async (file) => {
      const { outputFiles } = await build({
        entryPoints: [join(root, file)],
        bundle: true,
        write: false,
        format: 'esm',
      })
      const { limits } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
      return limits
    }),
  )
  return lists.flat()
}
