import type { Page } from 'playwright'

/**
 * Finds text that is hard to read: less contrast with its background than 4.5 to 1, or 3 to 1 where it is large (WCAG 2.2,
 * success criterion 1.4.3). Text on a picture or a gradient is not judged; there is none here.
 */
export function faintText(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 1
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) throw new Error('canvas: no context')
    // Painting layer on layer is what mixes half-transparent colours, in any colour space.
    const painted = (layers: readonly string[]) => {
      context.clearRect(0, 0, 1, 1)
      for (const layer of layers) {
        context.fillStyle = layer
        context.fillRect(0, 0, 1, 1)
      }
      return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
    }
    const light = (rgb: readonly number[]) => {
      const [r = 0, g = 0, b = 0] = rgb.map((part) => {
        const share = part / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const layersUnder = (element: Element | null): string[] =>
      element === null
        ? []
        : [...layersUnder(element.parentElement), getComputedStyle(element).backgroundColor]
    const faint: string[] = []
    for (const element of document.querySelectorAll('body *')) {
      const words = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      const text = words.map((node) => node.textContent?.trim()).join('')
      if (text === '' || element.closest('.sr-only, .skip, noscript, option') || !element.checkVisibility())
        continue
      const { color, fontSize, fontWeight } = getComputedStyle(element)
      const under = layersUnder(element)
      const [a, b] = [light(painted(under)), light(painted([...under, color]))]
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
      const large =
        Number.parseFloat(fontSize) >= 24 ||
        (Number.parseFloat(fontSize) >= 18.6 && Number(fontWeight) >= 650)
      if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} "${text.slice(0, 30)}"`)
    }
    return faint
  })
}
