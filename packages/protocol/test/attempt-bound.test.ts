import { expect, test } from 'vitest'
import { ClientCore, encodeControl, resolveClientOptions } from '../src/index.ts'
import { type Note, decode, drain } from './pair.ts'

test('an attempt in ERROR 4412 that leaves no room to count on is not believed: the next HELLO is still one', () => {
  const core = new ClientCore<Note>(resolveClientOptions({ cid: 'c' }))
  for (const att of [2 ** 52 - 1, 2 ** 52]) {
    core.text(core.begin(), encodeControl({ kind: 'error', code: 4412, att }))
    core.begin()
    const sent = drain(core).flatMap((action) => (action.type === 'send' ? [String(action.data)] : []))
    expect(sent.map(decode)).toMatchObject([{ kind: 'hello' }, { kind: 'hello' }])
  }
})
