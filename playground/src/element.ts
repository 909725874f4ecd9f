/**
 * Finds an element of the page that must be there.
 * @throws Error when the page and the script do not fit together
 */
export function element<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof type) return found
  throw new Error(`#${id}: must be a ${type.name}, found ${found?.constructor.name ?? 'nothing'}`)
}

/** Finds an element whose kind does not matter. */
export const part = (id: string): HTMLElement => element(id, HTMLElement)
export const button = (id: string): HTMLButtonElement => element(id, HTMLButtonElement)
export const input = (id: string): HTMLInputElement => element(id, HTMLInputElement)
export const select = (id: string): HTMLSelectElement => element(id, HTMLSelectElement)
