import { platform, type Signal } from '@holdfast/lifetime'
import type { Cause } from './cause.ts'
import { must } from './bounds.ts'
import { parseHeaders } from './platform-socket.ts'

/** What an attempt tells the functions it asks. */
export interface AttemptContext {
  /** Which attempt this is since the last healthy connection, from 1. */
  readonly attempt: number
  /** Why the attempt is made: what ended the one before, or the last connection. */
  readonly cause: Cause
  /** Aborts when the answer is not wanted any more: deadline, dispose, or a newer attempt. */
  readonly signal: Signal
}

/**
 * What the application proves itself with: a token, an object, whatever its server understands. Spelled out, because
 * `unknown` would swallow the function beside it, and with it the types of the function's argument.
 */
export type Credentials = string | number | bigint | boolean | object | null | undefined

/** A value, or a function asked before every attempt. */
export type Provided<T> =
  | (T extends (...args: never) => unknown ? never : T)
  | ((context: AttemptContext & { readonly credentials?: unknown }) => T | PromiseLike<T>)

/** Where an attempt goes: everything asked anew, checked. */
export interface Target {
  readonly url: string
  readonly protocols: readonly string[]
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly credentials: Credentials
}

/** An address: a string, or anything with an `href`, such as a `URL`. */
export type Address = string | { readonly href: string }

/** The sources of a target. */
export interface TargetSources {
  readonly url: Provided<Address>
  readonly protocols: Provided<string | readonly string[]>
  readonly headers: Provided<Readonly<Record<string, string>>> | undefined
  readonly credentials: Provided<Credentials>
}

/** The part of the platform's `URL` that this code uses. */
interface URL {
  protocol: string
  readonly href: string
  readonly hash: string
}

const web = platform as unknown as {
  readonly URL: new (url: string, base?: string) => URL
  readonly location?: { readonly href: string }
}

/**
 * Asks for everything that an attempt needs: credentials first, then, told them, the rest.
 * @throws TypeError when an answer is unusable; whatever a provider throws passes through
 */
export async function resolveTarget(sources: TargetSources, context: AttemptContext): Promise<Target> {
  const credentials = await ask(sources.credentials, context)
  const told = { ...context, credentials }
  const [url, protocols, headers] = await Promise.all([
    ask(sources.url, told),
    ask(sources.protocols, told),
    ask<Readonly<Record<string, string>> | undefined>(sources.headers, told),
  ])
  return {
    url: parseUrl(url),
    protocols: parseProtocols(protocols),
    headers: parseHeaders(headers),
    credentials,
  }
}

/** Tells whether any source is a function, so that asking again may bring something new. */
export function hasProvider(sources: TargetSources): boolean {
  return Object.values(sources).some((source) => typeof source === 'function')
}

/**
 * Checks what is known before the first attempt.
 * @throws TypeError when a fixed value is unusable
 */
export function assertTarget({ url, protocols, headers }: TargetSources): void {
  if (typeof url !== 'function') parseUrl(url)
  if (typeof protocols !== 'function') parseProtocols(protocols)
  if (typeof headers !== 'function') parseHeaders(headers)
}

/** Asks one source. */
export async function ask<T>(source: Provided<T> | undefined, context: AttemptContext): Promise<T> {
  return typeof source === 'function'
    ? (source as (context: AttemptContext) => T | PromiseLike<T>)(context)
    : (source as T)
}

/**
 * The parser's own error repeats the URL, and with it any token in the query; what is thrown here shows no more than its
 * scheme.
 */
function parseUrl(value: unknown): string {
  const text = (value as { href?: unknown } | null | undefined)?.href ?? value
  const url = typeof text === 'string' && text ? tryParse(text) : undefined
  must(
    url && /^(ws|http)s?:$/.test(url.protocol) && !url.hash,
    TypeError,
    'url',
    'a ws(s) or http(s) URL, no fragment',
    url ? `${url.protocol}${url.hash && '#'}` : typeof text,
  )
  url.protocol = url.protocol.replace('http', 'ws')
  return url.href
}

function tryParse(text: string): URL | undefined {
  try {
    return new web.URL(text, web.location?.href)
  } catch {
    return undefined
  }
}

/** A subprotocol is a token of HTTP, RFC 9110 section 5.6.2, and none is offered twice, RFC 6455 section 4.1. */
function parseProtocols(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const tokens = list.every(
    (name): name is string => typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name),
  )
  must(
    tokens && new Set(list).size === list.length,
    TypeError,
    'protocols',
    'HTTP tokens, once',
    typeof value,
  )
  return list
}
