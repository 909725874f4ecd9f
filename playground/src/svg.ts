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

/** Where there is room beside each other, or only below each other: words in a picture shrink with it. */
export type Layout = 'wide' | 'narrow'

/** How wide pictures are, in their own units. */
export const widths: Readonly<Record<Layout, number>> = { wide: 660, narrow: 330 }

const phone = matchMedia('(max-width: 560px)')

/** A picture with a name in words, which changes with what it shows. */
export class Picture {
  readonly #svg: SVGSVGElement
  readonly #heights: Readonly<Record<Layout, number>>
  #drawn = ''

  constructor(id: string, heights: Readonly<Record<Layout, number>>) {
    this.#svg = shape('svg', { role: 'img', class: 'picture' })
    this.#heights = heights
    part(id).replaceChildren(this.#svg)
  }

  /** Shows something else, if it is something else: `key` says what, `words` say it to who does not see it. */
  draw(key: unknown, words: string, parts: (layout: Layout) => readonly Node[]): void {
    const layout = phone.matches ? 'narrow' : 'wide'
    const wanted = JSON.stringify([layout, key, words])
    if (wanted === this.#drawn) return
    this.#drawn = wanted
    this.#svg.setAttribute('viewBox', `0 0 ${widths[layout]} ${this.#heights[layout]}`)
    this.#svg.setAttribute('aria-label', words)
    this.#svg.replaceChildren(...parts(layout))
  }
}

/** Writes text into a picture, around a point. */
export function label(x: number, y: number, text: string, name = 'label'): SVGTextElement {
  return shape('text', { x, y, class: name, 'text-anchor': 'middle' }, text)
}
