import { readFileSync } from 'node:fs'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { CommandRoutes } from './cli-routes.ts'
import { integer, shown } from './option-checks.ts'
import { resolveOptions, type ServerOptions } from './options.ts'
import { echoSessions } from './sessions/echo-sessions.ts'
import { sessions } from './sessions/sessions.ts'
import { deadlineBounds, STOP_DEADLINE_MS } from './stop-options.ts'

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | {
      readonly name: 'serve'
      readonly options: ServerOptions
      readonly json: boolean
      readonly routes: CommandRoutes
      readonly deadlineMs: number
    }

/** The text of `--help`. */
export const usage = `holdfast-server: a WebSocket server that echoes what it gets

Usage: holdfast-server [options]

  --host <address>           address to listen on (127.0.0.1)
  --port <number>            port to listen on, 0 for any free one (8787)
  --path <path>              the only path that takes connections (every path)
  --origin <origin>          let pages of this origin connect; may be repeated; "any" for all
  --tls-cert <file>          certificate in PEM, to listen for wss; needs --tls-key
  --tls-key <file>           its private key in PEM
  --idle-timeout-ms <ms>     close a client that sent nothing for so long, or Infinity (60000)
  --ping-interval-ms <ms>    time between pings, or Infinity for none (20000)
  --max-payload-bytes <n>    the largest message taken (1048576)
  --max-connections <n>      connections at a time (10000)
  --admit-per-s <n>          clients taken in per second, or Infinity (500)
  --max-connection-ms <ms>   ask clients to come back on another connection after about so long,
                             or Infinity (Infinity)
  --deadline-ms <ms>         time for clients to leave when it stops, 0 to cut them (5000)
  --resume                   give clients that offer holdfast.v1 sessions that survive
                             their connections, and echo in them
  --misbehave                let clients ask for misbehaviour in the query; serve /stats
  --metrics                  serve /metrics for Prometheus; needs the package prom-client
  --profile-endpoint         let programs on this machine record profiles: POST /profile/cpu, /profile/heap
  --json                     print one JSON object a line instead of words
  --help                     print this and exit
  --version                  print the version and exit

SIGINT or SIGTERM stops it: clients are told to go and get --deadline-ms. A second signal cuts them at once.
`

const DEFAULT_PORT = 8787

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  path: { type: 'string' },
  origin: { type: 'string', multiple: true },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'idle-timeout-ms': { type: 'string' },
  'ping-interval-ms': { type: 'string' },
  'max-payload-bytes': { type: 'string' },
  'max-connections': { type: 'string' },
  'admit-per-s': { type: 'string' },
  'max-connection-ms': { type: 'string' },
  'deadline-ms': { type: 'string' },
  resume: { type: 'boolean' },
  misbehave: { type: 'boolean' },
  metrics: { type: 'boolean' },
  'profile-endpoint': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values']

/** The flags that take a number. */
type NumberFlag =
  | 'port'
  | 'idle-timeout-ms'
  | 'ping-interval-ms'
  | 'max-payload-bytes'
  | 'max-connections'
  | 'admit-per-s'
  | 'max-connection-ms'
  | 'deadline-ms'

/** Options of the server that come from a flag of another name, for messages that name what the user typed. */
const flagOf: Readonly<Record<string, string>> = {
  'tls.cert': 'tls-cert',
  'tls.key': 'tls-key',
  origins: 'origin',
  idleTimeoutMs: 'idle-timeout-ms',
  pingIntervalMs: 'ping-interval-ms',
  maxPayloadBytes: 'max-payload-bytes',
  maxConnections: 'max-connections',
  'admission.perSecond': 'admit-per-s',
  maxConnectionMs: 'max-connection-ms',
}

/**
 * Reads command line arguments, without the program's name.
 * @throws TypeError or RangeError naming the argument; errors of the file system for `--tls-cert` and `--tls-key`
 */
export function readCommand(args: readonly string[]): Command {
  const { values } = parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false })
  if (values.help) return { name: 'help' }
  if (values.version) return { name: 'version' }
  return {
    name: 'serve',
    options: readOptions(values),
    json: values.json ?? false,
    routes: { metrics: values.metrics ?? false, profile: values['profile-endpoint'] ?? false },
    deadlineMs: integer('--deadline-ms', number(values, 'deadline-ms') ?? STOP_DEADLINE_MS, deadlineBounds),
  }
}

function readOptions(values: Values): ServerOptions {
  const raw = {
    host: values.host,
    port: number(values, 'port') ?? DEFAULT_PORT,
    path: values.path,
    origins: values.origin?.includes('any') ? 'any' : values.origin,
    tls: readTls(values['tls-cert'], values['tls-key']),
    idleTimeoutMs: number(values, 'idle-timeout-ms'),
    pingIntervalMs: number(values, 'ping-interval-ms'),
    maxPayloadBytes: number(values, 'max-payload-bytes'),
    maxConnections: number(values, 'max-connections'),
    admission: values['admit-per-s'] === undefined ? undefined : { perSecond: number(values, 'admit-per-s') },
    maxConnectionMs: number(values, 'max-connection-ms'),
    sessions: values.resume ? sessions({ handler: echoSessions, ack: 'handled' }) : undefined,
    allowMisbehaviour: values.misbehave,
  }
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))
  try {
    return resolveOptions(given)
  } catch (error) {
    throw nameFlag(error)
  }
}

/** Says `--idle-timeout-ms: …` where the option's own message says `idleTimeoutMs: …`. */
function nameFlag(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  error.message = error.message.replace(
    /^([\w.]+)(\[\d+\])?:/,
    (_all, name: string) => `--${flagOf[name] ?? name}:`,
  )
  return error
}

function number(values: Values, name: NumberFlag): number | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  if (/^\d{1,15}$/.test(value)) return Number(value)
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  throw new TypeError(`--${name}: must be a whole number, received ${shown(value)}`)
}

function readTls(certFile: string | undefined, keyFile: string | undefined) {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined) throw new TypeError('--tls-cert: must be given together with --tls-key')
  if (keyFile === undefined) throw new TypeError('--tls-key: must be given together with --tls-cert')
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) }
}
