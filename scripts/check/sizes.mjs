// Sizes of what is published, and the budget: a table, and what is over its limit.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { published } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'
import { browserUses, bundleForBrowser } from './browser-bundle.mjs'
import { filesUnder } from './source-files.mjs'

const budgetFile = 'scripts/check/size-budget.json'

/**
 * Measures every file that a package ships, and what an application's own bundle gains.
 * @param {string} root
 * @param {{ budget?: Record<string, { raw?: number, gzip?: number, brotli?: number }>, uses?: Record<string, string> }} [options]
 */
export async function checkSizes(root, { budget = readBudget(), uses = browserUses } = {}) {
  const rows = Object.keys(published).flatMap((name) => distFiles(root, `packages/${name}/dist`))
  const measured = rows.map((file) => ({ name: file, ...sizeOf(readFileSync(join(root, file))) }))
  if (existsSync(join(root, 'packages/client/dist/index.js'))) {
    for (const [name, code] of Object.entries(uses)) {
      measured.push({ name, ...sizeOf(Buffer.from((await bundleForBrowser(root, code)).code)) })
    }
  }
  const problems = Object.entries(budget).flatMap(([name, limits]) => judge(name, limits, measured))
  return { problems, report: tableOf(measured) }
}

function readBudget() {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'size-budget.json'), 'utf8'))
}

/** Code only: types and source maps are never loaded by an application. */
function distFiles(root, folder) {
  const files = filesUnder(join(root, folder), '.', /\.(js|cjs|mjs)$/)
  return files.map((file) => `${folder}/${file}`)
}

function sizeOf(content) {
  return {
    raw: content.length,
    gzip: gzipSync(content, { level: 9 }).length,
    brotli: brotliCompressSync(content).length,
  }
}

function judge(name, limits, measured) {
  const row = measured.find((one) => one.name === name)
  if (!row) return [`${name}: is in ${budgetFile} and was not built`]
  return Object.entries(limits)
    .filter(([kind, limit]) => row[kind] > limit)
    .map(([kind, limit]) => `${name}: ${row[kind]} bytes ${kind}, the budget is ${limit}`)
}

function tableOf(rows) {
  const width = Math.max(4, ...rows.map(({ name }) => name.length))
  const line = (name, ...numbers) =>
    name.padEnd(width) + numbers.map((one) => String(one).padStart(9)).join('')
  return [
    line('file', 'raw', 'gzip', 'brotli'),
    ...rows.map((row) => line(row.name, row.raw, row.gzip, row.brotli)),
  ].join('\n')
}

await runIfMain(import.meta.url, checkSizes)
