import type { Session } from 'holdfast'
import { pool, type SessionPool } from 'holdfast/pool'
import { button, input, part } from './element.ts'
import { type Lab, openLabSession, showNumbers, showVerdict, sumOf, wireFaults } from './lab.ts'
import { PoolPicture } from './pool-picture.ts'
import { PoolWorkers } from './pool-workers.ts'
import { isShown } from './tabs.ts'
import { ticker } from './ticker.ts'
import { count } from './time-words.ts'

const maxSessions = 6

/** One pool from start to stop, with everybody in it. */
interface Running {
  readonly pool: SessionPool
  readonly workers: PoolWorkers
  /** Every session that was opened, in the order of their places; those that left make room. */
  readonly sessions: Session[]
  readonly all: Session[]
}

/** Shows a pool at work: who has which session, and who waits. */
export function showPoolLab(lab: Lab): void {
  const picture = new PoolPicture(maxSessions)
  const field = input('pool-workers')
  let running: Running | undefined
  const people = () => Number(field.value)
  const showPeople = () => {
    part('pool-workers-value').textContent = count(people(), 'worker')
  }
  field.addEventListener('input', () => {
    showPeople()
    if (running && running.pool.state.name === 'open') running.workers.count = people()
  })
  button('pool-start').addEventListener('click', () => {
    stop(running)
    running = start(lab)
    running.workers.count = people()
  })
  button('pool-stop').addEventListener('click', () => stop(running))
  button('pool-eject').addEventListener('click', () => {
    const [first] = running?.workers.busy.values() ?? []
    first?.lease.eject()
  })
  wireFaults('pool', lab)
  showPeople()
  ticker.on(() => {
    if (isShown('pool')) draw(picture, running)
  })
}

function start(lab: Lab): Running {
  const sessions: Session[] = []
  const all: Session[] = []
  const open = () => {
    const session = openLabSession(lab)
    sessions.push(session)
    all.push(session)
    session.once('closed', () => void sessions.splice(sessions.indexOf(session), 1))
    return session
  }
  const made = pool(open, { minSessions: 1, maxSessions, idleMs: 4_000, validateAfterMs: 1_000 })
  return { pool: made, workers: new PoolWorkers(made), sessions, all }
}

function stop(running: Running | undefined): void {
  if (running === undefined) return
  running.workers.count = 0
  running.pool.dispose()
}

function draw(picture: PoolPicture, running: Running | undefined): void {
  const { pool: made, workers, sessions = [], all = [] } = running ?? {}
  const stats = made?.stats()
  picture.draw(
    sessions.map((session) => ({
      state: session.state.name,
      worker: workers?.busy.get(session)?.worker,
    })),
    stats?.waiting ?? 0,
  )
  const gone = Object.values(stats?.left ?? {}).reduce((sum, number) => sum + number, 0)
  const failed = (stats?.timedOut ?? 0) + (stats?.rejected ?? 0) + (stats?.failed ?? 0)
  showNumbers('pool', {
    leased: stats?.leased ?? 0,
    waited: stats?.waited ?? 0,
    checks: stats ? stats.checks.alive + stats.checks.dead + stats.checks.unknown : 0,
    failed,
    opened: stats?.opened ?? 0,
    left: gone,
  })
  if (made === undefined) return showVerdict('pool', 'not started', undefined)
  const isOver = made.state.name === 'closed'
  showVerdict('pool', isOver ? 'stopped' : 'at work', isOver ? sumOf([made, ...all]) : undefined)
}
