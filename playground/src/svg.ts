import { part } from './element.ts'

const namespace = 'http://www.w3.org/2000/svg'

/** Makes an element of a picture. Colours come by classes, so that they follow the theme. */
export function shape<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(namespace, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  made.append(...children)
  return made
}

/** A picture with a name in words, which changes with what it shows. */
export class Picture {
  readonly #svg: SVGSVGElement
  #drawn = ''

  constructor(id: string, width: number, height: number) {
    this.#svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', class: 'picture' })
    part(id).replaceChildren(this.#svg)
  }

  /** Shows something else, if it is something else: `key` says what, `words` say it to who does not see it. */
  draw(key: unknown, words: string, parts: () => readonly Node[]): void {
    const wanted = JSON.stringify([key, words])
    if (wanted === this.#drawn) return
    this.#drawn = wanted
    this.#svg.setAttribute('aria-label', words)
    this.#svg.replaceChildren(...parts())
  }
}

/** Writes text into a picture, around a point. */
export function label(x: number, y: number, text: string, name = 'label'): SVGTextElement {
  return shape('text', { x, y, class: name, 'text-anchor': 'middle' }, text)
}
