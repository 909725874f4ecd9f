// For those who send to many, or want to know who is here.
export type { Backpressure, BackpressurePolicy } from './backpressure.ts'
export type { Client } from './client.ts'
export {
  type BroadcastOptions,
  type BroadcastResult,
  createHub,
  type Hub,
  type HubEvents,
  type HubOptions,
  type RegisterOptions,
} from './hub.ts'
export type { Delivery, Member } from './member.ts'
export type { HubTarget, MemberState } from './outlet.ts'
