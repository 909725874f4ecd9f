// The page: a form to come in by, a room to talk in, a cluster to break.
import { Chat } from './chat.ts'
import { ClusterView } from './cluster-view.ts'
import { element, part } from './element.ts'
import { stateWords, waitWords } from './state-words.ts'
import { TalkView } from './talk-view.ts'

const chatterEveryMs = 200
const showEveryMs = 100

const talk = new TalkView(() => chat, show)
const name = element('name', HTMLInputElement)
const text = element('text', HTMLInputElement)
const chatter = element('chatter', HTMLInputElement)
let chat: Chat | undefined
let chattered = 0
let cluster: ClusterView | undefined

/** Where the balancer and the desk of the cluster are. */
interface Config {
  readonly chat: string
  readonly desk: string
}

void fetch('config.json')
  .then(async (answer) => begin((await answer.json()) as Config))
  .catch((error: unknown) => {
    part('enter-problem').textContent = `The page cannot begin: ${String(error)}`
  })

function begin(config: Config): void {
  cluster = new ClusterView(config.desk)
  name.value = new URLSearchParams(location.search).get('name') ?? ''
  part('enter').addEventListener('submit', (event) => {
    event.preventDefault()
    enter(config, name.value.trim())
  })
  part('say').addEventListener('submit', (event) => {
    event.preventDefault()
    if (text.value.trim() !== '') chat?.say(text.value)
    text.value = ''
  })
  part('leave').addEventListener('click', () => void chat?.session.close())
  part('now').addEventListener('click', () => chat?.session.reconnect())
  // Says goodbye, so that nobody is shown as away who has left. A page that may come back keeps its session.
  addEventListener('pagehide', ({ persisted }) => void (persisted ? undefined : chat?.session.close()))
  setInterval(show, showEveryMs)
  setInterval(talkByItself, chatterEveryMs)
}

function talkByItself(): void {
  if (!chatter.checked || chat === undefined) return
  chattered += 1
  chat.say(`line ${chattered}`)
}

function enter(config: Config, who: string): void {
  part('enter-problem').textContent = who === '' ? 'A name is needed.' : ''
  if (who === '') return
  talk.clear()
  const entered = new Chat(config.chat, who, talk)
  chat = entered
  void entered.session.closed.then(({ cause }) => left(cause.kind))
  shown('talk')
  text.focus()
}

function left(why: string): void {
  chat = undefined
  chatter.checked = false
  shown('enter')
  part('enter-problem').textContent = why === 'closed' ? '' : `The session ended: ${why}.`
  show()
}

function shown(what: 'enter' | 'talk'): void {
  part('enter').hidden = what !== 'enter'
  part('talk').hidden = what !== 'talk'
  part('leave').hidden = what !== 'talk'
}

function show(): void {
  const state = chat?.session.state
  part('state').dataset['state'] = state?.name ?? 'idle'
  write('state-words', state === undefined ? 'Not in the room' : stateWords(state, chat?.node))
  write('state-wait', state === undefined ? '' : waitWords(state, Date.now()))
  // Who is here is not known without a connection: what is shown is old news.
  part('people').classList.toggle('old', state?.name !== 'open')
  part('now').hidden = state?.name !== 'waiting'
  cluster?.here(state?.name === 'open' ? chat?.node : undefined)
  if (chat === undefined) return
  const { lines, missing, doubled, disordered } = chat.ledger.findings
  const { resumed, gaps } = chat.counts
  const facts = { lines, missing, doubled, disordered, resumed, gaps }
  for (const [fact, count] of Object.entries(facts)) {
    write(`fact-${fact}`, String(count))
    const isBad = count > 0 && ['missing', 'doubled', 'disordered'].includes(fact)
    part(`fact-${fact}`).classList.toggle('bad', isBad)
  }
}

/** Touches the page only when the words are new, so that what is read aloud is news. */
function write(id: string, words: string): void {
  const target = part(id)
  if (target.textContent !== words) target.textContent = words
}
