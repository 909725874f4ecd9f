import type { Page } from 'playwright'

/** A person in the chat, on a page of their own. */
export class ChatPage {
  readonly page: Page
  readonly name: string

  constructor(page: Page, name: string) {
    this.page = page
    this.name = name
  }

  /** Comes in, and waits until that is done. */
  async enter(address: string): Promise<void> {
    await this.page.goto(address)
    await this.page.fill('#name', this.name)
    await this.page.click('#enter button')
    await this.node()
  }

  /** Waits until it is connected, and tells to which node. @param except waits until it is another than this one */
  async node(except = '-'): Promise<string> {
    const words = this.page
      .locator('#state-words')
      .filter({ hasText: new RegExp(`^Connected to node [^${except}]$`) })
    return (await words.innerText()).slice(-1)
  }

  async say(text: string): Promise<void> {
    await this.page.fill('#text', text)
    await this.page.click('#say button')
  }

  /** Turns on or off that it talks by itself. */
  async chatter(isOn: boolean): Promise<void> {
    await this.page.setChecked('#chatter', isOn)
  }

  /** Presses a button of a part of the cluster, and waits until the part is in a state. */
  async command(button: 'Kill −9' | 'Stop' | 'Start', part: string, state: 'up' | 'down'): Promise<void> {
    await this.page.locator(`#part-${part}`).getByRole('button', { name: button }).click()
    await this.page.locator(`#part-${part}[data-state="${state}"]`).waitFor()
  }

  /** What was said, as it stands on the page: who, and what. */
  async lines(): Promise<readonly string[]> {
    return this.page.locator('#lines .line').evaluateAll((items) => {
      const words = (item: Element, part: string) => item.querySelector(part)?.textContent ?? ''
      return items.map((item) => `${words(item, '.who')}: ${words(item, '.text')}`)
    })
  }

  /** Lines of this person's own that the room does not have yet, by their fate. */
  async underWay(): Promise<readonly string[]> {
    return this.page
      .locator('#under-way .line')
      .evaluateAll((items) => items.map((item) => (item as HTMLElement).dataset['fate'] ?? ''))
  }

  /** What the page itself found wrong, in order: missing, doubled, out of order, and gaps. */
  async findings(): Promise<readonly string[]> {
    return Promise.all(
      ['missing', 'doubled', 'disordered', 'gaps'].map(async (fact) =>
        this.page.locator(`#fact-${fact}`).innerText(),
      ),
    )
  }
}
