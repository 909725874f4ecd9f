// For tests of applications: a session without a network, in virtual time.
export { ManualClock } from '@holdfast/lifetime/testing'
export { type FakeServer, type FakeServerOptions, fakeServer, type ServerSocket } from './fake-server.ts'
