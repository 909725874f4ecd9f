// For applications.
export { dialLimit, type DialLimit, type DialLimitOptions } from './dial-limit.ts'
export { sendLimit, type SendLimit, type SendLimitOptions, type SlowDown } from './send-limit.ts'
