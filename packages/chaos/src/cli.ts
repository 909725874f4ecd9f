#!/usr/bin/env node
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { BadValueError } from './bad-value-error.ts'
import { ChaosError } from './chaos-error.ts'
import type { LogEntry } from './chaos-event.ts'
import type { ChaosProxy } from './chaos-proxy.ts'
import { type CliRequest, readArguments } from './cli-arguments.ts'
import { helpText } from './cli-help.ts'
import { describeEntry } from './describe-entry.ts'
import { startChaos } from './start-chaos.ts'

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function printAddresses({ target, host, port, controlPort }: ChaosProxy, control: string): void {
  print(`proxy    ${hostPort(host, port)} -> ${hostPort(target.host, target.port)}`)
  print(`control  ${controlPort === undefined ? 'off' : `http://${hostPort(control, controlPort)}/`}`)
}

function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Resolves when the process is asked to end, or when nobody reads the output any more. */
async function askedToEnd(): Promise<void> {
  const done = new AbortController()
  const { signal } = done
  const never = () => undefined
  const outputGone = new Promise<void>((resolve) => process.stdout.on('error', () => resolve()))
  await Promise.race([
    once(process, 'SIGINT', { signal }).catch(never),
    once(process, 'SIGTERM', { signal }).catch(never),
    outputGone,
  ])
  // Gives the signals their usual effect back: a second Ctrl+C ends the process at once.
  done.abort()
}

async function run({ options, isJson }: Extract<CliRequest, { kind: 'run' }>): Promise<void> {
  const end = askedToEnd()
  const proxy = await startChaos(options)
  const show = (entry: LogEntry) => print(isJson ? JSON.stringify(entry) : describeEntry(entry))
  if (!isJson) printAddresses(proxy, (options.control !== false && options.control?.host) || '127.0.0.1')
  for (const entry of proxy.log) show(entry)
  proxy.onEvent(show)
  await end
  await proxy.close()
}

function isBadArgument(error: unknown): error is Error {
  if (error instanceof BadValueError) return true
  const { code } = error as NodeJS.ErrnoException
  return error instanceof TypeError && code?.startsWith('ERR_PARSE_ARGS_') === true
}

function fail(error: unknown): void {
  const isUsage = isBadArgument(error)
  if (!isUsage && !(error instanceof ChaosError)) throw error
  process.stderr.write(`holdfast-chaos: ${error.message}\n`)
  if (isUsage) process.stderr.write('Try holdfast-chaos --help\n')
  // Not `process.exit`: that could cut off what is still being written.
  process.exitCode = isUsage ? 2 : 1
}

async function main(argv: readonly string[]): Promise<void> {
  const request = readArguments(argv)
  if (request.kind === 'help') process.stdout.write(helpText)
  else if (request.kind === 'run') await run(request)
  else print(version())
}

await main(process.argv.slice(2)).catch(fail)
