import type { EngineName, LabPage } from './browser.ts'
import { type Backend, script } from './backend.ts'
import { labPages } from './browser-files.ts'
import type { Addresses, Mode } from './lab.ts'

/** The kinds of places in a browser that run scripts and have sockets. */
export const placeKinds = ['page', 'worker', 'shared worker', 'service worker'] as const
export type PlaceKind = (typeof placeKinds)[number]

/** What a place is told to run. */
export interface Run {
  readonly name: string
  readonly environment: { readonly name: EngineName; readonly mode: Mode }
  readonly addresses: Addresses
}

/** What the page has, see in-page.ts. */
declare function runInPage(name: string, environment: Run['environment'], addresses: Addresses): Promise<void>

/** Where the script of workers is, for a mode. */
export const workerScript = (mode: Mode) => `/worker-${mode}.js`

/** Serves a script that makes any kind of worker obey: it runs what a message asks for, and answers at the message's port. */
export function serveWorkers({ pages }: Backend): void {
  for (const mode of ['plain', 'resume'] as const) {
    const sources = labPages[mode].scripts.map((source) => `'${source}'`)
    pages.set(
      workerScript(mode),
      script(`importScripts(${sources.join(', ')})
        const obey = ({ data, ports: [port] }) => runInPage(data.name, data.environment, data.addresses)
          .then(() => port.postMessage('passed'), (error) => port.postMessage(error.message + '\\n' + error.stack))
        // The browser may stop a service worker that has nothing to wait for.
        onmessage = (event) => { const run = obey(event); event.waitUntil?.(run) }
        onconnect = ({ ports: [port] }) => { port.onmessage = obey }`),
    )
  }
}

/** Runs a scenario in a place of this kind that the page starts. @throws Error as the scenario did */
export async function runInPlace(page: LabPage, kind: PlaceKind, run: Run): Promise<void> {
  const outcome = await page.evaluate(runFromPage, { kind, run, source: workerScript(run.environment.mode) })
  if (outcome !== 'passed') throw new Error(outcome)
}

/** Runs in the page. The place is started once, and kept for the next scenario. */
async function runFromPage({
  kind,
  run,
  source,
}: {
  kind: PlaceKind
  run: Run
  source: string
}): Promise<string> {
  if (kind === 'page') {
    await runInPage(run.name, run.environment, run.addresses)
    return 'passed'
  }
  const place = globalThis as unknown as { started?: Worker | MessagePort | ServiceWorker | null }
  return new Promise<string>((resolve, reject) => {
    const start = async () => {
      if (kind === 'service worker') {
        await navigator.serviceWorker.register(source, { scope: '/' })
        return (await navigator.serviceWorker.ready).active
      }
      const worker = kind === 'worker' ? new Worker(source) : new SharedWorker(source)
      worker.addEventListener('error', (event) => {
        reject(new Error(`the ${kind} says: ${(event as ErrorEvent).message}`))
      })
      return worker instanceof Worker ? worker : worker.port
    }
    const go = async () => {
      place.started ??= await start()
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener('message', ({ data }) => {
        port1.close()
        resolve(String(data))
      })
      port1.start()
      place.started?.postMessage(run, [port2])
    }
    go().catch(reject)
  })
}
