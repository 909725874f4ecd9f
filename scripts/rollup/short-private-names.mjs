// A rollup plugin for browser builds: renames private members. Minifiers give each private name of a file a short name of
// its own, although `#a` of one class has nothing to do with `#a` of another; with few names that come back often the
// compressed file is smaller. A name that several classes have stays one name, as they use such members alike.
import { below, byFrequency, edited, shortName } from './syntax-tree.mjs'

const isPrivate = (node) => node?.type === 'PrivateIdentifier'
const declaresPrivate = ({ type, body }) => type === 'ClassBody' && body.some(({ key }) => isPrivate(key))

/** Lists the private names in the body of a class: its own, as long as no class inside it declares any. */
function privateNamesIn(body) {
  const nodes = [...below(body)]
  if (nodes.some(declaresPrivate)) {
    throw new Error('short-private-names: a class with private members inside another is not handled')
  }
  return nodes.filter(isPrivate)
}

/** Renames the private members of every class in `code`; `parse` gives its syntax tree as ESTree. */
export function shortenPrivateNames(code, parse) {
  const bodies = [...below(parse(code))].filter(declaresPrivate)
  const classes = bodies.map((body) => ({ uses: privateNamesIn(body), taken: new Set() }))
  const uses = classes.flatMap((one) => one.uses)
  const names = new Map()
  for (const name of byFrequency(uses.map((use) => use.name))) {
    const users = classes.filter((one) => one.uses.some((use) => use.name === name))
    let n = 0
    while (users.some(({ taken }) => taken.has(n))) n += 1
    for (const { taken } of users) taken.add(n)
    names.set(name, `#${shortName(n)}`)
  }
  return edited(
    code,
    uses.map(({ name, start, end }) => ({ start, end, text: names.get(name) })),
  )
}

/** The plugin; put it before the minifier. Lines stay as they are, and so the source map does. */
export function shortPrivateNames() {
  return {
    name: 'short-private-names',
    renderChunk(code) {
      return { code: shortenPrivateNames(code, (text) => this.parse(text)), map: null }
    },
  }
}
