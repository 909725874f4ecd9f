import { describe, expect, it } from 'vitest'
import { checkProtocolShipped } from '../check/protocol-shipped.mjs'
import { smallRepository } from './small-repository.mjs'

const own = {
  'packages/protocol/PROTOCOL.md': '# The protocol',
  'packages/protocol/vectors/data.json': '{}',
}
const shipped = Object.fromEntries(
  ['client', 'server'].flatMap((name) => [
    [`packages/${name}/dist/protocol/PROTOCOL.md`, '# The protocol'],
    [`packages/${name}/dist/protocol/vectors/data.json`, '{}'],
  ]),
)

describe('the check that the protocol is shipped', () => {
  it('accepts packages that have all of it', () => {
    expect(checkProtocolShipped(smallRepository({ ...own, ...shipped })).problems).toEqual([])
  })

  it('names what is missing, and what is another version', () => {
    const changed = smallRepository({
      ...own,
      ...shipped,
      'packages/client/dist/protocol/vectors/data.json': '[]',
    })
    expect(checkProtocolShipped(changed).problems).toEqual([
      'packages/client/dist/protocol/vectors/data.json: differs from packages/protocol/vectors/data.json',
    ])
    const added = smallRepository({ ...own, ...shipped, 'packages/protocol/vectors/more.json': '{}' })
    expect(checkProtocolShipped(added).problems).toHaveLength(2)
  })
})
