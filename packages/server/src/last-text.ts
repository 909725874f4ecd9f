/**
 * Encodes text, and remembers the last one: whoever sends the same message to many pays for it once, and what waits for slow
 * clients is one and the same buffer. It keeps one message of a server, no matter how many connections it has.
 */
export class LastText {
  #text = ''
  #bytes: Buffer = Buffer.alloc(0)

  /** Gives the text as UTF-8. The bytes are shared: they must not be changed. */
  encode(text: string): Buffer {
    // Of the very same string, as of a string of another length, this asks for no character.
    if (text !== this.#text) {
      this.#text = text
      this.#bytes = Buffer.from(text)
    }
    return this.#bytes
  }
}
