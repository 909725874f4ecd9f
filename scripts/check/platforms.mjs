// docs/platforms.md has a row for each place that the library claims to work in, and none for others.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tables } from '../everywhere/places.mjs'
import { runIfMain } from '../run/report-problems.mjs'

const file = 'docs/platforms.md'

/** @param {string} root */
export function checkPlatforms(root, page = readFileSync(join(root, file), 'utf8')) {
  const sections = page.split(/^## /m).slice(1)
  const problems = Object.entries(tables).flatMap(([title, rows]) => {
    const section = sections.find((one) => one.startsWith(`${title}\n`))
    if (section === undefined) return [`${file}: has no table "${title}"; run npm run everywhere`]
    const names = [...section.matchAll(/^\| ([^|]+?) +\|/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'place' && !/^-+$/.test(name))
    const known = rows.map(({ name }) => name)
    return [
      ...known.filter((name) => !names.includes(name)).map((name) => `${file}: has no row for ${name}`),
      ...names
        .filter((name) => !known.includes(name))
        .map((name) => `${file}: has a row for ${name}, unknown`),
    ]
  })
  return { problems }
}

await runIfMain(import.meta.url, checkPlatforms)
