import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readCommand } from '../src/cli-arguments.ts'
import { readStormCommand } from '../src/storm/storm-arguments.ts'
import { builtPackage } from './built.ts'
import { node } from './child.ts'

const inPackage = builtPackage()
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const page = ['server', 'observability']
  .map((name) => readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), 'utf8'))
  .join('')

function fences(language: string, text = `${readme}${page}`): string[] {
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text)
}

test.each(fences('js').map((text, n) => [n + 1, text] as const))(
  'JavaScript example %i runs and exits by itself',
  async (n, text) => {
    const file = inPackage(`example-${n}.mjs`)
    writeFileSync(
      file,
      text
        .replaceAll("'@holdfast/server'", "'./dist/index.js'")
        .replaceAll(/'@holdfast\/server\/(sessions|hub|metrics|pino)'/g, "'./dist/$1.js'"),
    )
    const { exit, err, out } = node(file)
    expect(await exit, err()).toBe(0)
    expect(err()).toBe('')
    const wanted = /console\.log\(.*\/\/ (.*)/.exec(text)?.[1]
    if (wanted !== undefined) expect(out()).toBe(`${wanted}\n`)
  },
)

test('every command line of the README is understood', () => {
  const lines = fences('sh').flatMap((text) =>
    text.split('\n').filter((line) => line.startsWith('holdfast-server')),
  )
  expect(lines).toHaveLength(7)
  const certificate = new URL('fixtures/test-only-cert.pem', import.meta.url).pathname
  for (const line of lines) {
    const args = line
      .replaceAll(/\w+\.pem/g, certificate)
      .split(' ')
      .slice(1)
    expect(readCommand(args)).toMatchObject({ name: 'serve' })
  }
})

test('every storm that the documentation shows is one that can be simulated', () => {
  const lines = fences('sh').flatMap((text) =>
    text.split('\n').filter((line) => line.startsWith('holdfast-storm')),
  )
  expect(lines).toHaveLength(4)
  for (const line of lines)
    expect(readStormCommand(line.split(' ').slice(1))).toMatchObject({ name: 'simulate' })
})
