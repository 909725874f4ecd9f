import { type ChaosOptions, resolveOptions } from './chaos-options.ts'
import type { ChaosProxy } from './chaos-proxy.ts'
import { RunningProxy } from './running-proxy.ts'

/**
 * Starts a TCP proxy in front of a target; resolves when its ports are open. Without faults it passes everything on
 * unchanged. Each call starts another proxy.
 *
 * @throws BadValueError for an option out of bounds, naming the option, the bound and the value
 * @throws ChaosError `port-in-use` or `listen-failed` when a port cannot be opened
 *
 * @example
 * await using chaos = await startChaos({ target: { host: '127.0.0.1', port: 8080 } })
 * await chaos.set({ latencyMs: 100, jitterMs: 50 })
 * chaos.reset()
 */
export async function startChaos(options: ChaosOptions): Promise<ChaosProxy> {
  const proxy = new RunningProxy(resolveOptions(options))
  await proxy.start()
  return proxy
}
