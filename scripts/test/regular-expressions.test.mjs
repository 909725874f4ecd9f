import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { filesUnder } from '../check/source-files.mjs'
import { root } from '../project.mjs'

// Every regular expression of the sources takes time in proportion to its text. Growth is compared, as machines differ.

const packages = ['lifetime', 'mailbox', 'protocol', 'client', 'server', 'chaos', 'otel']

/** @returns {{ where: string, pattern: RegExp }[]} */
function patternsOf(file) {
  const source = ts.createSourceFile(
    file,
    readFileSync(`${root}/${file}`, 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
  )
  const found = []
  const visit = (node) => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/')
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      const pattern = new RegExp(node.text.slice(1, end), node.text.slice(end + 1))
      found.push({ where: `${file}:${line} ${node.text}`, pattern })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** What a pattern may repeat. */
function partsOf({ source }) {
  const parts = ['a', '0', ' ', '\t', '-', '.', '/', ':', '{', '"', '\\', 'a.', '0.', 'a ', ', ', '\u0010']
  return [...new Set([...parts, ...source.replaceAll(/[^\w\s.:/@#=,;-]/g, '')])]
}

/** Texts that almost fit: a long run, and an end that fits nothing. */
function evilTexts(parts, length) {
  return parts.flatMap((part) => {
    const run = part.repeat(Math.ceil(length / part.length))
    return [`${run}\u0000`, `x${run}\u0000`, run]
  })
}

/** The least of a few times, in milliseconds: what the rest of the machine does comes on top. */
function leastMs(pattern, text) {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run += 1) {
    pattern.lastIndex = 0
    const began = performance.now()
    pattern.test(text)
    least = Math.min(least, performance.now() - began)
    if (least < 1 || least > 50) break
  }
  return least
}

/** Whether eight times the text takes much more than eight times as long, however often one looks: another process is no proof. */
function isSlow(pattern, parts = partsOf(pattern)) {
  const [short, long] = [1_500, 12_000].map((length) => evilTexts(parts, length))
  const grows = (index) => {
    const longMs = leastMs(pattern, long[index])
    return longMs > 5 && longMs > 32 * Math.max(0.1, leastMs(pattern, short[index]))
  }
  return long.some((_, index) => Array.from({ length: 6 }).every(() => grows(index)))
}

const all = packages.flatMap((name) => filesUnder(root, `packages/${name}/src`, /\.ts$/).flatMap(patternsOf))

test('there are regular expressions to look at', () => {
  expect(all.length).toBeGreaterThan(20)
})

test('a pattern that takes quadratic time is found', () => {
  expect(isSlow(/[ ]+$/, [' '])).toBe(true)
  expect(isSlow(/^[ ]+$/, [' '])).toBe(false)
})

test('every regular expression of the sources takes linear time for texts that are meant to take long', () => {
  expect(all.filter(({ pattern }) => isSlow(pattern)).map(({ where }) => where)).toEqual([])
})
