// For those who want to know how a crowd comes back, before it does.
export { type ClientPolicy, clientPolicies, type ClientPolicyName } from './client-policy.ts'
export { simulateStorm } from './simulate-storm.ts'
export type { ServerModel, StormOptions } from './storm-options.ts'
export type { StormResult } from './storm-record.ts'
export { stormChart, stormTable } from './storm-report.ts'
export { stormSvg } from './storm-svg.ts'
