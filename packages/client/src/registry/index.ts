export type { Trace, Traced, TracedConnection } from './connection-trace.ts'
export { registry } from './registry.ts'
export type { RegistryOptions } from './registry-options.ts'
export type { RegistryEvents, RegistryLease, RegistryStats, SessionRegistry } from './session-registry.ts'

// Above: for applications. Below: for those who build on a registry.
export { registryDefaults } from './registry-options.ts'
