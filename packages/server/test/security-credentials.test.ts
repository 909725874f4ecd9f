import fc from 'fast-check'
import { expect, test } from 'vitest'
import { until } from './running.ts'
import { helloText, rawClient, type SessionClient } from './session-client.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

// Who may go on with a session, and for how long: docs/security.md has the table.

const banned = new Set<unknown>()
const authenticate = ({ auth }: { auth: unknown }) => {
  if (banned.has(auth)) return null
  return { principal: typeof auth === 'string' ? auth : null }
}

/** Every session id and token that a client was given, oldest first. */
function secretsOf(client: SessionClient): { sid: string; tok: string }[] {
  return client.frames
    .filter((frame): frame is string => typeof frame === 'string' && frame.startsWith('\u0010W'))
    .map((frame) => JSON.parse(frame.slice(2)) as { sid: string; tok: string })
    .map(({ sid, tok }) => ({ sid, tok }))
}

/** What a server answers to a HELLO, and what it told the one who said it. */
async function answerTo(url: string, hello: Parameters<typeof helloText>[0]) {
  const raw = await rawClient(url)
  raw.socket.send(helloText(hello))
  await until(() => raw.controls().length > 0)
  raw.socket.close()
  await raw.closed
  return raw.controls()[0]
}

test('a token that was seen on the wire never attaches at any later step, and the session lives', async () => {
  const at = await sessionServer({ authenticate, maxPerPrincipal: 200 })
  const { client, session } = await joined(at, 'ada')
  let replayed = 0
  const replayAll = async () => {
    for (const old of secretsOf(client).slice(0, -1)) {
      const answer = await answerTo(at.url, { ...old, att: 1_000 + replayed, auth: 'ada' })
      expect(answer).toMatchObject({ kind: 'welcome', res: false })
      expect(answer).not.toMatchObject({ sid: old.sid })
      replayed += 1
      expect(at.live.stats?.alarms.token).toBe(replayed)
    }
  }
  for (let round = 1; round <= 5; round += 1) {
    client.send(`message ${round}`)
    await until(() => at.inbox(session).length === round)
    await replayAll()
    expect(session.state.name).toBe('attached')
    await client.cut()
    await inState(session, 'detached')
    await replayAll()
    expect(session.state.name).toBe('detached')
    expect((await client.connect('ada')).outcome.name).toBe('resumed')
  }
  expect(new Set(secretsOf(client).map(({ tok }) => tok)).size).toBe(6)
  expect(replayed).toBeGreaterThan(15)
  expect(at.live.stats?.resumed).toBe(5)
})

test('the right token with another principal never attaches either, and the session lives', async () => {
  const at = await sessionServer({ authenticate })
  const { client, session } = await joined(at, 'ada')
  for (const auth of ['mallory', null, 'Ada', ' ada', 'ada\u0000', { principal: 'ada' }, ['ada']]) {
    const [secret] = secretsOf(client)
    expect(await answerTo(at.url, { ...secret, att: 1_000, auth })).toMatchObject({ res: false })
    expect(session.state.name).toBe('attached')
  }
  expect(at.live.stats).toMatchObject({ alarms: { principal: 7 }, resumed: 0 })
})

test('whatever id and token a client makes up, it gets new ones', async () => {
  const at = await sessionServer()
  const { session } = await joined(at)
  const given = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string({ minLength: 1, maxLength: 128 }), fc.constantFrom('__proto__', session.id, 'null')),
      fc.string({ minLength: 1, maxLength: 512 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      async (sid, tok, att) => {
        const answer = (await answerTo(at.url, { sid, tok, att, rx: att, ack: 0 })) as unknown as {
          readonly sid: string
          readonly tok: string
        }
        expect(answer).toMatchObject({ kind: 'welcome', res: false, rx: 0, ack: 0 })
        expect([sid, tok]).not.toContain(answer.sid)
        expect([sid, tok]).not.toContain(answer.tok)
        // 128 bits are 22 characters of base64.
        expect(Math.min(answer.sid.length, answer.tok.length)).toBeGreaterThanOrEqual(22)
        for (const secret of [answer.sid, answer.tok]) {
          expect(given.has(secret)).toBe(false)
          given.add(secret)
        }
      },
    ),
    { numRuns: 60 },
  )
  expect(session.state.name).toBe('attached')
})

test('after a logout every socket of the user closes within a second, and no session of theirs goes on', async () => {
  const at = await sessionServer({ authenticate })
  const tabs = [await joined(at, 'eve'), await joined(at, 'eve'), await joined(at, 'eve')]
  const away = await joined(at, 'eve')
  await away.client.cut()
  await inState(away.session, 'detached')
  const other = await joined(at, 'bob')
  const began = performance.now()
  banned.add('eve')
  expect(at.live.endSessions('eve', { code: 4401 })).toBe(4)
  await until(() => tabs.every(({ client }) => client.closes.length === 1))
  // The close itself takes milliseconds; the rest is what a busy machine may need.
  expect(performance.now() - began).toBeLessThan(1_000 + 4_000)
  for (const { client, session } of [...tabs, away]) {
    expect(session.state.name).toBe('ended')
    const [secret] = secretsOf(client)
    expect(await answerTo(at.url, { ...secret, att: 1_000, auth: 'eve' })).toMatchObject({
      kind: 'error',
      code: 4401,
    })
  }
  expect([...at.live]).toEqual([other.session])
})

test('a client that does not answer its logout is heard no more, and cut', async () => {
  const at = await sessionServer({ authenticate, byeTimeoutMs: 100 }, { closeTimeoutMs: 100 })
  const raw = await rawClient(at.url)
  raw.socket.send(helloText({ auth: 'fay' }))
  await until(() => raw.controls().length > 0)
  raw.data('before')
  await until(() => at.inbox(at.opened[0]).length === 1)
  raw.socket.pause()
  at.live.endSessions('fay')
  raw.data('after')
  const [session] = at.opened
  await session?.closed
  await until(() => at.server.connections.size === 0)
  expect(at.inbox(session)).toEqual(['before'])
})
