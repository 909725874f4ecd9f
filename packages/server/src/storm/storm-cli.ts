#!/usr/bin/env node
import { writeFileSync } from 'node:fs'
import { printable } from '../printable.ts'
import { simulateStorm } from './simulate-storm.ts'
import { readStormCommand, type StormCommand, stormUsage } from './storm-arguments.ts'
import { stormChart, stormTable } from './storm-report.ts'
import { stormSvg } from './storm-svg.ts'

process.exitCode = run(process.argv.slice(2))

/** Exit code 3: some clients never came back, so that a check before a deploy can fail on it. */
function run(args: readonly string[]): number {
  let command: StormCommand
  try {
    command = readStormCommand(args)
  } catch (error) {
    console.error(`holdfast-storm: ${messageOf(error)}\nTry holdfast-storm --help`)
    return 2
  }
  if (command.name === 'help') {
    console.log(stormUsage)
    return 0
  }
  const results = command.storms.map(simulateStorm)
  if (command.json) console.log(JSON.stringify(results))
  else console.log([stormTable(results), ...results.map((result) => stormChart(result))].join('\n\n'))
  try {
    if (command.svgFile !== undefined) writeFileSync(command.svgFile, stormSvg(results))
  } catch (error) {
    console.error(`holdfast-storm: --svg: ${messageOf(error)}`)
    return 1
  }
  return results.every(({ outcome }) => outcome === 'recovered') ? 0 : 3
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error))
}
