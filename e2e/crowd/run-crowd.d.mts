/** What a part is held to: a count is the same on every machine, a figure can be spoiled by a busy one. */
interface Bar {
  readonly what: string
  readonly value: number | string | boolean | null
  readonly bar: string
  readonly kind: 'count' | 'figure'
  readonly met: boolean
}

/** Runs parts of a measurement with many real clients. */
export function runCrowd(
  options?: Partial<
    Record<
      | 'clients'
      | 'processes'
      | 'backoffBaseMs'
      | 'backoffCapMs'
      | 'rate'
      | 'downMs'
      | 'drainClients'
      | 'spreadMs'
      | 'stormClients'
      | 'stormRate'
      | 'stormDownMs'
      | 'settleMs'
      | 'sessions'
      | 'sendEveryMs'
      | 'loadMs'
      | 'deadlineMs'
      | 'floodMs'
      | 'pingsPerS',
      number
    >
  > & { readonly only?: readonly string[]; readonly print?: (line: string) => void },
): Promise<{
  readonly parts: readonly {
    readonly name: string
    readonly seconds: number
    /** What else it had to do: figures say little when the load is above the number of cores. */
    readonly machine: { readonly cores: number; readonly load: number }
    readonly figures: Readonly<Record<string, unknown>>
    readonly bars: readonly Bar[]
  }[]
  readonly met: boolean
}>
