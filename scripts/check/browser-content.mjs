// What reaches a browser: nothing of Node, and the browser's own WebSocket instead of `ws`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { cdnFile } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'
import { browserUses, bundleForBrowser } from './browser-bundle.mjs'

/** A constant of the WebSocket handshake (RFC 6455 section 1.3): only an implementation of the protocol holds it. */
const handshakeGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** @param {string} root */
export async function checkBrowserContent(root, uses = browserUses) {
  const problems = judgeCdn(root)
  for (const [name, code] of Object.entries(uses)) {
    const bundle = await bundleForBrowser(root, code)
    problems.push(...judgeModules(name, bundle.modules), ...judgeCode(name, bundle.code))
    problems.push(...bundle.imports.map((one) => `${name}: leaves '${one}' as an import`))
  }
  return { problems }
}

function judgeCdn(root) {
  const [path, map] = [join(root, cdnFile), join(root, `${cdnFile}.map`)]
  if (!existsSync(path) || !existsSync(map)) return [`${cdnFile}: it or its source map was not built`]
  const { sources } = JSON.parse(readFileSync(map, 'utf8'))
  const code = readFileSync(path, 'utf8')
  return [...judgeModules(cdnFile, sources), ...judgeCode(cdnFile, code), ...judgeGlobal(code)]
}

/** Runs the script where there is nothing but the language: loading it must need no platform, and make the global. */
function judgeGlobal(code) {
  const scope = createContext({})
  try {
    runInContext(code, scope)
  } catch (error) {
    return [`${cdnFile}: throws when it is loaded: ${error.message}`]
  }
  return runInContext('typeof Holdfast === "object" && typeof Holdfast.connect', scope) === 'function'
    ? []
    : [`${cdnFile}: makes no global Holdfast with a connect`]
}

function judgeModules(name, modules) {
  return modules.filter((one) => /node_modules\/ws\//.test(one)).map((one) => `${name}: contains ${one}`)
}

/** Says what of Node, or of an implementation of the protocol, is in code for browsers. */
export function judgeCode(name, code) {
  const problems = []
  if (/["'`]node:/.test(code)) problems.push(`${name}: names a node: module`)
  if (/\brequire\(/.test(code)) problems.push(`${name}: calls require`)
  if (code.includes(handshakeGuid))
    problems.push(`${name}: contains an implementation of the WebSocket protocol`)
  if (/\beval\(|new Function\(/.test(code))
    problems.push(`${name}: makes code from text, which a strict page forbids`)
  return problems
}

await runIfMain(import.meta.url, checkBrowserContent)
