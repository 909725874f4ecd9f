// What implementers need comes with the packages: the protocol's document and its vectors, as they are here.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { protocolFiles, speakProtocol } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'

/** Lists files as they stand below `packages/protocol`. */
function filesOf(root) {
  const from = (file) => join(root, 'packages/protocol', file)
  return protocolFiles.flatMap((file) =>
    statSync(from(file)).isDirectory() ? readdirSync(from(file)).map((name) => `${file}/${name}`) : [file],
  )
}

/** @param {string} root */
export function checkProtocolShipped(root) {
  const problems = speakProtocol.flatMap((name) =>
    filesOf(root).flatMap((file) => {
      const shipped = `packages/${name}/dist/protocol/${file}`
      if (!existsSync(join(root, shipped))) return [`${shipped}: was not built`]
      const same = readFileSync(join(root, shipped)).equals(
        readFileSync(join(root, 'packages/protocol', file)),
      )
      return same ? [] : [`${shipped}: differs from packages/protocol/${file}`]
    }),
  )
  return { problems }
}

await runIfMain(import.meta.url, checkProtocolShipped)
