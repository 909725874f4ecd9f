// Runs one search: Spin writes a C program, the compiler builds it, it visits the states.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const model = fileURLToPath(new URL('handshake.pml', import.meta.url))

/** A search may take this much memory, in MiB; the largest one needs about 900. */
export const memoryLimitMiB = 2_048
/** Longer than any path: the deepest has about 260 steps. */
const depthLimit = 10_000

/** Runs a program in `cwd` and returns what it printed; `hear` gets it as it comes. */
async function run(cwd, program, args, hear = () => {}) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
      hear(String(chunk))
    })
  }
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { status, output }
}

async function must(cwd, program, args) {
  const { status, output } = await run(cwd, program, args)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${output}`)
  return output
}

function switches({ mistake, size }) {
  const { attempts, messages } = size
  const sizes = [`-DATTEMPTS=${attempts}`, `-DUP=${messages}`, `-DDOWN=${messages}`]
  return mistake === undefined ? sizes : [...sizes, `-D${mistake}`]
}

/** Breadth first finds the shortest way to fail; depth first needs less memory, which counts when every state is visited. */
function method({ mistake }) {
  return mistake === undefined || mistake === 'WITNESS' ? ['-O2', '-DCOLLAPSE'] : ['-O1', '-DBFS']
}

function read(output) {
  const errors = /errors: (\d+)/.exec(output)?.[1]
  const states = /(\S+) states, stored/.exec(output)?.[1]
  if (errors === undefined || states === undefined) throw new Error(`the search said nothing:\n${output}`)
  const stopped = /max search depth too small|Search not completed|MEMLIM|out of memory/i.exec(output)?.[0]
  const failure = /pan:\d+: (.*?)(?: \(at depth \d+\))?$/m.exec(output)?.[1]
  const memoryMiB = Number(/(\S+)\s+total actual memory usage/.exec(output)?.[1] ?? Number.NaN)
  if (failure !== undefined) return { verdict: 'fails', failure, states: Number(states), memoryMiB }
  // A search that did not visit everything has shown nothing.
  if (stopped !== undefined || errors !== '0') throw new Error(`the search is not complete:\n${output}`)
  return { verdict: 'holds', failure: undefined, states: Number(states), memoryMiB }
}

/**
 * Runs a search and returns its verdict, how many states it stored, and its time; with a failure also the way to it: the
 * frames put into (!) and taken from (?) each pipe. `progress` gets the number of states so far, every million.
 */
export async function search(what, progress) {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-model-'))
  const startedAt = performance.now()
  try {
    copyFileSync(model, join(dir, 'handshake.pml'))
    await must(dir, 'spin', ['-a', ...switches(what), 'handshake.pml'])
    await must(dir, 'gcc', [
      ...method(what),
      '-w',
      '-DSAFETY',
      `-DMEMLIM=${memoryLimitMiB}`,
      '-o',
      'pan',
      'pan.c',
    ])
    const { output } = await run(dir, join(dir, 'pan'), [`-m${depthLimit}`], (text) => {
      const states = /^Depth=.*?States=\s*(\S+)/m.exec(text)?.[1]
      // Breadth first it speaks at every depth: of small searches there is nothing to say.
      if (Number(states) >= 1_000_000) progress(Number(states).toLocaleString('en'))
    })
    const result = { ...read(output), seconds: (performance.now() - startedAt) / 1_000 }
    return result.verdict === 'holds' ? result : { ...result, trace: await trace(dir, what) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function trace(dir, what) {
  const { output } = await run(dir, 'spin', ['-t', '-c', ...switches(what), 'handshake.pml'])
  return output.split(/^spin: trail ends/m)[0].trimEnd()
}
