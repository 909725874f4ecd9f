/**
 * Follows a room: gives every line that is new from now on to `onLine`, in order, once. Being told of news only makes it look,
 * so it does not matter when that is lost.
 * @param {Awaited<ReturnType<typeof import('./room.mjs').openRoom>>} room
 * @param {(line: object) => void} onLine
 */
export async function followRoom(room, onLine) {
  let cursor = await room.last()
  let asked = 0
  let running

  async function run() {
    for (let seen = 0; seen !== asked; ) {
      seen = asked
      for (const line of await room.read(cursor)) {
        cursor = line.n
        onLine(line)
      }
    }
  }

  return {
    /** The number of the last line that was given out. */
    get cursor() {
      return cursor
    },
    /** Looks for new lines. Resolves when all that are there now were given out, rejects when Redis cannot be asked. */
    advance() {
      asked += 1
      running ??= run().finally(() => {
        running = undefined
      })
      return running
    },
  }
}
