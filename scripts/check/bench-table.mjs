// The numbers in README.md and docs/bench.md are those of the last `npm run bench -- --write`, in the shape that the bench has now.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { runIfMain } from '../run/report-problems.mjs'

const resultsFile = 'docs/bench/results.json'

/** @param {string} root */
export async function checkBenchTable(root) {
  const file = join(root, resultsFile)
  if (!existsSync(file)) return { problems: [`${resultsFile}: is missing; npm run bench -- --write`] }
  const { documents } = await loadDocuments(root)
  const results = JSON.parse(readFileSync(file, 'utf8'))
  try {
    const wanted = documents(results, (name) => readFileSync(join(root, name), 'utf8'))
    const problems = Object.entries(wanted)
      .filter(
        ([name, content]) =>
          !existsSync(join(root, name)) || readFileSync(join(root, name), 'utf8') !== content,
      )
      .map(([name]) => `${name}: is not what the bench writes from ${resultsFile}; npm run bench -- --write`)
    return { problems }
  } catch (error) {
    return { problems: [error.message] }
  }
}

/** The code of the bench that writes its documents: TypeScript, so it is bundled first. */
async function loadDocuments(root) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages/bench/src/report/documents.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

await runIfMain(import.meta.url, checkBenchTable)
