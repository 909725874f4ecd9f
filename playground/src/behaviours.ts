/** Something that the reference server does when the address asks for it. */
export interface Behaviour {
  readonly label: string
  readonly query: string
  /** What to look at. */
  readonly watch: string
}

export const behaviours: readonly Behaviour[] = [
  { label: 'echoes, as it should', query: '', watch: 'Every message comes back.' },
  { label: 'greets first', query: 'greet=Ahoy', watch: 'A message arrives before any was sent.' },
  {
    label: 'sends a tick every second',
    query: 'sendEvery=1000',
    watch: 'The log fills by itself; any frame counts as life.',
  },
  {
    label: 'refuses with HTTP 503',
    query: 'refuse=503&retryAfter=5',
    watch: 'Attempts go on with growing waits. A browser is not told the status.',
  },
  {
    label: 'refuses with HTTP 401',
    query: 'refuse=401',
    watch: 'The same picture: in Node the cause would say 401.',
  },
  { label: 'never answers the dial', query: 'answer=never', watch: 'The dial timeout ends the attempt.' },
  {
    label: 'resets right after the handshake',
    query: 'resetAfterUpgrade=1',
    watch: 'Open for a blink, then lost. The waits still grow.',
  },
  {
    label: 'accepts, closes with 1012 after 2 s',
    query: 'acceptThenClose=1012&afterMs=2000',
    watch: '“Service restart”: tried again, with backoff.',
  },
  {
    label: 'closes with 1013: come back in 5 s',
    query: 'acceptThenClose=1013&reason=retry-after-ms%3D5000',
    watch: 'The hint in the close reason wins over the backoff.',
  },
  {
    label: 'closes with 1000: it is done',
    query: 'acceptThenClose=1000&afterMs=1500',
    watch: 'A normal closure ends the session.',
  },
  {
    label: 'closes with 1008: new token, please',
    query: 'acceptThenClose=1008&afterMs=1000',
    watch: 'Tried again, because the address is a function and may give a fresh token.',
  },
  {
    label: 'closes with 4409: replaced by another',
    query: 'acceptThenClose=4409&afterMs=1000',
    watch: 'Superseded: the session ends rather than fight.',
  },
  {
    label: 'says goodbye after 5 s',
    query: 'sayGoodbyeAfterMs=5000',
    watch: 'Every five seconds a new connection.',
  },
  { label: 'reads, but never answers', query: 'mute=1', watch: 'Looks open. The heartbeat finds out.' },
  {
    label: 'does not echo',
    query: 'noEcho=1',
    watch: 'No echo, no answer to “ping” either: the heartbeat gives it up.',
  },
  {
    label: 'sends 2 MiB at once',
    query: 'oversize=2097152',
    watch: 'One large message in the log; the session stays.',
  },
  {
    label: 'sends garbage',
    query: 'garbage=1',
    watch: 'The browser drops the connection, the session tries again.',
  },
]
