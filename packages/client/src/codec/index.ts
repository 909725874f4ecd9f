// For applications.
export { batched } from './batched.ts'
export { coded } from './coded.ts'
export type { CodedError, CodedEvents, CodedOptions, CodedSession } from './coded-session.ts'
export { CodecError, type CodecPhase, isCodecError } from './codec-error.ts'
export { compressed, type CompressionOptions } from './compressed.ts'
export type { CompressionFormat } from './compression.ts'
export { json } from './json.ts'
export { msgpack, type MessagePackLibrary } from './msgpack.ts'
export { requestsOn, type RequestsOnOptions, type ValueCorrelation } from './requests-on.ts'
export { type SchemaFailure, type Schemas, validated } from './validated.ts'

// For those who write codecs.
export type { BatchLimits, Check, Codec, ListCodec, MaybePromise } from './codec.ts'
export type { StandardIssue, StandardProps, StandardResult, StandardSchema } from './standard-schema.ts'
export type { InputOf, OutputOf } from './validated.ts'
