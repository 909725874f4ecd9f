import { shown } from './option-checks.ts'

/**
 * Which pages may connect. Pages of the server's own origin always may. A list adds others, each written as the browser
 * sends it (`https://app.example`, no path, no default port); `'any'` lets every page in, with the visitor's cookies.
 */
export type Origins = readonly string[] | 'any'

/** What the decision needs to know of a request. */
export interface OriginFacts {
  /** The `Origin` header, as received. */
  readonly origin: string | undefined
  /** The `Host` header, as received. */
  readonly host: string | undefined
  /** Whether this server itself speaks TLS on the connection. */
  readonly secure: boolean
}

/**
 * Decides whether a page may connect (RFC 6455, section 10.2). Compared is the whole origin, character by character.
 * Behind a proxy that ends TLS the page's `https:` is not this server's `http:`, so there the public origin must be listed.
 */
export function isOriginAllowed(facts: OriginFacts, origins: Origins, allowAbsentOrigin: boolean): boolean {
  if (facts.origin === undefined) return allowAbsentOrigin
  if (origins === 'any' || origins.includes(facts.origin)) return true
  return facts.origin === ownOrigin(facts)
}

/** Checks a list of origins. @throws TypeError for another type, RangeError for an entry no browser would ever send */
export function checkOrigins(name: string, origins: unknown): Origins {
  if (origins === 'any') return origins
  if (!Array.isArray(origins)) {
    throw new TypeError(`${name}: must be 'any' or an array of origins, received ${shown(origins)}`)
  }
  return origins.map((origin: unknown, index) => {
    if (typeof origin === 'string' && normalOrigin(origin) === origin) return origin
    throw new RangeError(
      `${name}[${index}]: must be an origin as browsers send it, such as https://app.example, received ${shown(origin)}`,
    )
  })
}

function ownOrigin({ host, secure }: OriginFacts): string | undefined {
  // What a URL parser would read as user, path, query or fragment is no part of a host.
  if (host === undefined || /[/\\@?#\s]/.test(host)) return undefined
  return normalOrigin(`${secure ? 'https' : 'http'}://${host}`)
}

function normalOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { origin } = new URL(text)
  // Sandboxed frames and files share the opaque origin "null": to list it would be to list every page.
  return origin === 'null' ? undefined : origin
}
