// For applications that run in Node.
export { type DeflateOptions, nodeSocket, type NodeSocketOptions } from './node-socket.ts'
