/** What a person can do to the cluster, at the prompt and on the page. */
export const commandHelp = `
  kill a | kill b       ends a node at once, as a crash would (SIGKILL)
  stop a | stop b       ends a node in good order (SIGTERM)
  start a | start b     starts it again
  kill redis            ends Redis at once; start redis brings it back with its data
  forget                lets Redis forget all sessions, as after an old backup was restored
  quit                  ends everything, as Ctrl-C does
`

/**
 * Makes a function that carries out a command and tells in words what came of it.
 * @param {object} parts
 * @param {ReadonlyMap<string, import('./part.mjs').Part>} parts.parts by name
 * @param {() => Promise<number>} parts.forget tells how many sessions were forgotten
 * @param {() => void} parts.quit
 * @returns {(text: string) => Promise<string>} rejects with a RangeError for what is no command, or cannot be done now
 */
export function commandsFor({ parts, forget, quit }) {
  return async (text) => {
    const [verb = '', name = '', ...more] = text.trim().toLowerCase().split(/\s+/)
    const part = parts.get(name)
    const isAlone = name === '' && more.length === 0
    if (isAlone && verb === 'help') return commandHelp
    if (isAlone && verb === 'forget') return `${await forget()} sessions forgotten`
    if (isAlone && verb === 'quit') {
      quit()
      return 'ending'
    }
    const isKnown = part !== undefined && more.length === 0 && ['kill', 'stop', 'start'].includes(verb)
    if (!isKnown)
      throw new RangeError(`command: one of these is needed, received '${text.slice(0, 40)}'\n${commandHelp}`)
    await part[verb]()
    return `${name}: ${part.state}`
  }
}
