import { checkDelivery } from './check-delivery.ts'
import { type LogLine, messagesIn } from './event-log.ts'

/** What the logs of a client and of a server that was killed say. */
export interface FatesReport {
  readonly rounds: number
  /** How often each fate was told, of all that the client accepted. */
  readonly fates: Readonly<Record<string, number>>
  /** Of the uncertain ones, those that the server has. */
  readonly uncertainThatArrived: number
  /** What the server sent and the client never got: with the memory store it dies with the process. */
  readonly diedWithServer: number
  /** What must not be, in words; empty if all holds. */
  readonly broken: readonly string[]
}

/** Checks what each message was told to be against where it is. The logs are all it knows. */
export function checkFates(client: readonly LogLine[], server: readonly LogLine[]): FatesReport {
  const accepted = messagesIn(client, 'accepted')
  const arrived = new Set(messagesIn(server, 'delivered'))
  const fates = fatesIn(client)
  const rounds = splitAt(client, 'round').slice(1)
  const sides = [...up(accepted, server), ...down(client, server)]
  const counts: Record<string, number> = {}
  for (const fate of [...fates.values()].flat()) counts[fate] = (counts[fate] ?? 0) + 1
  const uncertain = accepted.filter((message) => fates.get(message)?.includes('uncertain'))
  return {
    rounds: rounds.length,
    fates: counts,
    uncertainThatArrived: uncertain.filter((message) => arrived.has(message)).length,
    diedWithServer: messagesIn(server, 'accepted').length - messagesIn(client, 'delivered').length,
    broken: [...oneFateEach(accepted, fates), ...trueFates(fates, arrived), ...oneGapEach(rounds), ...sides],
  }
}

function fatesIn(client: readonly LogLine[]): ReadonlyMap<string, readonly string[]> {
  const fates = new Map<string, string[]>()
  for (const { word, rest } of client) {
    if (word !== 'fate') continue
    const [number, digest, fate = ''] = rest
    const message = `${number} ${digest}`
    fates.set(message, [...(fates.get(message) ?? []), fate])
  }
  return fates
}

function oneFateEach(
  accepted: readonly string[],
  fates: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const known = new Set(accepted)
  const strangers = [...fates.keys()].filter((message) => !known.has(message))
  return [
    ...accepted
      .filter((message) => fates.get(message)?.length !== 1)
      .map((message) => `${message} has the fates [${(fates.get(message) ?? []).join(', ')}]`),
    ...strangers.map((message) => `${message} has a fate and was not accepted`),
  ]
}

function trueFates(
  fates: ReadonlyMap<string, readonly string[]>,
  arrived: ReadonlySet<string>,
): readonly string[] {
  return [...fates].flatMap(([message, [fate]]) => {
    if (fate === 'acked' && !arrived.has(message))
      return [`${message} is acked, and the server does not have it`]
    const isOut = fate === 'undelivered' || fate === 'rejected' || fate === 'expired' || fate === 'dropped'
    return isOut && arrived.has(message) ? [`${message} is ${fate}, and the server has it`] : []
  })
}

function oneGapEach(rounds: readonly (readonly LogLine[])[]): readonly string[] {
  return rounds.flatMap((lines, index) => {
    const gaps = lines.filter(({ word }) => word === 'gap').length
    return gaps === 1 ? [] : [`round ${index + 1} has ${gaps} gaps`]
  })
}

/** What the client sent may be missing at the server; it is there once, and in order. */
function up(accepted: readonly string[], server: readonly LogLine[]): readonly string[] {
  const { duplicated, reordered, invented } = checkDelivery(accepted, messagesIn(server, 'delivered'))
  return inWords('at the server', { duplicated, reordered, invented })
}

/** Of what each process of the server sent, the client has the beginning, once and in order. */
function down(client: readonly LogLine[], server: readonly LogLine[]): readonly string[] {
  const got = messagesIn(client, 'delivered')
  const lives = splitAt(server, 'started').map((lines) => messagesIn(lines, 'accepted'))
  const { duplicated, reordered, invented } = checkDelivery(lives.flat(), got)
  const has = new Set(got)
  const holes = lives.flatMap((sent) => {
    const missing = sent.findIndex((message) => !has.has(message))
    return missing < 0 ? [] : sent.slice(missing).filter((message) => has.has(message))
  })
  return inWords('at the client', { duplicated, reordered, invented, 'behind a hole': holes })
}

function inWords(where: string, found: Readonly<Record<string, readonly string[]>>): readonly string[] {
  return Object.entries(found).flatMap(([what, some]) =>
    some.map((message) => `${message} is ${what} ${where}`),
  )
}

function splitAt(log: readonly LogLine[], word: string): readonly (readonly LogLine[])[] {
  const parts: LogLine[][] = [[]]
  for (const line of log) {
    if (line.word === word) parts.push([])
    parts.at(-1)?.push(line)
  }
  return parts
}
