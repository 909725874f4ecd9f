import { expect, test } from 'vitest'
import { batching } from '@holdfast/protocol'
import { sessions } from '../src/sessions/index.ts'
import { until } from './running.ts'
import { sessionServer } from './sessions-running.ts'
import { SessionClient } from './session-client.ts'

test('batches of a client arrive message by message, and are answered in batches to who understands them', async () => {
  const got: string[] = []
  const at = await sessionServer({
    batch: { lingerMs: 5 },
    handler: (session) => {
      session.on('message', (message) => {
        got.push(String(message))
        void session.send(`echo ${String(message)}`)
      })
    },
  })
  const client = new SessionClient(at.url, { batch: batching({ lingerMs: 5 }) })
  await client.connect()
  const sent = Array.from({ length: 50 }, (_, n) => `message ${n}`)
  for (const message of sent) client.send(message)
  await until(() => client.received.length === 50)
  expect(got).toEqual(sent)
  expect(client.received.map(String)).toEqual(sent.map((message) => `echo ${message}`))
  const batches = client.frames.filter((frame) => String(frame).startsWith('\u0010M'))
  expect(batches.length).toBeGreaterThan(0)
})

test('a batch option that cannot be is refused, by its name, its bound and what was received', () => {
  expect(() => sessions({ batch: { maxMessages: 5_000 } })).toThrow(
    'batch.maxMessages: must be an integer from 1 to 1024, received 5000',
  )
  expect(() => sessions({ batch: { linger: 1 } as never })).toThrow('batch: linger is unknown')
  expect(() => sessions({ batch: 'yes' as never })).toThrow(
    "batch: must be true, false or an object, received 'yes'",
  )
})
