import type { SessionOptions } from 'holdfast'
import type { ResumeOptions } from 'holdfast/resume'

/** Writes the code that does what this page does, for whoever wants to take it home. */
export function snippet(
  address: string,
  options: SessionOptions,
  resume: Partial<ResumeOptions> | undefined,
): string {
  const plug = resume === undefined ? '' : `\n  resume: resume(${plugged(resume)}),`
  return [
    "import { connect } from 'holdfast'   // here: the global Holdfast of holdfast.resume.min.js",
    ...(resume === undefined ? [] : ["import { resume } from 'holdfast/resume'"]),
    '',
    `const address = () => ${quoted(address)}   // here: the field above, asked before every attempt`,
    `const session = connect(address, {${plug}${written(options, '').slice(1)})`,
    '',
    "session.on('state', ({ state, previous }) => …)",
    "session.on('message', (message) => …)",
    `const receipt = session.send('hello')   // ${resume === undefined ? 'queued, then written' : 'queued, written, then acked'}; receipt.settled says how it ended`,
  ].join('\n')
}

const plugged = (resume: Partial<ResumeOptions>): string =>
  Object.keys(resume).length === 0 ? '' : written(resume, '  ')

function written(value: unknown, indent: string): string {
  if (typeof value === 'function') return String(value).replaceAll('"', "'").replaceAll(/\s+/g, ' ')
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return grouped(value)
  if (Array.isArray(value)) return `[${value.map((item) => written(item, indent)).join(', ')}]`
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  if (indent !== '')
    return `{ ${entries.map(([name, item]) => `${name}: ${written(item, indent)}`).join(', ')} }`
  const lines = entries
    .filter(([, item]) => typeof item !== 'object' || Object.keys(item as object).length > 0)
    .map(([name, item]) => `  ${name}: ${written(item, '  ')},`)
  return `{\n${lines.join('\n')}\n}`
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** 30_000 rather than 30000, as people write it. */
const grouped = (value: unknown): string => String(value).replace(/\B(?=(\d{3})+$)/g, '_')
