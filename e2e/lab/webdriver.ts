/** Talks to a WebDriver, as https://www.w3.org/TR/webdriver2/ has it. */
export class WebDriver {
  readonly #address: string

  /** @param address of the driver, or of a session in it */
  constructor(address: string) {
    this.#address = address
  }

  get(path: string): Promise<unknown> {
    return this.#ask('GET', path)
  }

  post(path: string, body: object = {}): Promise<unknown> {
    return this.#ask('POST', path, JSON.stringify(body))
  }

  delete(path: string): Promise<unknown> {
    return this.#ask('DELETE', path)
  }

  async #ask(method: string, path: string, body?: string): Promise<unknown> {
    const answer = await fetch(`${this.#address}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    })
    const { value } = (await answer.json()) as { value: { error?: string; message?: string } | null }
    if (answer.ok) return value
    throw new Error(`WebDriver: ${method} ${path}: ${value?.error}: ${value?.message}`)
  }
}
