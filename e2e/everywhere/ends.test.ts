import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../lab/backend.ts'
import { bundleForProcess } from '../runtimes/bundle.ts'
import { deadPeerName } from '../runtimes/limits.ts'
import { processPlaces, type RuntimePlace } from '../runtimes/places.ts'
import { RuntimeProcess } from '../runtimes/runtime-process.ts'

// A process whose session is disposed has nothing more to do, and ends by itself.

let backend: Backend
let file: string
const started: RuntimeProcess[] = []

beforeAll(async () => {
  backend = await startBackend()
  file = await bundleForProcess('end-child.ts')
})
afterEach(async () => {
  for (const one of started.splice(0)) {
    one.kill()
    await one.ended
  }
  await backend.reset()
})
afterAll(() => backend.stop())

/** Starts a process with a session that is open, has echoed, was cut, and has come back. */
async function cameBack({ runtime, socket, mode }: RuntimePlace, query = ''): Promise<RuntimeProcess> {
  const tag = `${runtime}-${socket}-${mode}`.replace(/\W/g, '-')
  const url = `${backend.addresses.proxied}/echo/${tag}${query}`
  const child = new RuntimeProcess(runtime, file, [JSON.stringify([{ mode, socket }, url])])
  started.push(child)
  await child.until('open')
  child.say('hello')
  await child.until('got hello')
  backend.proxy.reset()
  await child.until('open')
  child.say('hello again')
  await child.until('got hello again')
  return child
}

/** How long a process may take to end: long enough for a busy machine, and far below what a dead peer takes. */
const END_MS = 15_000

/** How long a process is watched that must not end yet. */
const HELD_MS = 1_000

for (const place of processPlaces) {
  describe(place.place, () => {
    test('comes back after a cut; after dispose() the process ends by itself', async () => {
      const child = await cameBack(place)
      child.say('dispose')
      child.leaveAlone()
      expect(await child.endedWithin(END_MS)).toEqual({ code: 0, signal: null, stderr: '' })
    })

    if (place.socket === 'ws') {
      test('after dispose() against a dead peer the process ends by itself', async () => {
        const child = await cameBack(place)
        await backend.proxy.set({ blackhole: 'both' })
        child.say('dispose')
        child.leaveAlone()
        expect(await child.endedWithin(END_MS)).toEqual({ code: 0, signal: null, stderr: '' })
      })
    } else {
      test(deadPeerName, async () => {
        const child = await cameBack(place)
        await backend.proxy.set({ blackhole: 'both' })
        child.say('dispose')
        await child.until('closed')
        child.leaveAlone()
        // The session holds nothing; the platform holds the socket, and the process with it.
        expect(JSON.parse(await child.next())).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 1 })
        await expect(child.endedWithin(HELD_MS)).rejects.toThrow('still runs')
        backend.proxy.reset()
        expect(await child.endedWithin(END_MS)).toEqual({ code: 0, signal: null, stderr: '' })
      })
    }
  })
}
