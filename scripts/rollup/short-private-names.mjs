// A rollup plugin for minified files: renames private members anew in every class. Minifiers give each private name of a
// file a name of its own, although `#a` of one class has nothing to do with `#a` of another; with few names that come back
// often the compressed file is smaller.

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Gives the n-th short name: `#a`, …, `#Z`, `#aa`, … */
function shortName(n) {
  const tail = letters[n % letters.length]
  return n < letters.length ? `#${tail}` : shortName(Math.floor(n / letters.length) - 1) + tail
}

/** Lists the nodes below `node`, nearest first. */
function* below(node) {
  for (const child of Object.values(node).flat()) {
    if (typeof child?.type !== 'string') continue
    yield child
    yield* below(child)
  }
}

/** Renames in one class body, whose private names are its own unless a class inside it declares them again. */
function renames(body) {
  const declared = body.body.map(({ key }) => key).filter((key) => key?.type === 'PrivateIdentifier')
  const inner = [...below(body)].filter(({ type }) => type === 'ClassBody')
  if (
    declared.length > 0 &&
    inner.some((other) => other.body.some(({ key }) => key?.type === 'PrivateIdentifier'))
  ) {
    throw new Error('short-private-names: a class with private members inside another is not handled')
  }
  const uses = [...below(body)].filter(({ type }) => type === 'PrivateIdentifier')
  const counts = new Map()
  for (const { name } of uses) counts.set(name, (counts.get(name) ?? 0) + 1)
  const order = [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name)
  const names = new Map(order.map((name, n) => [name, shortName(n)]))
  return uses.map(({ name, start, end }) => ({ start, end, text: names.get(name) }))
}

/** Renames the private members of every class in `code`; `parse` gives its syntax tree as ESTree. */
export function shortenPrivateNames(code, parse) {
  const classes = [...below(parse(code))].filter(({ type }) => type === 'ClassBody')
  const seen = new Set()
  const edits = classes.flatMap(renames).filter(({ start }) => !seen.has(start) && seen.add(start))
  let result = code
  for (const { start, end, text } of edits.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end)
  }
  return result
}

/** The plugin; put it behind the minifier. Lengths change little, so the source map stays as it is. */
export function shortPrivateNames() {
  return {
    name: 'short-private-names',
    renderChunk(code) {
      return { code: shortenPrivateNames(code, (text) => this.parse(text)), map: null }
    },
  }
}
