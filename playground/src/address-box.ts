import { input } from './element.ts'
import { behaviours } from './behaviours.ts'

const ours = new Set(behaviours.flatMap(({ query }) => [...new URLSearchParams(query).keys()]))

/** The address field, and the session's source of addresses: it is asked before every attempt. */
export class AddressBox {
  readonly #field = input('url')
  #forOneAttempt: string | undefined

  get value(): string {
    return this.#field.value.trim()
  }

  set value(address: string) {
    this.#field.value = address
  }

  /** Gives the address of the next attempt, as it stands in the field at that moment. */
  next(): string {
    const query = this.#forOneAttempt
    this.#forOneAttempt = undefined
    return query === undefined ? this.value : withQuery(this.value, query)
  }

  /** Writes into the address what the server is asked to do; `''` takes it out again. */
  ask(query: string): void {
    this.value = withQuery(this.value, query)
  }

  /** The same for the next attempt only, and not in the field. */
  askOnce(query: string): void {
    this.#forOneAttempt = query
  }
}

/** Exchanges the parameters that this page knows; others, such as a token, stay. */
function withQuery(address: string, query: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  for (const name of ours) url.searchParams.delete(name)
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.set(name, value)
  return url.href
}
