import type { Settings } from './options.ts'
import type { PlugHost } from './plug.ts'

/** Lets the plugs of a session change what it uses, each what the one before left. */
export function plugged(plain: PlugHost<Settings>): PlugHost<Settings> {
  const { resume, plugs } = plain.settings
  return [resume, ...plugs].reduce((host, plug) => ({ ...host, ...plug?.(host) }), plain)
}
