import type * as library from 'holdfast'

declare global {
  /** The global that the CDN file `holdfast.min.js` defines. */
  const Holdfast: typeof library
}
