import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { builtPackage } from './built.ts'
import { node } from './child.ts'

const inPackage = builtPackage()

test('holdfast-storm prints a table and a chart, draws a file, and exits with 0 when all came back', async () => {
  const svg = inPackage('storm.svg')
  const small = ['--clients', '500', '--capacity', '100', '--policy', 'holdfast', '--policy', 'socket.io']
  const { exit, out, err } = node(inPackage('dist/storm-cli.js'), ...small, '--svg', svg)
  expect(await exit, err()).toBe(0)
  expect(out()).toMatch(/^client policy .*\nholdfast +recovered .*\nsocket\.io +recovered /)
  expect(out()).toContain('holdfast: tries (.) and clients back (#) per second')
  expect(readFileSync(svg, 'utf8')).toContain('</svg>')
})

test('holdfast-storm exits with 3 when some never come back, and gives JSON when asked', async () => {
  const args = ['--clients', '5000', '--capacity', '100', '--server', 'queue', '--json']
  const { exit, out, err } = node(inPackage('dist/storm-cli.js'), ...args)
  expect(await exit, err()).toBe(3)
  expect(JSON.parse(out())).toMatchObject([{ policy: 'holdfast', outcome: 'metastable' }])
})

test('holdfast-storm exits with 2 for bad arguments, and with 1 for a file that cannot be written', async () => {
  const bad = node(inPackage('dist/storm-cli.js'), '--clients', '0')
  expect(await bad.exit).toBe(2)
  expect(bad.err()).toBe(
    'holdfast-storm: --clients: must be an integer from 1 to 1000000, received 0\nTry holdfast-storm --help\n',
  )
  const nowhere = inPackage('no/such/folder.svg')
  const lost = node(inPackage('dist/storm-cli.js'), '--clients', '10', '--svg', nowhere)
  expect(await lost.exit).toBe(1)
  expect(existsSync(nowhere)).toBe(false)
})
