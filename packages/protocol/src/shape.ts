import type { Batch, JsonFrame } from './frame.ts'

/** Checks one member of a frame. */
export type Check = (value: unknown) => boolean

/** A kind of control frame: its members, each with its check, and what must hold between them. */
export interface Shape<Frame extends JsonFrame | Batch = JsonFrame | Batch> {
  readonly kind: Frame['kind']
  readonly members: Readonly<Record<string, Check>>
  /** Names the member that contradicts another, if one does. */
  readonly clash?: (frame: Frame) => string | false
  /** Replaces members by what may safely be used. */
  readonly clean?: (frame: Frame) => Frame
  /** Reads a frame that is no JSON; undefined when it is none. */
  readonly read?: (body: string) => Frame | undefined
}

/** The control frames an end may receive, by their letter. */
export type Shapes = Readonly<Record<string, Shape>>

/** Accepts safe integers in a range, 0 to 2^53-1 when not given. */
export const natural =
  (min: number = 0, max: number = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max

/** Accepts texts of 1 to `maxLength` characters. */
export const text =
  (maxLength: number): Check =>
  (value) =>
    typeof value === 'string' && value.length > 0 && value.length <= maxLength

/** Accepts true and false. */
export const flag: Check = (value) => typeof value === 'boolean'

/** Accepts lists of at most 16. */
export const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length <= 16 && value.every(check)

/** Accepts also that the member is absent. */
export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

/** An hour: the longest interval anybody may ask for. */
export const hourMs = 3_600_000

const maxShort = 64

/** Accepts the short words of the protocol and the application. */
export const word: Check = text(maxShort)

/** Accepts the longer texts that are meant for people. */
export const phrase: Check = text(256)

/** Accepts an attempt number; the bound is far beyond use, and adding one to it is still exact. */
export const attempt = (min: number): Check => natural(min, 2 ** 52)

/** Picks the members that a shape knows, by their own names only, or names the first that is wrong. */
export function pickMembers(source: object, shape: Shape): JsonFrame | Batch | string {
  const picked = Object.create(null)
  picked.kind = shape.kind
  for (const [key, check] of Object.entries(shape.members)) {
    const value: unknown = Object.hasOwn(source, key) ? (source as Record<string, unknown>)[key] : undefined
    if (!check(value)) return key
    if (value !== undefined) picked[key] = value
  }
  return shape.clash?.(picked) || (shape.clean?.(picked) ?? picked)
}
