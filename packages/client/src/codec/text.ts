import { platform } from '@holdfast/lifetime'
import type { Incoming } from '../message.ts'

const web = platform as unknown as {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }
  readonly TextDecoder: new (
    label: string,
    options: { readonly fatal: boolean },
  ) => { decode(bytes: ArrayBufferView | ArrayBuffer): string }
}

/** Gives text as UTF-8. */
export function utf8Of(text: string): Uint8Array<ArrayBuffer> {
  return new web.TextEncoder().encode(text)
}

/** Gives a message as text. @throws TypeError when it is binary and no UTF-8 */
export function textOf(message: Incoming | Uint8Array): string {
  return typeof message === 'string' ? message : new web.TextDecoder('utf-8', { fatal: true }).decode(message)
}
