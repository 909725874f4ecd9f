// Every threat in docs/security.md has a defence and tests, and each test that is named there exists.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runIfMain } from '../run/report-problems.mjs'

const page = 'docs/security.md'

/** @param {string} root */
export function checkSecurityTable(root, text = readFileSync(join(root, page), 'utf8')) {
  const rows = [...text.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].slice(1)
  const groups = testsByName(text)
  const named = new Set(rows.map(([, , , name]) => name))
  const problems = [
    ...(rows.length === 0 ? [`${page}: has no table`] : []),
    ...rows
      .filter(([, , , name]) => !groups.get(name)?.length)
      .map(([, threat]) => `${page}: "${threat}" has no tests`),
    ...[...groups.keys()]
      .filter((name) => !named.has(name))
      .map((name) => `${page}: ${name} belongs to no threat`),
    ...[...groups.values()].flat().flatMap((one) => judge(root, one)),
  ]
  return { problems, report: `${rows.length} threats, ${[...groups.values()].flat().length} tests` }
}

/** The tests below each name, such as `T1`. */
function testsByName(text) {
  const groups = new Map()
  let tests = []
  for (const line of text.split('\n')) {
    const [, name] = /^- \*\*(T\d+)\*\*$/.exec(line) ?? []
    const [, path, title] = /^ {2}- \[[^\]]+\]\(\.\.\/([^)]+)\): (.+)$/.exec(line) ?? []
    if (name) groups.set(name, (tests = []))
    else if (path) tests.push({ path, title })
  }
  return groups
}

function judge(root, { path, title }) {
  const file = join(root, path)
  if (!existsSync(file)) return [`${page}: ${path} does not exist`]
  return readFileSync(file, 'utf8').includes(title) ? [] : [`${page}: ${path} has no test "${title}"`]
}

await runIfMain(import.meta.url, checkSecurityTable)
