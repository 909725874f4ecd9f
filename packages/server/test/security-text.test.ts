import { expect, test } from 'vitest'
import type { LogEntry } from '../src/index.ts'
import { respond } from '../src/respond/index.ts'
import { dial, next, running, until } from './running.ts'
import { helloText, rawClient } from './session-client.ts'
import { sessionServer } from './sessions-running.ts'

// Texts that are meant to do harm: docs/security.md has the table.

const deep = (open: string, close: string) => open.repeat(5_000) + close.repeat(5_000)

/** JSON that has tripped servers before. */
const corpus = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":{"__proto__":{"polluted":true}}}',
  '["__proto__",{"polluted":true}]',
  '{"id":1,"id":2,"__proto__":1,"__proto__":{"polluted":true}}',
  '{"id":1e309}',
  '{"id":-1e309,"toString":1}',
  '{"id":"__proto__","polluted":true}',
  '{"id":"constructor"}',
  '{"id":1,"hasOwnProperty":null,"toJSON":"x"}',
  '{"id":9007199254740993}',
  `{"id":1,"a":${deep('[', ']')}}`,
  `{"id":1,"a":${deep('{"a":', '}')}`,
  '{"id":"\\ud800"}',
  '\ufeff{"id":1}',
  '{"id":1}\u0000',
  'null',
  '',
]

/** A merge that looks at nothing but its arguments' own members, and yet falls for `__proto__`. */
function merge(into: Record<string, unknown>, from: unknown): void {
  if (typeof from !== 'object' || from === null) return
  for (const name of Object.keys(from)) {
    const value = (from as Record<string, unknown>)[name]
    if (typeof value !== 'object' || value === null) into[name] = value
    else {
      if (typeof into[name] !== 'object') into[name] = {}
      merge(into[name] as Record<string, unknown>, value)
    }
  }
}

const polluted = () => ({}) as { readonly polluted?: unknown }

test.each(corpus)('credentials of a HELLO pollute nothing, even merged without care: %#', async (json) => {
  const at = await sessionServer({
    authenticate({ auth }) {
      merge({}, auth)
      Object.assign({}, auth)
      return { principal: 'ada' }
    },
  })
  const raw = await rawClient(at.url)
  raw.socket.send(helloText().replace(/\}$/, `,"auth":${json}}`))
  await until(() => raw.controls().length > 0)
  const [answer] = raw.controls()
  expect(answer?.kind === 'welcome' || (answer?.kind === 'error' && [4400, 4408].includes(answer.code))).toBe(
    true,
  )
  expect(polluted().polluted).toBeUndefined()
  expect(at.errors).toEqual([])
})

test.each(corpus)(
  'a request made of it is answered or left alone, and pollutes nothing: %#',
  async (json) => {
    const errors: unknown[] = []
    const { server, url } = await running({
      handler: (connection) => respond(connection, (request) => Object.keys({ ...request }).length),
    })
    server.on('error', ({ error }) => errors.push(error))
    const { socket, received } = await dial(url)
    socket.send(json)
    socket.send('{"id":"last"}')
    await until(() => received.some((text) => String(text).includes('"last"')))
    expect(polluted().polluted).toBeUndefined()
    expect(errors).toEqual([])
  },
)

const ugly = '\r\n\u001b[31m{"level":"error"}\u2028\u202e\u0085x'

test('whatever a client says, it forges no line of the log and colours none', async () => {
  const entries: LogEntry[] = []
  const { server, url } = await running({
    logger: (entry) => entries.push(entry),
    origins: ['https://app.example'],
    verify: () => ({ status: 403, body: ugly }),
  })
  const refused = next(server, 'refused')
  await expect(
    dial(`${url}%0d%0a%1b[31m`, { headers: { 'user-agent': 'x', cookie: 'a=b' } }),
  ).rejects.toThrow('403')
  await refused
  const { url: other } = await running({ logger: (entry) => entries.push(entry) })
  const { socket, closed } = await dial(other)
  socket.close(4000, ugly)
  await closed
  await until(() => entries.some(({ event }) => event === 'connection-closed'))
  const text = JSON.stringify(entries)
  expect(text.length).toBeGreaterThan(100)
  for (const { fields } of entries) {
    for (const value of Object.values(fields)) {
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(String(value)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
    }
  }
})
