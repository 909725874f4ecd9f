// How our code reads, as numbers and rules; CONTRIBUTING.md says why. Prints the numbers, names what breaks a rule.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import ts from 'typescript'
import { published } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'
import { undocumentedExports } from './documented.mjs'
import { measure, median } from './measure.mjs'
import { filesUnder, packageNames } from './source-files.mjs'

const limits = { fileLines: 250, medianLines: 110, functionLines: 40 }

/** What must go through a scope, so that it is given back. */
const bareCalls = new Set(['setTimeout', 'setInterval', 'addEventListener'])
const mayHoldBare = {
  'packages/lifetime/src/scope.ts': 'it is the scope',
  'packages/lifetime/src/clock.ts': 'it is the clock that scopes use',
  'packages/lifetime/src/platform.ts': 'it names what the platform has',
  'packages/client/src/platform-socket.ts':
    'errors of a socket given up are swallowed until it is really closed',
  'packages/client/src/resume/resume-socket.ts':
    'a socket given up outlives its session, with listeners that know nothing of it by then',
  'packages/client/src/socket.ts':
    'a socket given up outlives its session, with listeners that know nothing of it',
  'packages/client/src/testing/': 'it plays the platform',
  'packages/otel/src/session-tracing.ts':
    'the one listener goes with the socket, which ends with its connection, and holds only a field that is emptied',
  'packages/chaos/': 'it owns raw sockets, which have no scope',
  'packages/bench/': 'it uses other libraries as they are, in processes that end with the measurement',
}

/** Names that say nothing about what a file holds. */
const emptyNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'types'])

/** @param {string} root */
export function checkHabits(root) {
  const files = packageNames(root).flatMap((name) => filesUnder(root, `packages/${name}/src`, /\.ts$/))
  const problems = []
  const measured = files.map((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
    const numbers = measure(source)
    problems.push(...sizeProblems(file, numbers), ...nameProblems(file), ...callProblems(file, source))
    if (file.startsWith('packages/client/')) problems.push(...clientProblems(file, text))
    return { file, ...numbers }
  })
  const entries = Object.entries(published).flatMap(([name, sources]) =>
    Object.values(sources).map((source) => `packages/${name}/${source}`),
  )
  problems.push(...undocumentedExports(root, entries))
  const { report, typicalLines } = numbersOf(measured)
  if (typicalLines > limits.medianLines) {
    problems.push(`all files: the median is ${typicalLines} code lines, the limit ${limits.medianLines}`)
  }
  return { problems, report }
}

function sizeProblems(file, { codeLines, functions }) {
  const long = functions.filter((one) => one.codeLines > limits.functionLines)
  const problems = long.map(
    (one) =>
      `${file}:${one.line}: ${one.name} has ${one.codeLines} code lines, the limit is ${limits.functionLines}`,
  )
  if (codeLines > limits.fileLines) {
    problems.push(`${file}: ${codeLines} code lines, the limit is ${limits.fileLines}`)
  }
  return problems
}

function nameProblems(file) {
  const name = basename(file, '.ts')
  if (emptyNames.has(name)) return [`${file}: a file is named after what it holds, not "${name}"`]
  if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(name)) return [`${file}: file names are kebab-case`]
  return []
}

function callProblems(file, source) {
  if (Object.keys(mayHoldBare).some((place) => file.startsWith(place))) return []
  const problems = []
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression
      if (ts.isIdentifier(called) && bareCalls.has(called.text)) {
        const { line } = source.getLineAndCharacterOfPosition(called.getStart(source))
        problems.push(`${file}:${line + 1}: bare ${called.text}; a scope holds it, so that it is given back`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return problems
}

function clientProblems(file, text) {
  return text.split('\n').flatMap((line, index) => {
    const place = `${file}:${index + 1}`
    if (/^\s*(\/\/|\/?\*)/.test(line)) return []
    if (/\bnew Error\(/.test(line)) return [`${place}: new Error; errors of the client are HoldfastError`]
    if (/#?\b(is|was|has|should|did)[A-Z]\w* = (true|false)\b/.test(line)) {
      return [`${place}: a boolean that tells a stage of life; the state is one tagged union`]
    }
    return []
  })
}

function numbersOf(measured) {
  const lines = measured.map(({ codeLines }) => codeLines)
  const functions = measured.flatMap((one) => one.functions.map((fn) => ({ ...fn, file: one.file })))
  const longest = functions.reduce((a, b) => (b.codeLines > a.codeLines ? b : a), {
    codeLines: 0,
    name: '-',
    file: '-',
  })
  const largest = measured.reduce((a, b) => (b.codeLines > a.codeLines ? b : a), { codeLines: 0, file: '-' })
  const typicalLines = median(lines)
  const report = [
    `${measured.length} files; code lines per file: median ${typicalLines}, most ${largest.codeLines} (${largest.file})`,
    `longest function: ${longest.codeLines} code lines (${longest.name} in ${longest.file})`,
  ].join('\n')
  return { report, typicalLines }
}

await runIfMain(import.meta.url, checkHabits)
