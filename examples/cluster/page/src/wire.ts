/** A line of the room. */
export interface Line {
  /** Its number in the room, from 1 on without a hole. */
  readonly n: number
  readonly who: string
  readonly text: string
  /** The page that it came from, and its number there, from 1 on without a hole. */
  readonly from: string
  readonly k: number
  /** The node that took it. */
  readonly node: string
  /** Epoch ms. */
  readonly at: number
}

/** Somebody in the room; `away`: their connection is lost and the session is kept. */
export interface Person {
  readonly name: string
  readonly state: 'here' | 'away'
  readonly node: string
}

/** What a node says. */
export type FromNode =
  /** The session came in at this node: tell where you stand, and name this visit. */
  | { readonly kind: 'node'; readonly node: string; readonly room: string; readonly visit: string }
  | ({ readonly kind: 'line' } & Line)
  /** Lines up to this one will not come: they are from before you, or not kept any more. */
  | { readonly kind: 'skipped'; readonly to: number }
  /** You have all that was said up to this line. */
  | { readonly kind: 'caught-up'; readonly to: number }
  | { readonly kind: 'here'; readonly people: readonly Person[] }
  | { readonly kind: 'refused'; readonly why: string }

/** What a page says. */
export type FromPage =
  /** Answers `node`: the last line that it has in this room, `null` for none. */
  | { readonly kind: 'join'; readonly visit: string; readonly after: number | null }
  | { readonly kind: 'say'; readonly text: string; readonly from: string; readonly k: number }

/** Reads what a node says: our own nodes, so its form is not doubted. */
export function readFromNode(data: unknown): FromNode {
  return JSON.parse(String(data)) as FromNode
}
