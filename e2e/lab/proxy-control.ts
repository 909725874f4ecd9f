import type { FaultChange } from '@holdfast/chaos'

/** The fault proxy, over its HTTP control: reachable from everywhere. */
export interface Proxy {
  /** Changes the named faults; in force when it resolves. */
  set(faults: FaultChange): Promise<void>
  /** Switches every fault off; what was held is delivered. */
  clear(): Promise<void>
  /** Ends all connections with FIN. */
  cut(): Promise<void>
  /** Ends all connections with RST. */
  reset(): Promise<void>
  /** Tells how many connections there are now. */
  connections(): Promise<number>
  /** Tells how many dials reached the proxy since it started, as long as its log remembers. */
  dials(): Promise<number>
}

/** Gives the proxy whose control is at `url`. */
export function proxyAt(url: string): Proxy {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const init = body
      ? { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
      : { method }
    const answer = await fetch(`${url}${path}`, init)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`proxy: ${method} ${path} answered ${answer.status} ${text}`)
    return JSON.parse(text)
  }
  return {
    set: async (faults) => void (await ask('PATCH', '/faults', faults)),
    clear: async () => void (await ask('POST', '/clear')),
    cut: async () => void (await ask('POST', '/cut')),
    reset: async () => void (await ask('POST', '/reset')),
    connections: async () => ((await ask('GET', '/')) as { connectionCount: number }).connectionCount,
    dials: async () =>
      ((await ask('GET', '/log')) as { event: string }[]).filter(({ event }) => event === 'opened').length,
  }
}
