import type * as library from 'holdfast'
import type * as resuming from 'holdfast/resume'

declare global {
  /** The global that the CDN file `holdfast.resume.min.js` defines. */
  const Holdfast: typeof library & Pick<typeof resuming, 'resume'>
}
