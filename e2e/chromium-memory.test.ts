import type { CDPSession } from 'playwright'
import { describe, expect, test } from 'vitest'
import { measured } from './lab/measured.ts'
import { type InPage, openInPage, tagged } from './lab/page-session.ts'
import { useChromiumPage } from './lab/use-chromium-page.ts'

// What sessions leave behind in a page: listeners, sockets, memory.

const lab = useChromiumPage()

describe('what a page holds', () => {
  const count = async (cdp: CDPSession, expression: string): Promise<number> => {
    const { result } = await cdp.send('Runtime.evaluate', { expression })
    const { listeners } = await cdp.send('DOMDebugger.getEventListeners', { objectId: result.objectId ?? '' })
    return listeners.length
  }
  const listenersOf = async (cdp: CDPSession) => [await count(cdp, 'window'), await count(cdp, 'document')]

  /** Counts objects made by a constructor; the question itself must not keep them. */
  const liveObjects = async (cdp: CDPSession, constructor: string): Promise<number> => {
    await cdp.send('HeapProfiler.collectGarbage')
    const { result } = await cdp.send('Runtime.evaluate', { expression: `${constructor}.prototype` })
    const prototypeObjectId = result.objectId ?? ''
    const { objects } = await cdp.send('Runtime.queryObjects', { prototypeObjectId })
    const { result: properties } = await cdp.send('Runtime.getProperties', {
      objectId: objects.objectId ?? '',
      ownProperties: true,
    })
    for (const objectId of [prototypeObjectId, objects.objectId ?? '']) {
      await cdp.send('Runtime.releaseObject', { objectId })
    }
    return Number(properties.find(({ name }) => name === 'length')?.value?.value)
  }

  test('dispose() leaves no listener on window or document', async () => {
    await lab.open('/lab')
    const cdp = await lab.page.context().newCDPSession(lab.page)
    const before = await listenersOf(cdp)
    await openInPage(lab.page, tagged(lab.backend, 'listeners').url, { whenHidden: { closeAfterMs: 1_000 } })
    const during = await listenersOf(cdp)
    await lab.page.evaluate(() => (globalThis as unknown as InPage).session.dispose())
    expect(during.every((now, index) => now > (before[index] ?? 0))).toBe(true)
    expect(await listenersOf(cdp)).toEqual(before)
  })

  test('1,000 connect-drop-dispose cycles leave nothing: ledger at zero, every session and socket collected', async () => {
    await lab.open('/lab')
    const cdp = await lab.page.context().newCDPSession(lab.page)
    const socketsBefore = await liveObjects(cdp, 'WebSocket')
    const from = performance.now()
    const { cycles, leftovers } = await lab.page.evaluate(async (url) => {
      const place = globalThis as unknown as InPage & { refs: WeakRef<object>[] }
      place.refs = []
      const leftovers: unknown[] = []
      const cycle = async () => {
        const session = place.Holdfast.connect(url, { backoff: { baseMs: 1_000_000, capMs: 1_000_000 } })
        place.refs.push(new WeakRef(session))
        await session.opened()
        session.send('cut')
        while (session.state.name !== 'waiting')
          await new Promise((resolve) => session.once('state', resolve))
        session.dispose()
        await session.closed
        if (Object.values(session.resources).some((held) => held !== 0)) leftovers.push(session.resources)
      }
      // Chromium delays dials, by up to seconds, while a page has many under way.
      for (let done = 0; done < 1_000; done += 5) await Promise.all(Array.from({ length: 5 }, cycle))
      return { cycles: place.refs.length, leftovers }
    }, tagged(lab.backend, 'cycles').orders)
    const tookMs = performance.now() - from
    const socketsAfter = await liveObjects(cdp, 'WebSocket')
    const sessionsLeft = await lab.page.evaluate(
      () => (globalThis as unknown as { refs: WeakRef<object>[] }).refs.filter((ref) => ref.deref()).length,
    )
    measured(
      `Chromium: ${cycles} cycles in ${tookMs.toFixed(0)} ms, ${sessionsLeft} sessions and ${socketsAfter} sockets left`,
    )
    expect({ cycles, leftovers, sessionsLeft }).toEqual({ cycles: 1_000, leftovers: [], sessionsLeft: 0 })
    expect(socketsAfter).toBe(socketsBefore)
  })

  test('a session that was open when disposed is collected while the browser still closes its socket', async () => {
    await lab.open('/lab')
    const { url } = tagged(lab.backend, 'closing')
    const cdp = await lab.page.context().newCDPSession(lab.page)
    await openInPage(lab.page, `${url}?mute=1`)
    await lab.page.evaluate(() => {
      const place = globalThis as unknown as InPage & { ref: WeakRef<object>; left: unknown }
      place.session.dispose()
      place.left = place.session.resources
      place.ref = new WeakRef(place.session)
      Object.assign(place, { session: undefined, states: [] })
    })
    await cdp.send('HeapProfiler.collectGarbage')
    const left = await lab.page.evaluate(() => {
      const place = globalThis as unknown as { ref: WeakRef<object>; left: unknown }
      return { collected: place.ref.deref() === undefined, left: place.left }
    })
    expect(left).toEqual({ collected: true, left: { timers: 0, listeners: 0, sockets: 0, closing: 1 } })
  })

  test('500 sessions leave no more memory behind than noise', async () => {
    await lab.open('/lab')
    const cdp = await lab.page.context().newCDPSession(lab.page)
    const url = tagged(lab.backend, 'memory').url
    const bytesAfter = async (sessions: number): Promise<number> => {
      await lab.page.evaluate(useSessions, { url, sessions })
      await cdp.send('HeapProfiler.collectGarbage')
      return (await cdp.send('Runtime.getHeapUsage')).usedSize
    }
    // The first hundred also pay for what the page makes once: compiled code, caches.
    const before = await bytesAfter(100)
    const after = await bytesAfter(500)
    measured(`Chromium: 500 sessions leave ${((after - before) / 1_000).toFixed(0)} kB of heap behind`)
    expect(after - before).toBeLessThan(500 * MAX_BYTES_PER_SESSION)
  })
})

/** Less than the smallest thing a session could leave behind, such as a listener with its closure. */
const MAX_BYTES_PER_SESSION = 200

/** Runs in the page: sessions that open, hear their echo and end, a few at a time. */
async function useSessions({ url, sessions }: { url: string; sessions: number }): Promise<void> {
  const { Holdfast } = globalThis as unknown as InPage
  const one = async () => {
    const session = Holdfast.connect(url)
    session.send('hello')
    await new Promise((resolve) => session.once('message', resolve))
    await session.close()
  }
  for (let done = 0; done < sessions; done += 5) await Promise.all(Array.from({ length: 5 }, one))
}
