// The repository says nothing about the machine it was written on: no home folders, no package hosts.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runIfMain } from '../run/report-problems.mjs'

// Put together here, so that this file does not name them itself.
const patterns = [
  {
    what: 'a path of a machine',
    pattern: new RegExp(`(^|[^\\w.-])/(${['work', 'root', 'home/\\w+', 'Users/\\w+'].join('|')})/`),
  },
  {
    what: 'a package host',
    pattern: new RegExp(
      `\\b${['regis', 'try'].join('')}\\.[a-z0-9-]+\\.(com|dev|internal|io|local|net|org)\\b`,
      'i',
    ),
  },
]

/** @param {string} root */
export function checkPrivateWords(root, files = trackedFiles(root)) {
  const problems = files.flatMap((file) => {
    const content = existsSync(join(root, file)) ? readFileSync(join(root, file)) : Buffer.alloc(0)
    if (content.includes(0)) return []
    return content
      .toString('utf8')
      .split('\n')
      .flatMap((line, index) =>
        patterns
          .filter(({ pattern }) => pattern.test(line))
          .map(({ what }) => `${file}:${index + 1}: names ${what}: ${line.trim().slice(0, 100)}`),
      )
  })
  return { problems, report: `${files.length} files` }
}

/** Files that are committed or would be. */
function trackedFiles(root) {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed.split('\0').filter((file) => file !== '')
}

await runIfMain(import.meta.url, checkPrivateWords)
