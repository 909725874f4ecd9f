// For those who answer requests.
export type { Clock, Release } from '@holdfast/lifetime'
export { respond, type RespondOptions } from './respond.ts'
export { AnswerError } from './answer-error.ts'
export type { RequestContext, RequestHandler } from './answer.ts'
export type { RequestMessage } from './request-message.ts'
