/** Where the pieces are that `npm start` runs; all absent when the page is served by something else. */
export interface Site {
  readonly server?: string
  readonly proxy?: string
  readonly control?: string
}

/** Asks the server of this page; a page without one works too, with addresses typed by hand. */
export async function loadSite(): Promise<Site> {
  try {
    const response = await fetch('config.json', { cache: 'no-store' })
    if (!response.ok) return {}
    const site = (await response.json()) as Record<string, unknown>
    const known = ['server', 'proxy', 'control'].filter((name) => typeof site[name] === 'string')
    return Object.fromEntries(known.map((name) => [name, site[name]]))
  } catch {
    return {} // Opened from a file, or served without a configuration: the person types the addresses.
  }
}
