import { setTimeout as sleep } from 'node:timers/promises'
import type { Link, Setup } from '../contender.ts'
import { contenderOf } from '../contenders.ts'
import { Echo, type EchoPlan } from '../echo.ts'
import { allocated, heldBytes } from '../held-bytes.ts'
import { answerParent } from '../part.ts'

/** One contender in its own process: opens links, echoes, and tells what happened. */
export async function attend(name: string): Promise<void> {
  const start = await contenderOf(name).load()
  const echo = new Echo()
  const links: Link[] = []
  /** What happened to the links, with the time of day. */
  let happened: {
    readonly what: 'message' | 'lost'
    readonly link: number
    readonly atMs: number
    readonly data?: unknown
  }[] = []
  let noting = false
  const open = async (url: string, setup: Setup) => {
    const link = links.length
    const note = (what: 'message' | 'lost', data?: unknown) => {
      if (noting) happened.push({ what, link, atMs: Date.now(), data })
    }
    const started = start({
      url,
      setup,
      events: {
        message: (data) => {
          if (noting) note('message', data)
          else echo.take(data)
        },
        lost: () => note('lost'),
      },
    })
    links.push(started.link)
    await started.opened
  }
  answerParent({
    open: async ({ url, setup = 'default', count = 1 }: { url: string; setup?: Setup; count?: number }) => {
      for (let left = count; left > 0; left -= 100) {
        await Promise.all(Array.from({ length: Math.min(100, left) }, () => open(url, setup)))
      }
    },
    echo: (plan: EchoPlan & { link?: number }) => echo.run(links[plan.link ?? 0] as Link, plan),
    stream: async ({ count, everyMs }: { count: number; everyMs: number }) => {
      for (let n = 0; n < count; n += 1) {
        links[0]?.send(`c${n}`)
        await sleep(everyMs)
      }
    },
    note: () => {
      noting = true
      happened = []
    },
    happened: () => happened,
    heldBytes: () => heldBytes(),
    allocated: (plan: EchoPlan) => allocated(() => echo.run(links[0] as Link, plan)),
    settle: () => sleep(500),
    active: () => process.getActiveResourcesInfo(),
    close: () => {
      for (const link of links.splice(0)) (link.dispose ?? link.close)()
    },
  })
}
