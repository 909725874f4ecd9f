/** What an element is made with. */
export interface Made {
  readonly class?: string
  readonly text?: string
  readonly title?: string
}

/** Makes an element. Text goes in as text, so that no message can become markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { class: className, text, title }: Made = {},
  ...children: readonly Node[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  if (className !== undefined) made.className = className
  if (text !== undefined) made.textContent = text
  if (title !== undefined) made.title = title
  made.append(...children)
  return made
}
