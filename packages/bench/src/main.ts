/* oxlint-disable no-console -- a command: what it prints is its result */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Arguments, help, parseArguments } from './arguments.ts'
import type { Table } from './figures.ts'
import { openLab } from './lab.ts'
import { measures } from './measures.ts'
import type { Measure } from './measures/measure.ts'
import { documents } from './report/documents.ts'
import { plain } from './report/render.ts'
import type { Results } from './results.ts'

const root = process.env['HOLDFAST_BENCH_ROOT'] ?? process.cwd()
const bundle = join(dirname(fileURLToPath(import.meta.url)), 'child.mjs')

async function run({ only, json, quick, write }: Arguments): Promise<void> {
  const startedMs = performance.now()
  const chosen = measures.filter(({ name }) => only.length === 0 || only.includes(name))
  const tables = await runAll(chosen, quick)
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cores: availableParallelism(),
    quick,
    tables,
  }
  if (json) console.log(JSON.stringify(results, undefined, 2))
  else console.log(tables.map(plain).join('\n\n'))
  console.error(`\n${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`)
  if (write) save(results)
}

/** Runs what measures CPU time by itself, and beside what only waits the rest. @returns all tables, in the order of the report */
async function runAll(chosen: readonly Measure[], quick: boolean): Promise<readonly Table[]> {
  const found = new Map<Measure, readonly Table[]>()
  const run = async (load: Measure['load']) => {
    for (const measure of chosen) {
      if (measure.load === load) found.set(measure, await inOwnLab(measure, quick))
    }
  }
  await run('busy')
  await Promise.all([run('waits'), run('calm')])
  return chosen.flatMap((measure) => found.get(measure) ?? [])
}

async function inOwnLab(measure: Measure, quick: boolean): Promise<readonly Table[]> {
  const startedMs = performance.now()
  const progress = (text: string) => console.error(`${measure.name}: ${text}`)
  const lab = openLab({ quick, root, bundle, progress })
  try {
    return await measure.run(lab)
  } finally {
    await lab.end()
    progress(`done after ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`)
  }
}

function save(results: Results): void {
  const files = documents(results, (file) => readFileSync(join(root, file), 'utf8'))
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), content)
    console.error(`wrote ${file}`)
  }
}

try {
  const given = parseArguments(process.argv.slice(2))
  if (given.help) console.log(help())
  else await run(given)
  process.exit()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
