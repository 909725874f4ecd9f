/** A socket that opens at once and takes everything: so that only what stands in front of it is measured. */
export class FakeSocket {
  readyState = 0
  readonly bufferedAmount = 0
  readonly protocol = ''
  binaryType = ''

  addEventListener(type: string, run: (event: never) => void): void {
    if (type === 'open') queueMicrotask(() => this.#open(run as (event: object) => void))
  }

  removeEventListener(): void {}

  send(): void {}

  close(): void {
    this.readyState = 3
  }

  #open(run: (event: object) => void): void {
    this.readyState = 1
    run({ type: 'open' })
  }
}
