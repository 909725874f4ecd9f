import { describe, expect, it } from 'vitest'
import { checkLayers } from '../check/layers.mjs'
import { smallRepository } from './small-repository.mjs'

const sound = {
  'packages/lifetime/package.json': { name: '@holdfast/lifetime' },
  'packages/lifetime/src/scope.ts': "import { clock } from './clock.ts'\nexport const scope = clock\n",
  'packages/lifetime/src/clock.ts': 'export const clock = 1\n',
  'packages/lifetime/src/emitter.ts': "import mitt from 'mitt'\nexport const emitter = mitt\n",
  'packages/client/package.json': { name: 'holdfast' },
  'packages/client/src/errors.ts': 'export const errors = 1\n',
  'packages/client/src/socket.ts':
    "import { scope } from '@holdfast/lifetime'\nimport { errors } from './errors.ts'\nexport const socket = [scope, errors]\n",
  'packages/client/src/heartbeat.ts': 'export const heartbeat = 1\n',
  'packages/client/src/session.ts': "import { socket } from './socket.ts'\nexport const session = socket\n",
  'packages/client/src/index.ts': "export { session } from './session.ts'\n",
  'packages/server/package.json': { name: '@holdfast/server' },
  'packages/server/src/server.ts':
    "import { createServer } from 'node:http'\nexport const server = createServer\n",
  'e2e/echo.test.ts': "import { session } from 'holdfast'\nimport { server } from '@holdfast/server'\n",
}

const problemsOf = (changes) => checkLayers(smallRepository({ ...sound, ...changes })).problems

describe('the layer check', () => {
  it('accepts imports that point down', () => {
    expect(problemsOf({})).toEqual([])
  })

  it.each([
    {
      wrong: 'an import that points up',
      file: 'packages/client/src/errors.ts',
      code: "import type { heartbeat } from './heartbeat.ts'\n",
      says: "packages/client/src/errors.ts: imports './heartbeat.ts': imports point down: layer 1 does not know layer",
    },
    {
      wrong: 'an import of index.ts',
      file: 'packages/client/src/connect.ts',
      code: "export { session } from './index.ts'\n",
      says: "packages/client/src/connect.ts: imports './index.ts': nobody imports index.ts",
    },
    {
      wrong: 'the client in the server',
      file: 'packages/server/src/server.ts',
      code: "import { session } from 'holdfast'\n",
      says: "packages/server/src/server.ts: imports 'holdfast': server does not know client",
    },
    {
      wrong: 'the server in the client, at run time',
      file: 'packages/client/src/errors.ts',
      code: "export const late = () => import('@holdfast/server')\n",
      says: "packages/client/src/errors.ts: imports '@holdfast/server': client does not know server",
    },
    {
      wrong: 'a package above a kernel in that kernel',
      file: 'packages/lifetime/src/clock.ts',
      code: "import 'holdfast/testing'\n",
      says: "packages/lifetime/src/clock.ts: imports 'holdfast/testing': lifetime does not know client; it may know: no other package",
    },
    {
      wrong: 'the path of another package',
      file: 'packages/client/src/errors.ts',
      code: "import { clock } from '../../lifetime/src/clock.ts'\n",
      says: "imports '../../lifetime/src/clock.ts': another package is imported by its name",
    },
    {
      wrong: 'a Node built-in in the client',
      file: 'packages/client/src/errors.ts',
      code: "import { inspect } from 'util'\n",
      says: "imports 'util': client runs in browsers",
    },
    {
      wrong: 'a guarded dependency outside its one file',
      file: 'packages/client/src/session.ts',
      code: "import RWS from 'reconnecting-websocket'\n",
      says: "imports 'reconnecting-websocket': only packages/client/src/line.ts",
    },
    {
      wrong: 'a file without a layer',
      file: 'packages/client/src/novelty.ts',
      code: 'export const novelty = 1\n',
      says: 'packages/client/src/novelty.ts: stands in no layer',
    },
    {
      wrong: 'a package without a rule',
      file: 'packages/novelty/package.json',
      code: '{ "name": "novelty" }',
      says: 'packages/novelty: has no rule',
    },
    {
      wrong: 'an import of nothing',
      file: 'packages/client/src/errors.ts',
      code: "import './socket.js'\n",
      says: "imports './socket.js': no such file",
    },
    {
      wrong: 'sources of a package from outside',
      file: 'e2e/echo.test.ts',
      code: "import { session } from '../packages/client/src/session.ts'\n",
      says: 'e2e uses public exports only',
    },
    {
      wrong: 'a kernel from outside',
      file: 'playground/src/main.ts',
      code: "import { scope } from '@holdfast/lifetime'\n",
      says: 'playground does not know lifetime',
    },
  ])('names $wrong', ({ file, code, says }) => {
    const problems = problemsOf({ [file]: code })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(says)
  })

  it('names a circle with the files on its way', () => {
    const problems = problemsOf({
      'packages/lifetime/src/clock.ts': "export type { scope } from './scope.ts'\n",
    })
    expect(problems).toEqual([
      'packages/lifetime/src/clock.ts -> packages/lifetime/src/scope.ts -> packages/lifetime/src/clock.ts: imports form a circle',
    ])
  })
})
