import { parseArgs } from 'node:util'
import { attack, replay } from './campaign.ts'
import { type Failure, type Target, targets } from './fuzz-case.ts'

// One process of the fuzzer: attacks some targets and prints a report as JSON, or runs one case again. `run.mjs` bundles
// and starts it.

const usage = 'usage: --frames N --seed S --target decoder,client,server | --replay TARGET:SEED:FRAMES'

/** @throws never returns */
function stop(message: string): never {
  console.error(`${message}\n${usage}`)
  return process.exit(2)
}

function wholeNumber(name: string, text: string | undefined): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  return stop(`${name}: a whole number from 0 is needed, received ${text}`)
}

function targetNamed(name: string | undefined): Target {
  return (
    targets.find((target) => target === name) ??
    stop(`one of ${targets.join(', ')} is needed, received ${name}`)
  )
}

function again(text: string): Failure | undefined {
  const [target, seed, frames] = text.split(':')
  return replay(targetNamed(target), wholeNumber('seed', seed), wholeNumber('frames', frames))
}

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', default: targets.join(',') },
    replay: { type: 'string' },
  },
})
if (values.replay === undefined) {
  const chosen = values.target.split(',').map(targetNamed)
  for (const target of chosen) {
    const report = attack(target, wholeNumber('--frames', values.frames), wholeNumber('--seed', values.seed))
    console.log(JSON.stringify(report))
    if (report.failure !== undefined) process.exitCode = 1
  }
} else {
  const failure = again(values.replay)
  console.log(
    failure === undefined
      ? 'holds'
      : `${failure.words}\nafter ${failure.frames} frames, the last: ${failure.frame}`,
  )
  process.exitCode = failure === undefined ? 0 : 1
}
