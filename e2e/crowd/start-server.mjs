// Starts a server for a crowd.
import { Program } from './program.mjs'

/** Starts it; `port` 0 is any. */
export async function startServer({ port = 0, ...given }) {
  const program = new Program('server-process.mjs', { port, ...given })
  const address = await program.ask('start')
  return { program, port: address.port, url: `ws://127.0.0.1:${address.port}/` }
}
