import type { Random } from '../sim/random.ts'
import { oddCharacter, oddJson, oddNumber, oddText, oneOf, strangerKey } from './odd-values.ts'

type Mutation = (random: Random, text: string) => string

/** A frame's JSON as pieces of text, so that a name can occur twice and a value need not be JSON. */
type Piece = [key: string, value: string]

function piecesOf(text: string): Piece[] | undefined {
  if (text.charAt(2) !== '{') return undefined
  try {
    const parsed: unknown = JSON.parse(text.slice(2))
    if (typeof parsed !== 'object' || parsed === null) return undefined
    return Object.entries(parsed).map(([key, value]) => [JSON.stringify(key), JSON.stringify(value)])
  } catch {
    // It was broken before: then there is nothing to take apart.
    return undefined
  }
}

function render(head: string, pieces: readonly Piece[]): string {
  return `${head}{${pieces.map(([key, value]) => `${key}:${value}`).join(',')}}`
}

const pieceMutations: readonly [
  (random: Random, pieces: Piece[]) => void,
  ...((random: Random, pieces: Piece[]) => void)[],
] = [
  // a wrong value
  (random, pieces) => {
    const piece = pieces[random.between(0, pieces.length - 1)]
    if (piece !== undefined) piece[1] = oddJson(random)
  },
  // a member is missing
  (random, pieces) => {
    pieces.splice(random.between(0, pieces.length - 1), 1)
  },
  // a member occurs twice
  (random, pieces) => {
    const piece = pieces[random.between(0, pieces.length - 1)]
    if (piece !== undefined) pieces.splice(random.between(0, pieces.length), 0, [piece[0], oddJson(random)])
  },
  // a member that is none
  (random, pieces) => {
    pieces.splice(random.between(0, pieces.length), 0, [strangerKey(random), oddJson(random)])
  },
  // two members change places
  (random, pieces) => {
    const one = pieces[random.between(0, pieces.length - 1)]
    const other = pieces[random.between(0, pieces.length - 1)]
    if (one !== undefined && other !== undefined) [one[1], other[1]] = [other[1], one[1]]
  },
]

/** Changes the members of a frame with JSON, and the digits of any other. */
const changeMembers: Mutation = (random, text) => {
  const pieces = piecesOf(text)
  if (pieces === undefined || pieces.length === 0) return changeNumber(random, text)
  for (let times = random.between(1, 2); times > 0; times -= 1) oneOf(random, pieceMutations)(random, pieces)
  return render(text.slice(0, 2), pieces)
}

const changeNumber: Mutation = (random, text) => {
  const numbers = [...text.slice(0, 2_000).matchAll(/\d+/g)]
  const found = numbers[random.between(0, Math.max(0, numbers.length - 1))]
  if (found === undefined) return text + oddNumber(random)
  return text.slice(0, found.index) + oddNumber(random) + text.slice(found.index + found[0].length)
}

const truncate: Mutation = (random, text) => text.slice(0, random.between(0, text.length))

const insert: Mutation = (random, text) => {
  const at = random.between(0, text.length)
  return text.slice(0, at) + (random.chance(0.8) ? oddCharacter(random) : oddText(random)) + text.slice(at)
}

const remove: Mutation = (random, text) => {
  const at = random.between(0, text.length)
  return text.slice(0, at) + text.slice(at + random.between(1, 3))
}

const repeat: Mutation = (random, text) => {
  const at = random.between(0, text.length)
  const end = at + random.between(1, 20)
  return text.slice(0, end) + text.slice(at, end) + text.slice(end)
}

const letters = ['A', 'P', 'Q', 'H', 'W', 'G', 'B', 'E', 'R', 'X', 'Z', 'a', '\u0010', ' ', ''] as const

const changeLetter: Mutation = (random, text) => text.slice(0, 1) + oneOf(random, letters) + text.slice(2)

const appended: Mutation = (random, text) => text + oddText(random)

const mutations: readonly [Mutation, ...Mutation[]] = [
  changeMembers,
  changeMembers,
  changeMembers,
  changeNumber,
  changeNumber,
  truncate,
  insert,
  remove,
  repeat,
  changeLetter,
  appended,
]

/** Returns a frame with one thing wrong with it, seldom more; now and then it is still right. */
export function mutateFrame(random: Random, text: string): string {
  let mutated = text
  do mutated = oneOf(random, mutations)(random, mutated)
  while (random.chance(0.15))
  return mutated
}
