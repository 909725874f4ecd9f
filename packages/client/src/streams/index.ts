// For applications.
export type { OnGap } from './readable.ts'
export { type SessionStreams, streams, type StreamsOptions } from './streams.ts'
