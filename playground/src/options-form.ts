import type { SessionOptions } from 'holdfast'
import type { ResumeOptions } from 'holdfast/resume'
import { element, input, select } from './element.ts'

/** What the form says, as the library takes it. The library checks it; its words about a bad value are shown as they are. */
export function readOptions(): SessionOptions {
  const list = protocols()
  return {
    protocols: list.length === 0 || resumeWanted() ? undefined : list,
    connect: { ...number('dialTimeoutMs') },
    heartbeat: { ...number('intervalMs'), ...number('timeoutMs'), ...ping() },
    backoff: { ...number('baseMs'), ...number('capMs'), ...number('maxAttempts') },
    queue: { ...number('maxMessages'), ...number('maxBytes'), overflow: overflow() },
    whenHidden: whenHidden(),
    ...number('closeTimeoutMs'),
  }
}

/** Tells whether the switch for resume mode is on. */
export const resumeWanted = (): boolean => input('resume').checked

/** What the form says about resuming; `undefined`: not at all. The WebSocket's own subprotocol is taken in this mode. */
export function readResume(): Partial<ResumeOptions> | undefined {
  if (!resumeWanted()) return undefined
  const list = protocols()
  return list.length === 0 ? {} : { protocols: list }
}

/** Calls `changed` whenever the form says something else. */
export function onOptionsChange(changed: () => void): void {
  element('session-form', HTMLFormElement).addEventListener('input', changed)
}

function protocols(): readonly string[] {
  return input('protocols')
    .value.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** A field left empty is an option left out. */
function number<Name extends string>(name: Name): { readonly [Key in Name]?: number } {
  const text = input(name).value.trim().replaceAll(/[,\s]/g, '')
  return (text === '' ? {} : { [name]: Number(text) }) as { readonly [Key in Name]?: number }
}

function ping(): SessionOptions['heartbeat'] & object {
  if (!input('ping').checked || resumeWanted()) return {}
  return { ping: () => 'ping', isPong: (message) => message === 'ping' }
}

function overflow(): 'reject' | 'drop-oldest' | 'drop-newest' {
  const { value } = select('overflow')
  return value === 'drop-oldest' || value === 'drop-newest' ? value : 'reject'
}

function whenHidden(): NonNullable<SessionOptions['whenHidden']> {
  const { value } = select('whenHidden')
  if (value === 'closeAfterMs') return { closeAfterMs: 5_000 }
  return value === 'pauseRetries' ? value : 'keep'
}
