import type { Connection } from './connection.ts'

/** Sends every message back, text as text and binary as binary, in order; reads no further while the client does not read. */
export function echo(connection: Connection): void {
  connection.on('message', (data) => {
    if (connection.send(data) === 'backed-up') connection.pause()
  })
  connection.on('drained', () => connection.resume())
}
