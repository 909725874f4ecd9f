import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appFolder } from '../../scripts/everywhere/folders.mjs'
import { type Backend, startBackend } from '../lab/backend.ts'
import { processPlaces } from '../runtimes/places.ts'
import { RuntimeProcess } from '../runtimes/runtime-process.ts'
import { subpathsOf } from '../runtimes/subpaths.ts'

// The packed packages as ES modules and as CommonJS: the same names in both, and both work.

const subpaths = [...subpathsOf('holdfast'), ...subpathsOf('@holdfast/server')]

/** Says what each entry exports, then echoes a message. */
const program = `
for (const [path, entry] of Object.entries(entries)) {
  console.log(path, Object.keys(entry).filter((name) => name !== 'default' && name !== 'module.exports' && name !== '__esModule').sort().join(' '))
}
const session = entries.holdfast.connect(process.argv[2])
session.send('hello')
session.once('message', (message) => {
  console.log('got', message)
  void session.close()
})
`
const forms = {
  'forms-import.mjs': [
    ...subpaths.map((path, at) => `import * as entry${at} from '${path}'`),
    `const entries = { ${subpaths.map((path, at) => `'${path}': entry${at}`).join(', ')} }`,
  ],
  'forms-require.cjs': [
    `const entries = { ${subpaths.map((path) => `'${path}': require('${path}')`).join(', ')} }`,
  ],
}

let backend: Backend
beforeAll(async () => {
  backend = await startBackend()
  await mkdir(join(appFolder, 'forms'), { recursive: true })
  for (const [file, lines] of Object.entries(forms))
    await writeFile(join(appFolder, 'forms', file), [...lines, program].join('\n'))
})
afterAll(() => backend.stop())

/** Runs a file to its end, and gives what it said. */
async function saidBy(runtime: string, file: string): Promise<readonly string[]> {
  const child = new RuntimeProcess(runtime, join(appFolder, 'forms', file), [
    `${backend.addresses.proxied}/echo/forms`,
  ])
  child.leaveAlone()
  const lines: string[] = []
  for (const _ of [...subpaths, 'got']) lines.push(await child.next())
  expect(await child.ended).toEqual({ code: 0, signal: null, stderr: '' })
  return lines
}

const places = processPlaces.filter(({ socket, mode }) => socket === 'ws' && mode === 'plain')

for (const { place, runtime } of places) {
  describe(place, () => {
    test('import and require give the same names from every public entry, and both echo', async () => {
      const [imported, required] = await Promise.all(Object.keys(forms).map((file) => saidBy(runtime, file)))
      expect(imported).toEqual(required)
      expect(imported?.at(-1)).toBe('got hello')
      for (const line of imported?.slice(0, -1) ?? []) expect(line).toMatch(/^\S+ \w/)
    })
  })
}
