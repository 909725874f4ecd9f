// For applications.
export { request } from './request.ts'
export { type RequestOptions, type Requests, requests, type RequestsOptions } from './requests.ts'
export { isRequestError, RequestError, type Sent } from './request-error.ts'
export type { Signal } from '@holdfast/lifetime'
export { byField, type ByFieldOptions, type Fields, jsonRpc, type JsonRpcRequest } from './correlation.ts'

// For those who speak to servers of another kind.
export type { Correlation, Recognized } from './correlation.ts'
