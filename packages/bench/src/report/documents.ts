import type { Results } from '../results.ts'
import { pictures } from './pictures.ts'
import { markdown } from './render.ts'
import { summary } from './summary.ts'

const begin = '<!-- bench: begin, written by `npm run bench -- --write` -->'
const end = '<!-- bench: end -->'

/**
 * Puts what a run found out into the documents that tell it.
 * @param read gives the text of a file, by its path from the root
 * @returns the files as they must be, by path from the root
 * @throws Error when a document has no place for it, or the results lack something
 */
export function documents(
  results: Results,
  read: (file: string) => string,
): Readonly<Record<string, string>> {
  return {
    'README.md': between(read('README.md'), 'README.md', summary(results)),
    'docs/bench.md': between(read('docs/bench.md'), 'docs/bench.md', details(results)),
    'docs/bench/results.json': `${JSON.stringify(results)}\n`,
    ...Object.fromEntries(
      Object.entries(pictures(results)).map(([name, picture]) => [`docs/bench/${name}`, picture]),
    ),
  }
}

function between(text: string, file: string, content: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`${file}: needs the lines ${begin} and ${end}`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}

function details({ date, node, cores, quick, tables }: Results): string {
  const head = `Run on ${date}, Node ${node}, ${cores} cores${quick ? ', with `--quick`' : ''}.`
  return [head, ...tables.map(markdown)].join('\n\n')
}
