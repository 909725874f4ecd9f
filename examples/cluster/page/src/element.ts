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

/** Makes an element. Text goes in as text, so that no message can become markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  made.className = className
  made.append(...content)
  return made
}

/** Makes a button that does something. */
export function makeButton(text: string, run: () => void): HTMLButtonElement {
  const made = make('button', '', text)
  made.type = 'button'
  made.addEventListener('click', () => {
    if (made.ariaDisabled !== 'true') run()
  })
  return made
}

/** Says whether a button can be pressed now; one that cannot keeps the focus, so that nobody loses their place. */
export function allow(button: HTMLButtonElement, isAllowed: boolean): void {
  button.ariaDisabled = String(!isAllowed)
}
