import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { single, spreadOf } from '../figures.ts'
import type { Measure } from './measure.ts'

const run = promisify(execFile)

const modules = {
  ws: 'ws',
  holdfast: 'holdfast',
  'holdfast + resume': 'holdfast/resume',
  'reconnecting-websocket': 'reconnecting-websocket',
  partysocket: 'partysocket',
  'socket.io': 'socket.io-client',
  centrifuge: 'centrifuge',
  phoenix: 'phoenix',
  signalr: '@microsoft/signalr',
  'graphql-ws': 'graphql-ws',
}

/** What a process pays to import each library the first time. */
export const importsMeasure: Measure = {
  name: 'imports',
  about: 'time of a cold import in Node',
  load: 'busy',
  run: async (lab) => {
    const rounds = lab.quick ? 3 : 9
    const costs = new Map<string, { readonly cpuMs: number; readonly wallMs: number }[]>()
    for (let round = 0; round < rounds; round += 1) {
      lab.progress(`round ${round + 1} of ${rounds}`)
      for (const [name, module] of Object.entries(modules)) {
        costs.set(name, [...(costs.get(name) ?? []), await importOnce(lab.root, module)])
      }
    }
    return [
      {
        id: 'imports',
        title: 'Cold import in Node',
        note: 'A new process for each; files are in the cache of the system. Those that need `ws` in Node are measured as they are, and `ws` comes on top; Holdfast, Socket.IO and SignalR bring theirs.',
        columns: [
          { name: 'CPU time', unit: 'ms', digits: 1 },
          { name: 'wall time', unit: 'ms', digits: 1 },
        ],
        rows: [...costs].map(([name, all]) => ({
          name,
          figures:
            all.length > 0
              ? [spreadOf(all.map((one) => one.cpuMs)), spreadOf(all.map((one) => one.wallMs))]
              : [single(0)],
        })),
      },
    ]
  },
}

async function importOnce(
  root: string,
  module: string,
): Promise<{ readonly cpuMs: number; readonly wallMs: number }> {
  const code = `
    const cpu = process.cpuUsage(), startedMs = performance.now()
    await import(${JSON.stringify(module)})
    const { user, system } = process.cpuUsage(cpu)
    console.log(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: performance.now() - startedMs }))
    process.exit()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(root, 'packages/bench'),
  })
  return JSON.parse(stdout) as { cpuMs: number; wallMs: number }
}
