// For tests of applications: a session without a network, in virtual time.
export { ManualClock } from '@holdfast/lifetime/testing'
export { type DialAnswer, type FakeServer, type FakeServerOptions, fakeServer } from './fake-server.ts'
export type { ServerSocket } from './server-socket.ts'
