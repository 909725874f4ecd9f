// For applications.
export {
  type Lifetime,
  type LifetimeCounts,
  type LifetimeOptions,
  limitLifetime,
} from './limit-lifetime.ts'
export { wakeOnSend } from './wake-on-send.ts'
