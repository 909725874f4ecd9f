import type { Payload } from '../src/index.ts'

/** Somebody with a connection to the server. */
export interface Visitor {
  readonly isHostile: boolean
  /** Who it proves to be; null for nobody. */
  readonly principal: string | null
  receive(data: Payload): void
  closed(code: number): void
}

/** How visitors reach the server. */
export interface Wire {
  connect(visitor: Visitor): number
  /** `isWrong` marks what a well-meaning end would not have sent here. */
  send(connection: number, data: Payload, isWrong?: boolean): void
  close(connection: number): void
}
