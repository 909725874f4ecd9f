#!/usr/bin/env node
import { createRequire } from 'node:module'
import { type Command, readCommand, usage } from './cli-arguments.ts'
import { openRoutes } from './cli-routes.ts'
import { isServerError } from './errors.ts'
import type { HttpRoute } from './http-route.ts'
import type { LogEntry } from './log.ts'
import { printable } from './printable.ts'
import { createServer, type HoldfastServer } from './server.ts'

process.exitCode = await run(process.argv.slice(2))

async function run(args: readonly string[]): Promise<number> {
  let command: Command
  try {
    command = readCommand(args)
  } catch (error) {
    console.error(`holdfast-server: ${messageOf(error)}\nTry holdfast-server --help`)
    return 2
  }
  if (command.name === 'serve') return serve(command)
  console.log(command.name === 'help' ? usage : version())
  return 0
}

async function serve({
  options,
  json,
  routes,
  deadlineMs,
}: Extract<Command, { name: 'serve' }>): Promise<number> {
  let opened: readonly HttpRoute[] = []
  const server = createServer({
    ...options,
    routes: [(...request) => opened.some((route) => route(...request))],
    logger: json ? logJson : logWords,
  })
  const stopped = stopAtSignal(server, deadlineMs)
  try {
    opened = await openRoutes(server, routes)
    const { url, host, port } = await server.start()
    console.log(json ? JSON.stringify({ event: 'listening', url, host, port }) : `listening on ${url}`)
  } catch (error) {
    // A signal that came first is no failure.
    if (isServerError(error) && error.code === 'stopped') return stopped
    console.error(`holdfast-server: ${messageOf(error)}`)
    // Also what was not started may hold something, such as the timers of sessions.
    await server.stop()
    return 1
  }
  return stopped
}

/** Stops at the first signal, forces at the second. Resolves with the exit code once stopped. */
function stopAtSignal(server: HoldfastServer, deadlineMs: number): Promise<number> {
  const force = new AbortController()
  return new Promise((resolve) => {
    const first = () => {
      process.off('SIGINT', first).off('SIGTERM', first)
      process.on('SIGINT', second).on('SIGTERM', second)
      void server.stop({ signal: force.signal, deadlineMs }).then(() => {
        process.off('SIGINT', second).off('SIGTERM', second)
        resolve(0)
      })
    }
    const second = () => force.abort()
    process.on('SIGINT', first).on('SIGTERM', first)
  })
}

function logJson({ level, event, at, fields }: LogEntry): void {
  console.error(JSON.stringify({ at: new Date(at).toISOString(), level, event, ...fields }))
}

function logWords({ level, event, at, fields }: LogEntry): void {
  const words = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  console.error([new Date(at).toISOString(), level, event, ...words].join(' '))
}

/** What the sources and the built file both have one folder above them. */
function version(): string {
  const read = createRequire(import.meta.url)
  return (read('../package.json') as { version: string }).version
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error))
}
