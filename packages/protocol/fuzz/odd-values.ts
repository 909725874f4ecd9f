import type { Random } from '../sim/random.ts'

/** Picks one item of a list; the first when it is empty would be no item, so lists here are not. */
export function oneOf<Item>(random: Random, items: readonly [Item, ...Item[]]): Item {
  return random.pick(...items)
}

const numberTexts = [
  '0',
  '1',
  '2',
  '3',
  '5',
  '64',
  '4000',
  '4096',
  '4503000',
  '-1',
  '-0',
  '+1',
  '00',
  '01',
  '0.5',
  '1e3',
  '1E400',
  '1e309',
  '-1e309',
  '1e-400',
  '0x10',
  '1_000',
  'NaN',
  'Infinity',
  ' 1',
  '1 ',
  '١',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '99999999999999999',
  '18446744073709551616',
  '4503599627370496',
  '4503599627370497',
  '',
] as const

/** Returns how a number might be spelled by somebody who means no good. */
export function oddNumber(random: Random): string {
  if (random.chance(0.02)) return '9'.repeat(random.between(17, 400))
  return oneOf(random, numberTexts)
}

const characters = [
  '\u0000',
  '\u0010',
  '\ud800',
  '\udfff',
  '\ufeff',
  '\u2028',
  '\u202e',
  'é',
  '€',
  '😀',
  '"',
  '\\',
  ',',
  '{',
  '}',
  '[',
  ']',
  '0',
  'A',
  'H',
  ' ',
  '\n',
] as const

export function oddCharacter(random: Random): string {
  return oneOf(random, characters)
}

/** Returns a text: mostly short, sometimes just around a limit, rarely huge. */
export function oddText(random: Random): string {
  if (random.chance(0.0005)) return 'x'.repeat(random.between(100_000, 1_000_000))
  if (random.chance(0.02))
    return oddCharacter(random).repeat(
      oneOf(random, [63, 64, 65, 128, 129, 256, 257, 512, 513, 4_095, 5_500, 16_385]),
    )
  return Array.from({ length: random.between(0, 6) }, () => oddCharacter(random)).join('')
}

function nested(random: Random): string {
  const depth = random.chance(0.02) ? random.between(500, 8_000) : random.between(1, 6)
  const isList = random.chance(0.5)
  const inner = random.chance(0.5) ? '1' : ''
  return isList
    ? `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`
    : `${'{"a":'.repeat(depth)}${inner === '' ? 'null' : inner}${'}'.repeat(depth)}`
}

const oddWords = [
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '""',
  '"0"',
  '[1,2]',
  '[0,0]',
  '[1]',
  '[1,1,1]',
  '[1,"2"]',
  '[null,null]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '[{"__proto__":{"polluted":true}}]',
  '"__proto__"',
  '{"toString":1,"valueOf":1,"then":1,"toJSON":1}',
  '{"length":1e9}',
  'undefined',
  "'x'",
  '"\\ud800"',
  '"\\u0000"',
] as const

/** Returns text where a JSON value belongs; often it is one. */
export function oddJson(random: Random): string {
  const roll = random.unit()
  if (roll < 0.4) return oddNumber(random)
  if (roll < 0.55) return JSON.stringify(oddText(random))
  if (roll < 0.65) return nested(random)
  return oneOf(random, oddWords)
}

const strangerKeys = [
  '"__proto__"',
  '"\\u005f_proto__"',
  '"constructor"',
  '"prototype"',
  '"toString"',
  '"hasOwnProperty"',
  '"toJSON"',
  '"polluted"',
  '""',
  '"\\ud800"',
] as const

/** Returns a member name that no frame has. */
export function strangerKey(random: Random): string {
  return oneOf(random, strangerKeys)
}
