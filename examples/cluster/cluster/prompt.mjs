import { createInterface } from 'node:readline'

/**
 * Takes commands from standard input, a line each, and prints what came of them.
 * @param {(command: string) => Promise<string>} run
 */
export function takeCommands(run) {
  // No terminal tricks, so that Ctrl-C stays the signal that it is.
  const lines = createInterface({ input: process.stdin, terminal: false })
  lines.on('line', (line) => {
    if (line.trim() === '') return
    run(line).then(console.log, (error) => console.log(error.message))
  })
}
