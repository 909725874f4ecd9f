// packages/server/sim/cli.ts
import { parseArgs } from 'node:util'

// packages/server/sim/ledger.ts
var Broken = class extends Error {}
var Ledger = class {
  counts = {}
  #numbers = /* @__PURE__ */ new Map()
  #places = /* @__PURE__ */ new Map()
  #lastOf = /* @__PURE__ */ new Map()
  #streams = /* @__PURE__ */ new Map()
  #received = /* @__PURE__ */ new Set()
  count(name, by = 1) {
    this.counts[name] = (this.counts[name] ?? 0) + by
  }
  check(holds, what) {
    if (!holds) throw new Broken(what())
  }
  /** A server's application got a message: under one number for good, in order, and within one object once. */
  up(object, id, number, message) {
    const place = `${id} ${number}`
    const before2 = this.#numbers.get(place)
    this.count(before2 === void 0 ? 'up' : 'up again')
    this.check(before2 === void 0 || before2 === message, () => `${place} is ${message} and was ${before2}`)
    this.check(
      (this.#places.get(message) ?? place) === place,
      () => `${message} is ${place} and ${this.#places.get(message)}`,
    )
    const last = this.#lastOf.get(object)
    this.check(last === void 0 || number === last + 1, () => `${object} got ${number} after ${last}`)
    this.check(
      number === 1 || this.#numbers.has(`${id} ${number - 1}`),
      () => `${place} came before the one before it`,
    )
    this.#numbers.set(place, message)
    this.#places.set(message, place)
    this.#lastOf.set(object, number)
  }
  wasDelivered(message) {
    return this.#places.has(message)
  }
  /** The client got a message: of each object's messages all from the first, in order, once. */
  down(message) {
    const cut = message.lastIndexOf(':')
    const [stream, number] = [message.slice(0, cut), Number(message.slice(cut + 1))]
    const expected = (this.#streams.get(stream) ?? 0) + 1
    this.check(number === expected, () => `the client got ${message}, expected ${expected}`)
    this.#streams.set(stream, number)
    this.#received.add(message)
    this.count('down')
  }
  didArrive(message) {
    return this.#received.has(message)
  }
}

// packages/protocol/sim/agenda.ts
var before = (left, right) => left.at < right.at || (left.at === right.at && left.order < right.order)
var maxSteps = 2e5
var Agenda = class {
  #heap = []
  #timers = /* @__PURE__ */ new Map()
  #order = 0
  #steps = 0
  #now = 0
  get now() {
    return this.#now
  }
  /** Plans something `delayMs` from now. */
  after(delayMs, run) {
    this.#order += 1
    this.#push({ at: this.#now + delayMs, order: this.#order, run })
  }
  /** Starts a named timer, or starts it anew. */
  arm(name, delayMs, run) {
    const id = this.#order + 1
    this.#timers.set(name, id)
    this.after(delayMs, () => {
      if (this.#timers.get(name) !== id) return
      this.#timers.delete(name)
      run()
    })
  }
  disarm(name) {
    this.#timers.delete(name)
  }
  /** Names of the running timers. */
  armed(prefix) {
    return [...this.#timers.keys()].filter((name) => name.startsWith(prefix))
  }
  isArmed(name) {
    return this.#timers.has(name)
  }
  /** Runs the next thing that is due by `untilMs`; false when there is none. */
  step(untilMs) {
    const [first] = this.#heap
    if (first === void 0 || first.at > untilMs) {
      this.#now = Math.max(this.#now, untilMs)
      return false
    }
    this.#pop()
    this.#now = first.at
    this.#steps += 1
    if (this.#steps > maxSteps) throw new Error('endless: more events than any run needs')
    first.run()
    return true
  }
  #push(item) {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === void 0 || before(above, item)) break
      heap[at] = above
      heap[parent] = item
      at = parent
    }
  }
  #pop() {
    const heap = this.#heap
    const last = heap.pop()
    if (last === void 0 || heap.length === 0) return
    let at = 0
    heap[0] = last
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const candidate = heap[child]
        const current = heap[least]
        if (candidate !== void 0 && current !== void 0 && before(candidate, current)) least = child
      }
      if (least === at) return
      const moved = heap[least]
      if (moved !== void 0) heap[at] = moved
      heap[least] = last
      at = least
    }
  }
}

// packages/protocol/sim/random.ts
var Random = class {
  #a
  #b
  #c
  #d = 1
  constructor(seed) {
    this.#a = seed | 0
    this.#b = Math.trunc(seed / 4294967296) | 0
    this.#c = 2654435769 | 0
    for (let warm = 0; warm < 12; warm += 1) this.unit()
  }
  /** Returns a number in [0, 1). */
  unit() {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    this.#c |= 0
    return (t >>> 0) / 4294967296
  }
  /** Returns a whole number from `min` to `max`, both included. */
  between(min, max) {
    return min + Math.floor(this.unit() * (max - min + 1))
  }
  /** Returns true with a probability. */
  chance(probability) {
    return this.unit() < probability
  }
  pick(...items) {
    return items[Math.floor(this.unit() * items.length)] ?? items[0]
  }
  /** Returns a waiting time around a mean, many short and a few long. */
  wait(mean) {
    return Math.ceil(-Math.log(1 - this.unit()) * mean)
  }
}

// packages/protocol/sim/wire.ts
var Pipe = class {
  #agenda
  #deliver
  #latencyMs
  #lastAt = 0
  #stalledUntil
  /** `open` carries; `silent` swallows what is sent from now on; `dead` loses also what is on its way. */
  #state = 'open'
  #pendingBytes = 0
  constructor(agenda, latencyMs, stallMs, deliver) {
    this.#agenda = agenda
    this.#deliver = deliver
    this.#latencyMs = latencyMs
    this.#stalledUntil = agenda.now + stallMs
  }
  get pendingBytes() {
    return this.#pendingBytes
  }
  get isOpen() {
    return this.#state === 'open'
  }
  get isDead() {
    return this.#state === 'dead'
  }
  /** When everything on its way will have arrived. */
  get lastAt() {
    return this.#lastAt
  }
  send(data) {
    this.#pendingBytes += data.length
    if (this.#state !== 'open') return
    const { now } = this.#agenda
    this.#lastAt = Math.max(this.#lastAt, now + this.#latencyMs, this.#stalledUntil)
    this.#agenda.after(this.#lastAt - now, () => {
      if (this.#state === 'dead') return
      this.#pendingBytes -= data.length
      this.#deliver(data)
    })
  }
  stall(untilMs) {
    this.#stalledUntil = Math.max(this.#stalledUntil, untilMs)
  }
  silence() {
    if (this.#state === 'open') this.#state = 'silent'
  }
  die() {
    this.#state = 'dead'
  }
}
var Wire = class {
  #agenda
  #random
  #up
  #down
  #client
  #server
  constructor(agenda, random, latencyMs, stall) {
    this.#agenda = agenda
    this.#random = random
    this.#up = new Pipe(agenda, random.between(1, latencyMs), stall.upMs, (data) => this.#server?.frame(data))
    this.#down = new Pipe(agenda, random.between(1, latencyMs), stall.downMs, (data) =>
      this.#client?.frame(data),
    )
  }
  join(client, server) {
    this.#client = client
    this.#server = server
  }
  /** Bytes written by an end and not yet at the other. */
  buffered(end) {
    return (end === 'client' ? this.#up : this.#down).pendingBytes
  }
  send(from2, data) {
    const pipe = from2 === 'client' ? this.#up : this.#down
    pipe.send(data)
  }
  stall(direction, forMs) {
    const pipe = direction === 'up' ? this.#up : this.#down
    pipe.stall(this.#agenda.now + forMs)
  }
  halfOpen(direction) {
    const pipe = direction === 'up' ? this.#up : this.#down
    pipe.silence()
  }
  /** One end closes: what it sent before arrives, then the other end learns of it, unless the way there is broken. */
  close(by, code3) {
    const [out, back, other] =
      by === 'client'
        ? [this.#up, this.#down, () => this.#server]
        : [this.#down, this.#up, () => this.#client]
    const reaches = out.isOpen
    out.silence()
    back.silence()
    if (!reaches) return
    const waitMs = Math.max(0, out.lastAt - this.#agenda.now) + 1
    this.#agenda.after(waitMs, () => other()?.closed(out.isDead ? void 0 : code3))
  }
  /** The network breaks: each direction loses or still brings what is on its way, and each end learns when it learns. */
  cut(lateMs) {
    for (const pipe of [this.#up, this.#down]) {
      pipe.silence()
      if (this.#random.chance(0.6)) pipe.die()
    }
    for (const end of [() => this.#client, () => this.#server]) {
      if (this.#random.chance(0.9))
        this.#agenda.after(this.#random.between(0, lateMs), () => end()?.closed(void 0))
    }
  }
  /** The server's process dies: nothing comes from it any more, and nobody there learns anything. */
  lose(lateMs) {
    this.#up.die()
    this.#down.silence()
    if (this.#random.chance(0.5)) this.#down.die()
    this.#server = void 0
    if (this.#random.chance(0.8))
      this.#agenda.after(this.#random.between(0, lateMs), () => this.#client?.closed(void 0))
  }
}

// packages/server/src/sessions/session-ids.ts
import { createHash, randomBytes } from 'node:crypto'
var SID_BYTES = 16
var TOKEN_BYTES = 32
var LOG_NAME_LENGTH = 10
function makeFreshIds() {
  const freshToken = randomBytes(TOKEN_BYTES).toString('base64url')
  return {
    freshSid: randomBytes(SID_BYTES).toString('base64url'),
    freshToken,
    freshTokenHash: hashOf(freshToken),
  }
}
function hashOf(token) {
  return createHash('sha256').update(token).digest('base64url')
}
function logNameOf(sid) {
  return `s-${createHash('sha256').update('log name').update(sid).digest('base64url').slice(0, LOG_NAME_LENGTH)}`
}

// packages/protocol/src/close-code.ts
var closeCode = {
  /** The session ended with BYE. */
  bye: 4e3,
  /** A frame that the protocol does not allow here. */
  protocol: 4400,
  /** Credentials are missing or no longer valid. */
  unauthorized: 4401,
  /** The credentials are good, but do not allow this. */
  forbidden: 4403,
  /** No HELLO in time, or too much before it. */
  timeout: 4408,
  /** A later connection of the same session took over; the client makes no further attempt. */
  superseded: 4409,
  /** The server ended the session. */
  ended: 4410,
  /** The HELLO belongs to an attempt older than one the server already knows. */
  stale: 4412,
  /** A message is larger than the receiver's limit. */
  tooLarge: 4413,
  /** Too many; come back after `retryMs`. */
  rate: 4429,
  /** The server failed; come back. */
  internal: 4500,
  /** The server is leaving; come back, elsewhere or later. */
  draining: 4503,
}

// packages/protocol/src/bounded-json.ts
var jsonBounds = { maxBytes: 16384, maxDepth: 4 }
function isShallow(value, depth) {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1))
}
function parseObject(text2) {
  try {
    const value = JSON.parse(text2)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && isShallow(value, jsonBounds.maxDepth) ? value : void 0
  } catch {
    return void 0
  }
}

// packages/protocol/src/canonical.ts
var numbers = /^(0|[1-9][0-9]{0,15}),(0|[1-9][0-9]{0,15})(?:,(0|[1-9][0-9]{0,15}))?$/
function readNumbers(text2) {
  const read = numbers.exec(text2)?.slice(1).filter(Boolean).map(Number)
  return read?.every(Number.isSafeInteger) ? read : void 0
}

// packages/protocol/src/shape.ts
var natural =
  (min = 0, max = Number.MAX_SAFE_INTEGER) =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
var text = (maxLength) => (value) =>
  typeof value === 'string' && value.length > 0 && value.length <= maxLength
var flag = (value) => typeof value === 'boolean'
var list = (check) => (value) => Array.isArray(value) && value.length <= 16 && value.every(check)
var optional = (check) => (value) => value === void 0 || check(value)
var hourMs = 36e5
var maxShort = 64
var word = text(maxShort)
var phrase = text(256)
var attempt = (min) => natural(min, 2 ** 52)
function pickMembers(source, shape) {
  const picked = /* @__PURE__ */ Object.create(null)
  picked.kind = shape.kind
  for (const [key, check] of Object.entries(shape.members)) {
    const value = Object.hasOwn(source, key) ? source[key] : void 0
    if (!check(value)) return key
    if (value !== void 0) picked[key] = value
  }
  return shape.clash?.(picked) || (shape.clean?.(picked) ?? picked)
}

// packages/protocol/src/utf8-bytes.ts
var { TextEncoder } = globalThis
var longText = 512
function utf8Bytes(text2) {
  if (TextEncoder && text2.length >= longText) return new TextEncoder().encode(text2).length
  return countedBytes(text2)
}
function countedBytes(text2) {
  let bytes2 = text2.length
  for (let at = 0; at < text2.length; at += 1) {
    const code3 = text2.charCodeAt(at)
    if (code3 < 128) continue
    if (code3 < 2048) bytes2 += 1
    else if (code3 >= 55296 && code3 < 56320 && isLow(text2.charCodeAt(at + 1))) {
      bytes2 += 2
      at += 1
    } else bytes2 += 2
  }
  return bytes2
}
function isLow(code3) {
  return code3 >= 56320 && code3 < 57344
}

// packages/protocol/src/codec.ts
var dle = ''
var dleCode = 16
var letters = {
  hello: 'H',
  welcome: 'W',
  ack: 'A',
  ping: 'P',
  pong: 'Q',
  goaway: 'G',
  bye: 'B',
  error: 'E',
  refresh: 'R',
  expiry: 'X',
}
function encodeText(payload) {
  return payload.charCodeAt(0) === dleCode ? dle + payload : payload
}
function encodeData(payload) {
  return typeof payload === 'string' ? encodeText(payload) : payload
}
function encodeControl(frame) {
  const { kind, ...members } = frame
  const body = 'tx' in frame ? countsOf(frame) : JSON.stringify(members)
  return dle + letters[kind] + body
}
function countsOf(frame) {
  const { ack, tx } = frame
  return frame.kind === 'ack' ? `${ack},${tx}` : `${ack},${tx},${frame.n}`
}
function decodeText(text2, shapes) {
  if (text2.charCodeAt(0) !== dleCode) return text2
  if (text2.charCodeAt(1) === dleCode) return text2.slice(1)
  const letter = text2.charAt(1)
  const body = text2.slice(2)
  if (letter === 'A' || letter === 'P' || letter === 'Q') return decodeCounts(letter, body)
  return decodeShaped(letter, body, shapes)
}
function violation(what, detail) {
  return { kind: 'violation', what, detail }
}
function decodeCounts(letter, body) {
  const [ack, tx, n] = readNumbers(body) ?? []
  if (ack === void 0 || tx === void 0 || (n === void 0) !== (letter === 'A'))
    return violation('number', letter)
  return n === void 0 ? { kind: 'ack', ack, tx } : { kind: letter === 'P' ? 'ping' : 'pong', ack, tx, n }
}
function decodeShaped(letter, body, shapes) {
  const shape = Object.hasOwn(shapes, letter) ? shapes[letter] : void 0
  if (shape === void 0) return violation('letter', 'no such frame here')
  if (shape.read !== void 0) return shape.read(body) ?? violation('number', letter)
  const room = jsonBounds.maxBytes - 2
  if (body.length > room || utf8Bytes(body) > room) return violation('size', letter)
  const parsed = parseObject(body)
  if (parsed === void 0) return violation('json', letter)
  const frame = pickMembers(parsed, shape)
  return typeof frame === 'string' ? violation('member', `${letter}.${frame}`) : frame
}

// packages/protocol/src/batch.ts
var mostMessages = 1024
var batchDefaults = { lingerMs: 0, maxMessages: 256, maxBytes: 16384 }
var batchShape = { kind: 'batch', members: {}, read: decodeBatch }
function batching(options = {}) {
  const { lingerMs, maxMessages, maxBytes } = { ...batchDefaults, ...options }
  const begin = (send, most) => new TextPacker(send, maxMessages, Math.min(maxBytes, most))
  return Object.assign(begin, { lingerMs, shape: batchShape })
}
var TextPacker = class {
  #send
  #maxMessages
  #maxBytes
  #texts = []
  #textBytes = 0
  /** What waits to be put, since the last frame went out. */
  #lingering = 0
  #lingeringBytes = 0
  constructor(send, maxMessages, maxBytes) {
    this.#send = send
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }
  put({ payload, bytes: bytes2 }) {
    const isFull = this.#texts.length >= this.#maxMessages || this.#textBytes + bytes2 > this.#maxBytes
    if (isFull || typeof payload !== 'string') this.flush()
    if (typeof payload !== 'string') return this.#send(payload)
    this.#texts.push(payload)
    this.#textBytes += bytes2
  }
  flush() {
    this.#lingering = 0
    this.#lingeringBytes = 0
    const [first] = this.#texts
    if (first === void 0) return
    this.#send(this.#texts.length === 1 ? encodeData(first) : encodeBatch(this.#texts))
    this.#texts = []
    this.#textBytes = 0
  }
  lingers({ payload, bytes: bytes2 }) {
    this.#lingering += 1
    this.#lingeringBytes += bytes2
    return (
      typeof payload === 'string' &&
      this.#lingering < this.#maxMessages &&
      this.#lingeringBytes < this.#maxBytes
    )
  }
}
function encodeBatch(payloads) {
  return `${dle}M${payloads.map(({ length }) => length).join(',')};${payloads.join('')}`
}
function decodeBatch(body) {
  const [head = ''] = body.split(';', 1)
  const lengths = head.split(',').map(Number)
  const isCanonical =
    lengths.join(',') === head && lengths.every((length) => length >= 0 && Number.isSafeInteger(length))
  if (!isCanonical || lengths.length > mostMessages) return void 0
  let at = head.length + 1
  const payloads = lengths.map((length) => body.slice(at, (at += length)))
  return at === body.length ? { kind: 'batch', payloads } : void 0
}

// packages/protocol/src/limits.ts
var defaultLimits = { maxBytes: 1048576, windowMessages: 1024, windowBytes: 4194304 }
function limitsOf({ max, win }) {
  const [windowMessages = 1, windowBytes = max] = win
  return { maxBytes: max, windowMessages, windowBytes }
}
function wireLimits({ maxBytes, windowMessages, windowBytes }) {
  return { max: maxBytes, win: [windowMessages, windowBytes] }
}
function checkLimits(limits2) {
  const { maxBytes, windowMessages, windowBytes } = limits2
  for (const [name, value, min] of [
    ['maxBytes', maxBytes, 1],
    ['windowMessages', windowMessages, 1],
    ['windowBytes', windowBytes, maxBytes],
  ]) {
    if (!Number.isSafeInteger(value) || value < min) {
      throw new RangeError(`${name}: a whole number of at least ${min} is needed, received ${value}`)
    }
  }
  return limits2
}

// packages/protocol/src/client-config.ts
var clientDefaults = {
  proto: [],
  limits: defaultLimits,
  bounds: { maxMessages: 4096, maxBytes: 8388608 },
  ackMode: 'received',
  highWaterBytes: 1048576,
}
function resolveClientOptions(options) {
  const config = { ...clientDefaults, ...options }
  checkLimits(config.limits)
  checkBounds(config)
  if (config.cid.length < 1 || config.cid.length > 64) {
    throw new RangeError(`cid: 1 to 64 characters are needed, received ${config.cid.length}`)
  }
  return config
}
function checkBounds(config) {
  for (const [name, value] of [
    ['bounds.maxMessages', config.bounds.maxMessages],
    ['bounds.maxBytes', config.bounds.maxBytes],
    ['highWaterBytes', config.highWaterBytes],
  ]) {
    if (!(value >= 1)) throw new RangeError(`${name}: at least 1 is needed, received ${value}`)
  }
}

// packages/protocol/src/shared-frames.ts
var closeCode2 = natural(1e3, 4999)
var lastMembers = {
  lack: optional(natural()),
  lrx: optional(natural()),
}
var limitMembers = { max: natural(1), win: list(natural(1)) }
function lastClash({ lack, lrx }) {
  if (lack === void 0 && lrx === void 0) return false
  return !(Number(lack) <= Number(lrx)) && 'lack'
}
function limitClash({ max, win }) {
  return (win.length !== 2 || Number(win[1]) < max) && 'win'
}
function countClash({ ack, rx }) {
  return ack > rx && 'ack'
}
var byeShape = {
  kind: 'bye',
  members: { code: closeCode2, ack: natural(), rx: natural() },
  clash: countClash,
}
var errorShape = {
  kind: 'error',
  members: {
    code: closeCode2,
    retry: optional(natural()),
    msg: optional(phrase),
    end: optional(flag),
    lost: optional(word),
    ...lastMembers,
    n: optional(natural()),
    att: optional(attempt(0)),
  },
  clash: lastClash,
}

// packages/protocol/src/client-frames.ts
var interval = (value) => value === 0 || natural(1e3, hourMs)(value)
var upToAnHour = natural(0, hourMs)
var welcomeShape = {
  kind: 'welcome',
  members: {
    v: natural(1, 1),
    sid: text(128),
    tok: text(512),
    res: flag,
    lost: optional(word),
    ...lastMembers,
    rx: natural(),
    ack: natural(),
    ping: interval,
    idle: interval,
    ttl: natural(0, 168 * hourMs),
    ...limitMembers,
    spread: upToAnHour,
    ext: optional(list(word)),
    proto: optional(word),
    exp: optional(natural()),
  },
  clash: (welcome) =>
    countClash(welcome) ||
    limitClash(welcome) ||
    lastClash(welcome) ||
    (!welcome.res && welcome.rx > 0 && 'rx'),
}
var goAwayShape = {
  kind: 'goaway',
  members: { after: upToAnHour, spread: upToAnHour, why: optional(phrase) },
}
var expiryShape = { kind: 'expiry', members: { exp: natural() } }
var clientFrames = {
  W: welcomeShape,
  G: goAwayShape,
  B: byeShape,
  E: errorShape,
  X: expiryShape,
}

// packages/protocol/src/frame.ts
var version = 1
var extensions = ['auth', 'batch']
function detailOf(frame) {
  return frame.kind === 'violation' ? frame.detail : frame.kind
}

// packages/protocol/src/client-hello.ts
function helloFor(config, attempt2, identity, counts, auth) {
  return {
    kind: 'hello',
    v: [version],
    sid: identity?.sid ?? null,
    tok: identity?.token ?? null,
    att: attempt2,
    rx: counts?.rx ?? 0,
    ack: counts?.ack ?? 0,
    ...wireLimits(config.limits),
    auth,
    cid: config.cid,
    ua: config.agent,
    ext: config.batch ? extensions : ['auth'],
    proto: config.proto,
  }
}

// packages/protocol/src/hand-back.ts
function nothing() {
  return { delivered: [], uncertain: [], undelivered: [] }
}
function handBack(outbox, last) {
  const { acked, hi, entries } = outbox
  const fits = last !== void 0 && acked <= last.lack && last.lack <= last.lrx && last.lrx <= hi
  const delivered = fits ? last.lack - acked : 0
  const arrived = (fits ? last.lrx : hi) - acked
  return {
    delivered: entries.slice(0, delivered),
    uncertain: entries.slice(delivered, arrived),
    undelivered: entries.slice(arrived),
  }
}

// packages/protocol/src/inbox.ts
function emptyInbox() {
  return { rx: 0, handled: 0 }
}
var ackBounds = { maxMessages: 64, maxBytes: 65536 }
var Inbox = class {
  #state
  #limits
  #dueMessages
  #dueBytes
  /** Sizes of the messages from handled + 1 to rx. */
  #sizes = []
  /** Numbers handled out of order, all above `handled`. */
  #ahead = /* @__PURE__ */ new Set()
  /** The acknowledgement the other end was last told. */
  #told
  /** Bytes handled since then. */
  #untoldBytes = 0
  constructor(state, limits2) {
    this.#state = state
    this.#limits = limits2
    this.#dueMessages = Math.min(ackBounds.maxMessages, Math.ceil(limits2.windowMessages / 2))
    this.#dueBytes = Math.min(ackBounds.maxBytes, Math.ceil(limits2.windowBytes / 2))
    this.#told = state.handled
  }
  get rx() {
    return this.#state.rx
  }
  get handled() {
    return this.#state.handled
  }
  /** Counts a message and returns its number, or why it may not come in. */
  accept(bytes2) {
    if (bytes2 > this.#limits.maxBytes) return 'too-large'
    if (this.#state.rx - this.#told >= this.#limits.windowMessages) return 'window'
    this.#sizes.push(bytes2)
    this.#state.rx += 1
    return this.#state.rx
  }
  /** Notes that the application is done with a message; a number that is not open does nothing. */
  settle(number) {
    if (number <= this.#state.handled || number > this.#state.rx) return
    this.#ahead.add(number)
    while (this.#ahead.delete(this.#state.handled + 1)) {
      this.#state.handled += 1
      this.#untoldBytes += this.#sizes.shift() ?? 0
    }
  }
  /** True when something is handled that the other end was not told. */
  get isOwing() {
    return this.#state.handled > this.#told
  }
  /** True when the acknowledgement may not wait any longer. */
  get isDue() {
    return this.#state.handled - this.#told >= this.#dueMessages || this.#untoldBytes >= this.#dueBytes
  }
  /** Returns the acknowledgement to put into a frame now, and notes that it was told. */
  tell() {
    this.#told = this.#state.handled
    this.#untoldBytes = 0
    return this.#told
  }
}

// packages/protocol/src/outbox-state.ts
function emptyOutbox() {
  return { acked: 0, tx: 0, hi: 0, entries: [] }
}
function bytesOf(entries) {
  let bytes2 = 0
  for (const entry of entries) bytes2 += entry.bytes
  return bytes2
}

// packages/protocol/src/outbox.ts
function misfitOf(outbox, peer, limits2) {
  const { acked, hi, entries } = outbox
  if (peer.ack < acked || peer.ack > peer.rx || peer.rx > hi) return 'diverged'
  return entries.slice(peer.rx - acked).some((entry) => entry.bytes > limits2.maxBytes) ? 'too-large' : void 0
}
var Outbox = class {
  #state
  #next
  /** Bytes of the messages from acked + 1 to next - 1. */
  #outstandingBytes = 0
  /** Bytes of the messages from next to tx. */
  #waitingBytes = 0
  #windowMessages = 0
  #windowBytes = 0
  constructor(state) {
    this.#state = state
    this.#next = state.tx + 1
  }
  /** Number of the last message put on this connection: the `tx` of every count. */
  get sent() {
    return this.#next - 1
  }
  get acked() {
    return this.#state.acked
  }
  /**
   * Starts on a new connection: frees what the other end has handled and puts the cursor behind what it accepted.
   * Returns the freed messages, or what keeps this outbox from going on; then nothing has changed.
   */
  begin(peer, limits2, bounds) {
    const { acked, entries } = this.#state
    const misfit = misfitOf(this.#state, peer, limits2)
    if (misfit !== void 0) return misfit
    this.#windowMessages = Math.min(limits2.windowMessages, bounds.maxMessages)
    this.#windowBytes = Math.min(limits2.windowBytes, bounds.maxBytes)
    this.#next = peer.rx + 1
    this.#outstandingBytes = bytesOf(entries.slice(0, peer.rx - acked))
    this.#waitingBytes = bytesOf(entries.slice(peer.rx - acked))
    return this.#free(peer.ack)
  }
  /** Numbers a message and returns its number. */
  append(entry) {
    this.#state.entries.push(entry)
    this.#state.tx += 1
    this.#waitingBytes += entry.bytes
    return this.#state.tx
  }
  /** Returns the message under the cursor when the window has room for it. */
  peek() {
    const outstanding = this.#next - 1 - this.#state.acked
    const entry = this.#state.entries[outstanding]
    const fits = entry !== void 0 && this.#hasRoom(outstanding, this.#outstandingBytes + entry.bytes)
    return fits ? entry : void 0
  }
  /** Moves the cursor over the message that `peek` returned: it is on the wire. */
  advance(entry) {
    this.#outstandingBytes += entry.bytes
    this.#waitingBytes -= entry.bytes
    this.#state.hi = Math.max(this.#state.hi, this.#next)
    this.#next += 1
  }
  /** Tells whether a new message of this size fits into the window, with all that waits before it. */
  isOpen(bytes2) {
    return this.#hasRoom(this.#state.entries.length, this.#outstandingBytes + this.#waitingBytes + bytes2)
  }
  /** A message larger than the rest of the window may still go alone, or it would never go. */
  #hasRoom(before2, bytes2) {
    return before2 === 0 || (before2 < this.#windowMessages && bytes2 <= this.#windowBytes)
  }
  /**
   * Takes a cumulative acknowledgement and returns the messages it frees, or `badack` when it goes backwards or covers
   * a message that this connection has not carried.
   */
  acknowledge(ack) {
    return ack < this.#state.acked || ack >= this.#next ? 'badack' : this.#free(ack)
  }
  #free(ack) {
    if (ack === this.#state.acked) return []
    const freed = this.#state.entries.splice(0, ack - this.#state.acked)
    this.#outstandingBytes -= bytesOf(freed)
    this.#state.acked = ack
    return freed
  }
  /** Sorts what is left by fate. */
  handBack(last) {
    return handBack(this.#state, last)
  }
}

// packages/protocol/src/exchange.ts
var exchangeTimersMs = { ack: 200, drain: 50, linger: 0 }
var Exchange = class {
  sid
  #config
  #port
  #outbox
  #inbox
  #armed = /* @__PURE__ */ new Set()
  /** What the other end accepts; known from the first handshake on. */
  #peerLimits
  /** On a connection, what its buffer is thought to hold; otherwise nothing. */
  #link
  /** Size of the message that was refused and is waited for. */
  #refusedBytes
  constructor(sid, config, port, peerLimits, outbox, inbox) {
    this.sid = sid
    this.#config = config
    this.#port = port
    this.#peerLimits = peerLimits
    this.#outbox = new Outbox(outbox)
    this.#inbox = new Inbox(inbox, config.limits)
  }
  /** This end's counts, final once it accepts nothing more. */
  get last() {
    return { lack: this.#inbox.handled, lrx: this.#inbox.rx }
  }
  /** Largest message the other end takes, in bytes. */
  get maxBytes() {
    return this.#peerLimits.maxBytes
  }
  /** Returns the counts for HELLO or WELCOME, and notes that the acknowledgement was told. */
  introduce() {
    return { rx: this.#inbox.rx, ack: this.#inbox.tell() }
  }
  /**
   * Starts on a connection with the counts and limits from the other end's HELLO or WELCOME, and sends the ACK that
   * both ends owe each other right after WELCOME. Replay follows with `pump`, so that a caller can say `resumed` first.
   * `ext`: the extensions that the other end understands.
   */
  begin(peer, limits2, ext = []) {
    const freed = this.#outbox.begin(peer, limits2, this.#config.bounds)
    if (typeof freed === 'string') return freed
    this.#peerLimits = limits2
    const batch = ext.includes('batch') ? this.#config.batch : void 0
    this.#link = { bufferedBytes: 0, packer: batch?.(this.#port.send, limits2.maxBytes) }
    this.#sendAck()
    this.#freed(freed)
    return void 0
  }
  /** Ends the connection: nothing is sent, no timer runs. */
  stop() {
    this.#link = void 0
    this.#refusedBytes = void 0
    for (const name of this.#armed) this.#port.emit({ type: 'disarm', timer: { name, sid: this.sid } })
    this.#armed.clear()
  }
  /** Sends what the window and the socket's buffer allow, in order, in one go. */
  pump() {
    const link = this.#link
    if (link === void 0) return
    for (let entry = this.#outbox.peek(); entry !== void 0; entry = this.#outbox.peek()) {
      if (!this.#fitsBuffer(link.bufferedBytes, entry.bytes)) {
        this.#arm('drain')
        break
      }
      this.#outbox.advance(entry)
      link.bufferedBytes += entry.bytes
      if (link.packer) link.packer.put(entry)
      else this.#port.send(encodeData(entry.payload))
    }
    link.packer?.flush()
    this.#announceRoom(link.bufferedBytes)
  }
  #fitsBuffer(bufferedBytes, bytes2) {
    return bufferedBytes === 0 || bufferedBytes + bytes2 <= this.#config.highWaterBytes
  }
  #announceRoom(bufferedBytes) {
    const bytes2 = this.#refusedBytes
    if (bytes2 === void 0 || !this.#outbox.isOpen(bytes2)) return
    if (!this.#fitsBuffer(bufferedBytes, bytes2)) {
      this.#arm('drain')
      return
    }
    this.#refusedBytes = void 0
    this.#port.emit({ type: 'room', sid: this.sid })
  }
  /** Takes the size of the socket's buffer and goes on writing if there is room. */
  buffered(bytes2) {
    if (this.#link === void 0) return
    this.#link.bufferedBytes = bytes2
    if (!this.#armed.has('linger')) this.pump()
  }
  /** Numbers a message and sends it, if it can go at once; otherwise says why not and changes nothing. */
  offer(entry) {
    const link = this.#link
    if (link === void 0) return 'not-live'
    if (entry.bytes > this.#peerLimits.maxBytes) return 'too-large'
    const fits = this.#fitsBuffer(link.bufferedBytes, entry.bytes)
    if (fits && this.#outbox.isOpen(entry.bytes)) return this.append(entry)
    this.#refusedBytes = entry.bytes
    if (!fits) this.#arm('drain')
    return 'window'
  }
  /** Numbers a message, to be sent when its turn comes. */
  append(entry) {
    const number = this.#outbox.append(entry)
    if (this.#link?.packer?.lingers(entry)) this.#arm('linger', this.#config.batch?.lingerMs)
    else this.pump()
    return number
  }
  /** Takes a data message. */
  data(payload, bytes2) {
    const number = this.#inbox.accept(bytes2)
    if (typeof number === 'string') return number
    this.#port.emit({ type: 'deliver', sid: this.sid, number, payload })
    if (this.#config.ackMode === 'received') this.settle(number)
    return void 0
  }
  /** Notes that the application is done with a message. */
  settle(number) {
    this.#inbox.settle(number)
    if (this.#link === void 0 || !this.#inbox.isOwing) return
    if (this.#inbox.isDue) this.#sendAck()
    else this.#arm('ack')
  }
  /** Takes the counts of an ACK, PING or PONG; a PING is answered. */
  counts(frame) {
    if (frame.tx !== this.#inbox.rx) return 'desync'
    const freed = this.#outbox.acknowledge(frame.ack)
    if (freed === 'badack') return 'badack'
    this.#freed(freed)
    if (frame.kind === 'ping') this.#beat('pong', frame.n)
    this.pump()
    return void 0
  }
  #freed(entries) {
    if (entries.length > 0)
      this.#port.emit({ type: 'acked', sid: this.sid, entries, upTo: this.#outbox.acked })
  }
  /** Sends a PING whose answer repeats the value. */
  ping(value) {
    if (this.#link !== void 0) this.#beat('ping', value)
  }
  #beat(kind, n) {
    this.#port.send(encodeControl({ kind, ack: this.#inbox.tell(), tx: this.#outbox.sent, n }))
  }
  #sendAck() {
    this.#port.send(encodeControl({ kind: 'ack', ack: this.#inbox.tell(), tx: this.#outbox.sent }))
  }
  /** Returns the BYE that tells this end's final counts. */
  bye(code3) {
    return { kind: 'bye', code: code3, ack: this.#inbox.tell(), rx: this.#inbox.rx }
  }
  /** A timer has run out; one that was disarmed meanwhile does nothing. The others than `ack` bring the size of the socket's buffer. */
  due(name, bufferedBytes) {
    if (!this.#armed.delete(name)) return
    if (name !== 'ack') this.buffered(bufferedBytes)
    else if (this.#inbox.isOwing) this.#sendAck()
  }
  #arm(name, delayMs = exchangeTimersMs[name]) {
    if (this.#armed.has(name)) return
    this.#armed.add(name)
    this.#port.emit({ type: 'arm', timer: { name, sid: this.sid }, delayMs })
  }
  /** Sorts what the outbox holds by fate. */
  handBack(last) {
    return this.#outbox.handBack(last)
  }
}

// packages/protocol/src/last-counts.ts
function lastOf({ lack, lrx }) {
  return lack === void 0 || lrx === void 0 ? void 0 : { lack, lrx }
}
function byeCounts(bye) {
  return bye && { lack: bye.ack, lrx: bye.rx }
}

// packages/protocol/src/loss-reason.ts
var reasons = [
  'unknown',
  'principal',
  'token',
  'diverged',
  'protocol',
  'desync',
  'badack',
  'expired',
  'too-large',
  'ended',
  'overflow',
]
function keepsCounts(reason) {
  return reasons.indexOf(reason) >= reasons.indexOf('expired')
}
function toLossReason(word2) {
  return reasons.find((reason) => reason === word2) ?? 'unknown'
}

// packages/protocol/src/held-session.ts
var HeldSession = class {
  #config
  #port
  #held = { name: 'none' }
  constructor(config, port) {
    this.#config = config
    this.#port = port
  }
  /** Session id and token for the next HELLO, while there is something to continue. */
  get identity() {
    return this.#held.name === 'held' ? this.#held : void 0
  }
  get exchange() {
    return this.#held.name === 'held' ? this.#held.exchange : void 0
  }
  /**
   * Takes a WELCOME: goes on with the session or starts a new one, and says what that means for the application; or says
   * what is wrong with the WELCOME. The ACK that it calls for is sent.
   */
  adopt(welcome) {
    if (!welcome.res) return this.#renew(welcome)
    const held = this.#held
    if (held.name !== 'held' || held.sid !== welcome.sid) return 'protocol'
    this.#held = { ...held, token: welcome.tok }
    return held.exchange.begin(welcome, limitsOf(welcome), welcome.ext) ?? { name: 'resumed' }
  }
  #renew(welcome) {
    if (this.#held.name === 'held') this.lose(toLossReason(welcome.lost), lastOf(welcome))
    const before2 = this.#held
    const { sid, tok } = welcome
    const limits2 = limitsOf(welcome)
    const exchange = new Exchange(sid, this.#config, this.#port, limits2, emptyOutbox(), emptyInbox())
    this.#held = { name: 'held', sid, token: tok, exchange }
    exchange.begin(welcome, limits2, welcome.ext)
    if (before2.name !== 'lost') return { name: 'first' }
    return { name: 'gap', reason: before2.reason, handBack: before2.handBack }
  }
  /** Gives the session up and keeps what it still held until that can be reported. Counts that the reason spoils are not used. */
  lose(reason, last) {
    if (this.#held.name !== 'held') return
    this.#held.exchange.stop()
    const handBack2 = this.#held.exchange.handBack(keepsCounts(reason) ? last : void 0)
    this.#held = { name: 'lost', reason, handBack: handBack2 }
  }
  /** Forgets the session and returns what it still held; nothing the second time. */
  release(last) {
    const held = this.#held
    this.#held = { name: 'none' }
    if (held.name === 'none') return nothing()
    if (held.name === 'lost') return held.handBack
    held.exchange.stop()
    return held.exchange.handBack(last)
  }
}

// packages/protocol/src/client-core.ts
var normalClosure = 1e3
var farthestAttempt = 2 ** 51
var ClientCore = class {
  #config
  #shapes
  #actions = []
  #session
  #phase = { name: 'idle' }
  #attempt = 0
  /** Takes options that `resolveClientOptions`, or another who knows their bounds, has checked and completed. */
  constructor(config) {
    this.#config = config
    this.#shapes = config.batch ? { ...clientFrames, M: config.batch.shape } : clientFrames
    this.#session = new HeldSession(config, {
      emit: (action) => void this.#actions.push(action),
      send: (data) => void this.#actions.push({ type: 'send', attempt: this.#attempt, data }),
    })
  }
  /** Where the core stands; `ended` is final. */
  get phase() {
    return this.#phase.name
  }
  /** Id of the session at the server; undefined before the first WELCOME and after a loss. */
  get sid() {
    return this.#session.identity?.sid
  }
  /** Largest message the server takes, in bytes; undefined while no session is held. */
  get maxBytes() {
    return this.#session.exchange?.maxBytes
  }
  /**
   * Takes the oldest action not yet taken; undefined when there is none. One at a time, so that an action whose execution
   * leads back into the core cannot overtake those before it: on the wire such a swap would be a miscount.
   */
  next() {
    return this.#actions.shift()
  }
  /**
   * Starts on a connection that has just opened, and abandons the one before: returns the attempt number that names it
   * from now on, and asks to send HELLO. After the end it asks for nothing, and the number names no connection.
   */
  begin(auth) {
    if (this.#phase.name === 'leaving') this.#end('us', this.#phase.code, void 0)
    this.#attempt += 1
    if (this.#phase.name === 'ended') return this.#attempt
    this.#drop()
    this.#phase = { name: 'hello', attempt: this.#attempt }
    const { identity, exchange } = this.#session
    this.#send(helloFor(this.#config, this.#attempt, identity, exchange?.introduce(), auth))
    return this.#attempt
  }
  /** Takes a text message. `bytes` is its size as UTF-8 where the surroundings know it; otherwise it is measured. */
  text(attempt2, text2, bytes2) {
    if (!this.#isCurrent(attempt2)) return
    const frame = decodeText(text2, this.#shapes)
    if (typeof frame !== 'string') this.#control(frame)
    else this.#data(frame, bytes2 === void 0 ? utf8Bytes(frame) : bytes2 - (text2.length - frame.length))
  }
  /** Takes a binary message. */
  binary(attempt2, bytes2) {
    if (this.#isCurrent(attempt2)) this.#data(bytes2, bytes2.byteLength)
  }
  /** Notes that a connection is gone; `code` is its close code, where one is known. */
  closed(attempt2, code3) {
    if (!this.#isCurrent(attempt2)) return
    if (this.#phase.name === 'leaving') this.#end('us', this.#phase.code, void 0)
    else if (code3 === closeCode.superseded) this.#supersede()
    else this.#drop()
  }
  #isCurrent(attempt2) {
    return 'attempt' in this.#phase && this.#phase.attempt === attempt2
  }
  /** Numbers a message and sends it, or says why not; a message that is refused stays with its owner. */
  offer(entry) {
    return this.#live()?.offer(entry) ?? 'not-live'
  }
  /** Notes that the application is done with a message, in mode `handled`; for a session that is gone it does nothing. */
  settle(sid, number) {
    if (this.#session.identity?.sid === sid) this.#session.exchange?.settle(number)
  }
  /** A timer that was armed has run out; `bufferedBytes` is what the socket's buffer holds now. */
  due(timer, bufferedBytes = 0) {
    this.#live()?.due(timer, bufferedBytes)
  }
  /** Takes the size of the socket's buffer, in bytes: before an offer, and whenever it is known to have fallen. */
  buffered(bytes2) {
    this.#live()?.buffered(bytes2)
  }
  /** Sends a PING when live; the answer comes back as `pong` with the same value, a safe integer from 0. */
  ping(value) {
    this.#live()?.ping(value)
  }
  /** Sends fresh credentials and returns true when live and the server understands them; otherwise returns false. */
  refresh(auth) {
    if (this.#phase.name !== 'live' || !this.#phase.ext.includes('auth')) return false
    this.#send({ kind: 'refresh', auth })
    return true
  }
  /**
   * Ends the session for good: with BYE and its answer when live, at once otherwise. `ended` follows with what is handed
   * back. A second call does nothing.
   */
  leave(code3 = closeCode.bye) {
    if (this.#phase.name === 'ended' || this.#phase.name === 'leaving') return
    const exchange = this.#live()
    if (exchange === void 0) {
      this.#end('us', code3, void 0)
      return
    }
    exchange.pump()
    this.#send(exchange.bye(code3))
    exchange.stop()
    this.#phase = { name: 'leaving', attempt: this.#attempt, code: code3 }
  }
  /** Ends at once, telling nobody, and returns what is handed back; the second call returns nothing. */
  abandon() {
    if (this.#phase.name === 'ended') return nothing()
    this.#phase = { name: 'ended' }
    return this.#session.release()
  }
  #live() {
    return this.#phase.name === 'live' ? this.#session.exchange : void 0
  }
  #data(payload, bytes2) {
    if (this.#phase.name === 'hello') this.#lose('protocol', void 0, 'data before WELCOME')
    else this.#judge(this.#live()?.data(payload, bytes2))
  }
  #control(frame) {
    if (frame.kind === 'error') this.#failed(frame)
    else if (this.#phase.name === 'leaving') this.#whileLeaving(this.#phase.code, frame)
    else if (this.#phase.name === 'hello') this.#beforeLive(frame)
    else this.#whileLive(frame)
  }
  #whileLeaving(code3, frame) {
    if (frame.kind === 'bye') this.#end('us', code3, frame)
  }
  #beforeLive(frame) {
    if (frame.kind === 'welcome') this.#welcome(frame)
    else this.#lose('protocol', void 0, detailOf(frame))
  }
  #whileLive(frame) {
    switch (frame.kind) {
      case 'ack':
      case 'ping':
      case 'pong':
        this.#counts(frame)
        return
      case 'goaway':
        this.#actions.push({
          type: 'goaway',
          afterMs: frame.after,
          spreadMs: frame.spread,
          why: frame.why,
        })
        return
      case 'bye':
        this.#answerBye(frame)
        return
      case 'batch':
        for (const payload of frame.payloads) this.#judge(this.#live()?.data(payload, utf8Bytes(payload)))
        return
      case 'expiry':
        this.#actions.push({ type: 'credentials', expiresMs: frame.exp })
        return
      default:
        this.#lose('protocol', void 0, detailOf(frame))
    }
  }
  #counts(frame) {
    const fault = this.#live()?.counts(frame)
    if (fault !== void 0) this.#judge(fault)
    else if (frame.kind === 'pong') this.#actions.push({ type: 'pong', value: frame.n })
  }
  #answerBye(bye) {
    const answer = this.#live()?.bye(closeCode.bye)
    if (answer !== void 0) this.#send(answer)
    this.#end('peer', bye.code, bye)
  }
  #welcome(welcome) {
    const outcome = this.#session.adopt(welcome)
    if (outcome === 'protocol') {
      this.#lose(outcome, void 0, 'WELCOME to another session')
      return
    }
    this.#phase = { name: 'live', attempt: this.#attempt, ext: welcome.ext ?? [] }
    if (typeof outcome === 'string') {
      this.#judge(outcome, { lack: welcome.ack, lrx: welcome.rx })
      return
    }
    this.#actions.push({ type: 'welcomed', sid: welcome.sid, outcome, welcome })
    this.#live()?.pump()
  }
  /** Ends the session when a frame or a WELCOME does not fit it. */
  #judge(fault, last) {
    if (fault !== void 0) this.#lose(fault === 'window' ? 'protocol' : fault, last, fault)
  }
  /** Gives up connection and session; the server is told only where it may be: after WELCOME. */
  #lose(reason, last, detail) {
    const { exchange } = this.#session
    const attempt2 = this.#attempt
    const code3 = reason === 'too-large' ? closeCode.tooLarge : closeCode.protocol
    if (exchange !== void 0 && this.#phase.name === 'live') {
      const counts = keepsCounts(reason) ? exchange.last : {}
      const n = reason === 'too-large' && last === void 0 ? exchange.last.lrx + 1 : void 0
      this.#send({ kind: 'error', code: code3, end: true, lost: reason, ...counts, n })
    }
    this.#phase = { name: 'idle' }
    if (exchange === void 0)
      this.#actions.push({ type: 'failed', attempt: attempt2, code: code3, retryMs: void 0, message: detail })
    else this.#actions.push({ type: 'lost', reason, detail })
    this.#session.lose(reason, last)
    this.#actions.push({ type: 'close', attempt: attempt2, code: code3 })
  }
  #failed(error) {
    if (error.code === closeCode.superseded) this.#supersede()
    else if (this.#phase.name === 'leaving') this.#end('us', this.#phase.code, void 0)
    else this.#refused(error)
  }
  #refused(error) {
    const attempt2 = this.#attempt
    const { code: code3, retry: retryMs, msg: message, att = 0 } = error
    if (code3 === closeCode.stale && att <= farthestAttempt) this.#attempt = Math.max(attempt2, att)
    this.#drop()
    if (error.end === true && this.#session.exchange !== void 0) {
      const reason = toLossReason(error.lost ?? 'ended')
      this.#session.lose(reason, lastOf(error))
      this.#actions.push({ type: 'lost', reason, detail: message })
    }
    this.#actions.push({ type: 'failed', attempt: attempt2, code: code3, retryMs, message })
    this.#actions.push({ type: 'close', attempt: attempt2, code: normalClosure })
  }
  #drop() {
    if (this.#phase.name === 'live') this.#session.exchange?.stop()
    this.#phase = { name: 'idle' }
  }
  #supersede() {
    this.#phase = { name: 'ended' }
    const handBack2 = this.#session.release()
    this.#actions.push({ type: 'close', attempt: this.#attempt, code: normalClosure })
    this.#actions.push({ type: 'superseded', handBack: handBack2 })
  }
  #end(by, code3, bye) {
    this.#phase = { name: 'ended' }
    const handBack2 = this.#session.release(byeCounts(bye))
    this.#actions.push({ type: 'close', attempt: this.#attempt, code: closeCode.bye })
    this.#actions.push({ type: 'ended', by, code: code3, answered: bye !== void 0, handBack: handBack2 })
  }
  #send(frame) {
    this.#actions.push({ type: 'send', attempt: this.#attempt, data: encodeControl(frame) })
  }
}

// packages/protocol/src/held-output.ts
var HeldOutput = class {
  /** The session counts in this record. */
  record
  #actions = []
  #taken = []
  #phase = { name: 'idle' }
  #kept
  /** Whether something happened since the last batch was made. */
  #news = 'some'
  /** Highest number in a batch whose fate is not known. */
  #tried
  #attaching = 0
  #bytes = 0
  #ended
  #onNews
  /** `onNews` is called whenever there may be something to `ask`. */
  constructor(record, onNews) {
    this.record = record
    this.#onNews = onNews
    this.#kept = { tx: record.outbox.tx, handled: record.inbox.handled }
    this.#tried = record.outbox.tx
  }
  /** Messages up to this number are kept: they go on wherever the session does. */
  get keptTx() {
    return this.#kept.tx
  }
  /** The highest number that the store may have, although it has not said so. */
  get triedTx() {
    return this.#tried
  }
  /** Whether the session is over here, and the store is to be told. */
  get isEnding() {
    return this.#ended !== void 0
  }
  /** Whether a client of this node is asking for the session: what the store says meanwhile may be about the time before. */
  get isAttaching() {
    return this.#attaching > 0
  }
  /** Whether the store has all there is. */
  get isIdle() {
    return this.#phase.name === 'idle' && this.#news === 'none'
  }
  /** Bytes that wait to be sent. */
  get bytes() {
    return this.#bytes
  }
  /** Holds an action until what happened so far is kept. */
  hold(action) {
    this.#actions.push(action)
    this.#bytes += sizeOf(action)
    this.touch()
  }
  /** Notes what follows from a connection's life; what belongs to an older generation does nothing. */
  write(write) {
    const { record } = this
    if (record.gen !== write.gen) return
    if (write.op === 'ended') this.#ended ??= write.reason
    else if (write.op === 'detached') record.place = 'detached'
    else {
      record.stage = 'confirmed'
      record.previousHash = null
    }
    this.touch()
  }
  /** Notes that counts or messages may have changed. */
  touch() {
    this.#news = 'some'
    this.#onNews()
  }
  /** Notes which number a post was given. */
  took(post, number) {
    this.#taken.push({ post, number })
    this.touch()
  }
  /** Posts that were given a number which the store does not know yet. */
  get taken() {
    return this.#taken.length
  }
  /** Makes no batch until `attached`: it would carry a generation that may be over when it arrives. */
  attaching() {
    this.#attaching += 1
  }
  /** The attach request was answered, or failed. */
  attached() {
    this.#attaching -= 1
    this.touch()
  }
  /** Goes on under a new generation of the same node: the counts here are newer than those of the store. */
  adopt({ gen, attempt: attempt2, tokenHash, previousHash, stage, peerLimits }) {
    Object.assign(this.record, {
      gen,
      attempt: attempt2,
      tokenHash,
      previousHash,
      stage,
      peerLimits,
      place: 'attached',
    })
    this.touch()
  }
  /** Returns what the store is to keep now; undefined when there is nothing, or an answer is waited for. */
  ask() {
    if (this.#phase.name === 'asking' || this.#attaching > 0 || this.#news === 'none') return void 0
    const batch = this.#batch()
    this.#news = 'none'
    this.#tried = Math.max(this.#tried, this.record.outbox.tx)
    this.#phase = { name: 'asking', batch, actions: this.#actions.length }
    return batch
  }
  #batch() {
    const { sid, gen, stage, place, outbox, inbox } = this.record
    const { acked, hi, tx, entries } = outbox
    const from2 = Math.max(this.#kept.tx, acked)
    return {
      sid,
      gen,
      kept: this.#kept,
      first: from2 + 1,
      entries: entries.slice(from2 - acked),
      taken: this.#taken.filter(({ number }) => number <= tx).map(({ post }) => post),
      acked,
      hi,
      handled: inbox.handled,
      rx: inbox.rx,
      stage,
      place,
      ended: this.#ended,
    }
  }
  /** The store has kept the batch: returns what may happen now, in order. */
  kept() {
    if (this.#phase.name === 'idle') return []
    const { batch, actions } = this.#phase
    this.#phase = { name: 'idle' }
    this.#kept = { tx: batch.first - 1 + batch.entries.length, handled: batch.handled }
    this.#taken.splice(0, batch.taken.length)
    if (this.#news === 'some') this.#onNews()
    return this.#take(actions)
  }
  #take(count2) {
    const actions = this.#actions.splice(0, count2)
    for (const action of actions) this.#bytes -= sizeOf(action)
    return actions
  }
  /** Nothing is known of the batch: the next one carries it again. */
  failed() {
    this.#phase = { name: 'idle' }
    this.touch()
  }
  /**
   * The store has forgotten something, or another node has ended the session: what the store may have had may have been sent
   * by another node. Counts it as sent, so that nobody calls it undelivered.
   */
  doubt() {
    const { outbox } = this.record
    outbox.hi = Math.max(outbox.hi, Math.min(this.#tried, outbox.tx))
  }
  /** Gives up, and returns what will not happen. */
  drop() {
    return this.#take(this.#actions.length)
  }
}
function sizeOf(action) {
  return action.type === 'send' ? action.data.length : 0
}

// packages/protocol/src/judge-attach.ts
function judgeAttach(record, request) {
  const { hello, principal, presentedHash } = request
  if (record.principal !== principal) return 'principal'
  if (hello.att <= record.attempt) return 'stale'
  if (presentedHash === null || !holdsToken(record, presentedHash)) return 'token'
  return misfitOf(record.outbox, hello, limitsOf(hello)) ?? 'resume'
}
function holdsToken(record, presentedHash) {
  const current = sameHash(record.tokenHash, presentedHash)
  const previous = record.previousHash !== null && sameHash(record.previousHash, presentedHash)
  return current || previous
}
function sameHash(left, right) {
  if (left.length !== right.length) return false
  let difference = 0
  for (let at = 0; at < left.length; at += 1) difference |= left.charCodeAt(at) ^ right.charCodeAt(at)
  return difference === 0
}

// packages/protocol/src/session-index.ts
var SessionIndex = class {
  /** In the order in which they won or lost a connection. */
  #byPrincipal = /* @__PURE__ */ new Map()
  /** Without a connection, in the order in which they lost it. */
  #idle = { unconfirmed: /* @__PURE__ */ new Set(), known: /* @__PURE__ */ new Set() }
  /** Sessions of a principal; 0 for null, which names nobody. */
  countOf(principal) {
    return principal === null ? 0 : (this.#byPrincipal.get(principal)?.size ?? 0)
  }
  /** Takes a session in, or notes that it has won or lost its connection. */
  place(record) {
    this.#forgetIdle(record)
    if (record.place === 'detached')
      this.#idle[record.stage === 'unconfirmed' ? 'unconfirmed' : 'known'].add(record)
    if (record.principal === null) return
    const owned = this.#byPrincipal.get(record.principal) ?? /* @__PURE__ */ new Set()
    owned.delete(record)
    this.#byPrincipal.set(record.principal, owned.add(record))
  }
  remove(record) {
    this.#forgetIdle(record)
    if (record.principal === null) return
    const owned = this.#byPrincipal.get(record.principal)
    owned?.delete(record)
    if (owned?.size === 0) this.#byPrincipal.delete(record.principal)
  }
  #forgetIdle(record) {
    this.#idle.unconfirmed.delete(record)
    this.#idle.known.delete(record)
  }
  /** Names the sid to give up, among all; undefined when every session has a connection. */
  idlest() {
    const [unconfirmed] = this.#idle.unconfirmed
    const [known] = this.#idle.known
    return (unconfirmed ?? known)?.sid
  }
  /** Names the sid to give up, among those of one principal. */
  idlestOf(principal) {
    const idle = [...(this.#byPrincipal.get(principal) ?? [])].filter((record) => record.place === 'detached')
    return (idle.find((record) => record.stage === 'unconfirmed') ?? idle[0])?.sid
  }
}

// packages/protocol/src/memory-store.ts
var MemoryStore = class {
  #maxSessions
  #maxPerPrincipal
  #maxTombstones
  #records = /* @__PURE__ */ new Map()
  #index = new SessionIndex()
  #tombstones = /* @__PURE__ */ new Map()
  #olderTombstones = /* @__PURE__ */ new Map()
  /** @throws `RangeError` when a bound is not at least 1. */
  constructor(options = {}) {
    const { maxSessions = 1e5, maxPerPrincipal = 20, maxTombstones = 1e4 } = options
    for (const [name, value] of Object.entries({ maxSessions, maxPerPrincipal, maxTombstones })) {
      if (!(value >= 1)) throw new RangeError(`${name}: at least 1 is needed, received ${value}`)
    }
    this.#maxSessions = maxSessions
    this.#maxPerPrincipal = maxPerPrincipal
    this.#maxTombstones = maxTombstones
  }
  /** Sessions kept now. */
  get size() {
    return this.#records.size
  }
  /** Every record, oldest first, as it is: to copy it elsewhere, or to look at it in a test. */
  records() {
    return this.#records.values()
  }
  /** Takes over records saved earlier, for instance by another process; each is without a connection now. */
  restore(records) {
    for (const record of records) this.#add({ ...record, place: 'detached' })
  }
  /** Forgets the ended sessions that were here at the last call already: call it once per retention time, for instance 24 h. */
  sweep() {
    this.#olderTombstones = this.#tombstones
    this.#tombstones = /* @__PURE__ */ new Map()
  }
  attach(request) {
    const { sid } = request.hello
    if (sid === null) return this.#create(request, void 0, [])
    const record = this.#records.get(sid)
    if (record === void 0) return this.#create(request, this.#epitaph(sid, request), [])
    const verdict = judgeAttach(record, request)
    switch (verdict) {
      case 'resume':
        return this.#resume(record, request)
      case 'stale':
        return { kind: 'stale', attempt: record.attempt }
      case 'principal':
      case 'token':
        return this.#create(request, { reason: verdict }, [])
      default:
        return this.#replace(record, verdict, request)
    }
  }
  write(write) {
    const record = this.#records.get(write.sid)
    if (record === void 0 || record.gen !== write.gen) return
    if (write.op === 'ended') this.#bury(record, write.reason)
    else if (write.op === 'confirmed') {
      record.stage = 'confirmed'
      record.previousHash = null
    } else {
      record.place = 'detached'
      this.#index.place(record)
    }
  }
  #resume(record, request) {
    record.gen += 1
    record.attempt = request.hello.att
    record.previousHash = request.presentedHash
    record.tokenHash = request.freshTokenHash
    record.stage = 'rotating'
    record.place = 'attached'
    record.peerLimits = limitsOf(request.hello)
    this.#index.place(record)
    return { kind: 'resumed', record }
  }
  /** Ends a session that cannot go on with what its own client says, and starts another. */
  #replace(record, reason, request) {
    const last = keepsCounts(reason) ? { last: { lack: record.inbox.handled, lrx: record.inbox.rx } } : {}
    const theirs = keepsCounts(reason) ? { last: { lack: request.hello.ack, lrx: request.hello.rx } } : {}
    this.#bury(record, reason)
    return this.#create(request, { reason, ...last }, [{ sid: record.sid, reason, ...theirs }])
  }
  #create(request, lost, displaced) {
    const evicted = this.#makeRoom(request.principal)
    if (evicted === void 0) return { kind: 'full', displaced }
    const record = {
      sid: request.freshSid,
      principal: request.principal,
      gen: 1,
      attempt: request.hello.att,
      tokenHash: request.freshTokenHash,
      previousHash: null,
      stage: 'unconfirmed',
      place: 'attached',
      peerLimits: limitsOf(request.hello),
      outbox: emptyOutbox(),
      inbox: emptyInbox(),
    }
    this.#add(record)
    return {
      kind: 'created',
      record,
      ...(lost === void 0 ? {} : { lost }),
      displaced: [...displaced, ...evicted],
    }
  }
  #add(record) {
    this.#records.set(record.sid, record)
    this.#index.place(record)
  }
  /** Evicts what must go for one session more; undefined when everything in the way has a connection. */
  #makeRoom(principal) {
    const crowded = principal !== null && this.#index.countOf(principal) >= this.#maxPerPrincipal
    if (!crowded && this.#records.size < this.#maxSessions) return []
    const victim = this.#records.get((crowded ? this.#index.idlestOf(principal) : this.#index.idlest()) ?? '')
    if (victim === void 0) return void 0
    this.#bury(victim, 'expired')
    return [{ sid: victim.sid, reason: 'expired' }]
  }
  #bury(record, reason) {
    this.#records.delete(record.sid)
    this.#index.remove(record)
    const { principal, tokenHash, previousHash, inbox } = record
    const last = keepsCounts(reason) ? { last: { lack: inbox.handled, lrx: inbox.rx } } : {}
    this.#tombstones.set(record.sid, { principal, tokenHash, previousHash, reason, ...last })
    for (const sid of this.#tombstones.keys()) {
      if (this.#tombstones.size <= this.#maxTombstones) break
      this.#tombstones.delete(sid)
    }
  }
  /** Says what became of a session, to whoever can show its token. */
  #epitaph(sid, request) {
    const stone = this.#tombstones.get(sid) ?? this.#olderTombstones.get(sid)
    const { principal, presentedHash } = request
    const isOwner =
      stone?.principal === principal && presentedHash !== null && holdsToken(stone, presentedHash)
    if (stone === void 0 || !isOwner) return { reason: 'unknown' }
    return { reason: stone.reason, ...(stone.last === void 0 ? {} : { last: stone.last }) }
  }
}

// packages/protocol/src/server-config.ts
var serverDefaults = {
  limits: defaultLimits,
  bounds: { maxMessages: 4096, maxBytes: 8388608 },
  ackMode: 'received',
  highWaterBytes: 1048576,
  proto: [],
  pingMs: 2e4,
  idleMs: 6e4,
  ttlMs: 3e5,
  spreadMs: 0,
  helloTimeoutMs: 1e4,
  byeTimeoutMs: 2e3,
}
var hourMs2 = 36e5
var timeBounds = {
  pingMs: hourMs2,
  idleMs: hourMs2,
  ttlMs: 168 * hourMs2,
  spreadMs: hourMs2,
  helloTimeoutMs: hourMs2,
  byeTimeoutMs: hourMs2,
}
function resolveServerOptions(options) {
  const config = { ...serverDefaults, ...options }
  checkLimits(config.limits)
  checkBounds(config)
  for (const name of Object.keys(timeBounds)) {
    const value = config[name]
    if (!Number.isSafeInteger(value) || value < 0 || value > timeBounds[name]) {
      throw new RangeError(
        `${name}: a whole number from 0 to ${timeBounds[name]} is needed, received ${value}`,
      )
    }
  }
  for (const name of ['pingMs', 'idleMs']) {
    if (config[name] > 0 && config[name] < 1e3) {
      throw new RangeError(`${name}: 0, or at least 1000 is needed, received ${config[name]}`)
    }
  }
  return config
}

// packages/protocol/src/without-prototype.ts
function withoutPrototype(value) {
  if (Array.isArray(value)) return value.map(withoutPrototype)
  if (typeof value !== 'object' || value === null) return value
  const copy = /* @__PURE__ */ Object.create(null)
  for (const [key, member] of Object.entries(value)) {
    if (key !== '__proto__') copy[key] = withoutPrototype(member)
  }
  return copy
}

// packages/protocol/src/server-frames.ts
var anything = () => true
var nullOr = (check) => (value) => value === null || check(value)
var helloShape = {
  kind: 'hello',
  members: {
    v: (value) => Array.isArray(value) && value.length > 0 && list(natural())(value),
    sid: nullOr(text(128)),
    tok: nullOr(text(512)),
    att: attempt(1),
    rx: natural(),
    ack: natural(),
    ...limitMembers,
    auth: anything,
    cid: word,
    ua: optional(phrase),
    ext: optional(list(word)),
    proto: optional(list(word)),
  },
  clash: (hello) =>
    countClash(hello) || limitClash(hello) || ((hello.sid === null) !== (hello.tok === null) && 'tok'),
  clean: (hello) => (hello.auth === void 0 ? hello : { ...hello, auth: withoutPrototype(hello.auth) }),
}
var refreshShape = {
  kind: 'refresh',
  members: { auth: anything },
  clean: ({ kind, auth }) => ({ kind, auth: withoutPrototype(auth) }),
}
var serverFrames = {
  H: helloShape,
  B: byeShape,
  E: errorShape,
  R: refreshShape,
  M: batchShape,
}

// packages/protocol/src/server-connection.ts
var ServerConnection = class {
  #id
  #emit
  #helloTimeoutMs
  #state = { name: 'awaiting' }
  constructor(id, helloTimeoutMs, emit) {
    this.#id = id
    this.#emit = emit
    this.#helloTimeoutMs = helloTimeoutMs
    this.#armHello()
  }
  #armHello() {
    this.#emit({ type: 'arm', timer: { name: 'hello', connection: this.#id }, delayMs: this.#helloTimeoutMs })
  }
  #disarmHello() {
    this.#emit({ type: 'disarm', timer: { name: 'hello', connection: this.#id } })
  }
  /** What waits for the store's answer. */
  get attaching() {
    return this.#state.name === 'attaching' ? this.#state : void 0
  }
  /** The session this connection is bound to. */
  get session() {
    return this.#state.name === 'bound' ? this.#state.session : void 0
  }
  text(text2, bytes2) {
    const frame = decodeText(text2, serverFrames)
    if (typeof frame !== 'string') this.#control(frame)
    else this.data(frame, bytes2 === void 0 ? utf8Bytes(frame) : bytes2 - (text2.length - frame.length))
  }
  data(payload, bytes2) {
    if (this.#state.name === 'bound') this.#state.session.data(payload, bytes2)
    else this.#violate('data before WELCOME')
  }
  #control(frame) {
    if (this.#state.name === 'bound') this.#bound(this.#state.session, frame)
    else if (frame.kind === 'violation')
      this.#violate(frame.detail, frame.what === 'size' ? closeCode.timeout : void 0)
    else if (frame.kind === 'hello' && this.#state.name === 'awaiting') this.#hello(frame)
    else this.#violate(`${frame.kind} before WELCOME`)
  }
  #hello(hello) {
    if (!hello.v.includes(version)) {
      this.#violate('no version in common')
      return
    }
    this.#state = { name: 'authenticating', hello }
    this.#armHello()
    this.#emit({ type: 'authenticate', connection: this.#id, hello })
  }
  #bound(session, frame) {
    switch (frame.kind) {
      case 'ack':
      case 'ping':
      case 'pong':
        session.counts(frame)
        return
      case 'bye':
        session.bye(frame)
        return
      case 'batch':
        for (const payload of frame.payloads) session.data(payload, utf8Bytes(payload))
        return
      case 'error':
        session.error(frame)
        return
      case 'refresh':
        session.confirm()
        this.#emit({ type: 'reauthenticate', connection: this.#id, sid: session.sid, auth: frame.auth })
        return
      default:
        session.violate(frame.kind === 'violation' ? frame.detail : `${frame.kind} is out of place`)
    }
  }
  /** Takes the answer to `authenticate`; one that comes too late does nothing. */
  authenticated(answer) {
    if (this.#state.name !== 'authenticating') return
    if (answer.kind === 'rejected') {
      this.reject(answer)
      return
    }
    const { hello } = this.#state
    const { principal, presentedHash, freshSid, freshTokenHash } = answer
    this.#state = { name: 'attaching', hello, known: answer }
    this.#emit({
      type: 'attach',
      connection: this.#id,
      request: { hello, principal, presentedHash, freshSid, freshTokenHash },
    })
  }
  /** Takes the answer to `reauthenticate`. Credentials of somebody else close the connection; the session goes on without it. */
  reauthenticated(answer) {
    if (this.#state.name !== 'bound') return
    if ('kind' in answer) this.reject(answer)
    else if (answer.principal !== this.#state.session.principal)
      this.reject({ kind: 'rejected', code: closeCode.forbidden })
    else if (answer.expiresMs !== void 0) this.#send({ kind: 'expiry', exp: answer.expiresMs })
  }
  /** Notes which session this connection belongs to. */
  bind(session) {
    this.#disarmHello()
    this.#state = { name: 'bound', session }
  }
  /** Tells the client why, and closes. A session that is bound is left to be resumed. */
  reject(rejection) {
    const { code: code3, retryMs, message, attempt: attempt2 } = rejection
    this.#send({ kind: 'error', code: code3, retry: retryMs, msg: message, att: attempt2 })
    this.#emit({ type: 'close', connection: this.#id, code: code3, reason: message ?? '' })
    this.closed()
  }
  #violate(detail, code3 = closeCode.protocol) {
    if (this.#state.name !== 'closed') this.reject({ code: code3, message: detail })
  }
  /** The HELLO timer has run out. */
  due() {
    if (this.#state.name === 'awaiting') this.reject({ code: closeCode.timeout, message: 'no HELLO in time' })
    else if (this.#state.name !== 'bound')
      this.#violate('not let in within the time for it', closeCode.timeout)
  }
  /** Notes that nothing on this connection counts any more, and lets go of the session. */
  closed() {
    const { session } = this
    if (this.#state.name !== 'bound' && this.#state.name !== 'closed') this.#disarmHello()
    this.#state = { name: 'closed' }
    if (session?.connection === this.#id) session.detach()
  }
  #send(frame) {
    this.#emit({ type: 'send', connection: this.#id, data: encodeControl(frame) })
  }
}

// packages/protocol/src/binding.ts
function chooseProto(hello, config) {
  return hello.proto?.find((offered) => config.proto.includes(offered))
}
function welcomeFor(sid, counts, binding, config) {
  const { resumed, lost, token, expiresMs, hello } = binding
  const { pingMs, idleMs, ttlMs, spreadMs, limits: limits2 } = config
  return {
    kind: 'welcome',
    v: version,
    sid,
    tok: token,
    res: resumed,
    lost: lost?.reason,
    ...lost?.last,
    ...counts,
    ping: pingMs,
    idle: idleMs,
    ttl: ttlMs,
    ...wireLimits(limits2),
    spread: spreadMs,
    ext: extensions.filter((name) => hello.ext?.includes(name)),
    proto: chooseProto(hello, config),
    exp: expiresMs,
  }
}

// packages/protocol/src/server-session.ts
var ServerSession = class {
  sid
  principal
  #host
  #exchange
  #place = { name: 'detached' }
  #stage
  /** Whether the application has heard of the session. */
  #face = 'hidden'
  #gen
  #outbox
  #heldBytes
  #proto
  constructor(record, host) {
    const { sid } = record
    this.sid = sid
    this.principal = record.principal
    this.#host = host
    this.#stage = record.stage
    this.#gen = record.gen
    const port = {
      emit: (action) => this.#relay(action),
      send: (data) => this.#write(data),
    }
    this.#exchange = new Exchange(sid, host.config, port, record.peerLimits, record.outbox, record.inbox)
    this.#outbox = record.outbox
    this.#heldBytes = bytesOf(record.outbox.entries)
  }
  /** Where the session stands; `unconfirmed` until the client has shown that it knows of the session. */
  get state() {
    return this.#face === 'hidden' && this.#place.name !== 'ended' ? 'unconfirmed' : this.#place.name
  }
  /** The connection the session is bound to. */
  get connection() {
    return 'connection' in this.#place ? this.#place.connection : void 0
  }
  /** Largest message the client takes, in bytes. */
  get maxBytes() {
    return this.#exchange.maxBytes
  }
  /** Messages and bytes held until the client has handled them. */
  get held() {
    return { messages: this.#outbox.entries.length, bytes: this.#heldBytes }
  }
  #relay(action) {
    if (action.type === 'room') return
    if (action.type === 'acked') this.#heldBytes -= bytesOf(action.entries)
    this.#host.emit(action)
  }
  /**
   * Binds the session to a connection after the store has attached it, and welcomes the client. A connection that was
   * bound before is told that it is superseded, before the counts for WELCOME are read.
   */
  bind(binding, record) {
    const { connection, hello, resumed } = binding
    this.#fence(record)
    this.#place = { name: 'attached', connection }
    const { config, emit } = this.#host
    this.#proto = chooseProto(hello, config)
    this.#send(welcomeFor(this.sid, this.#exchange.introduce(), binding, config))
    const fault = this.#exchange.begin(resumed ? hello : { rx: 0, ack: 0 }, limitsOf(hello), hello.ext)
    if (fault !== void 0) {
      this.#fault(fault)
      return
    }
    emit({ type: 'disarm', timer: { name: 'ttl', sid: this.sid } })
    if (resumed) {
      this.#open()
      emit({ type: 'attached', sid: this.sid, connection })
    }
    this.#exchange.pump()
  }
  /** Takes over what the store has attached to a connection that has gone meanwhile. */
  orphan(record) {
    this.#fence(record)
    this.#shelve()
  }
  /** Waits for the client after a restart of the server; the application hears of the session anew. */
  restore(record) {
    if (record.stage !== 'unconfirmed') this.#open()
    this.#shelve()
  }
  #fence(record) {
    const { connection } = this
    if (connection !== void 0) {
      this.#send({ kind: 'error', code: closeCode.superseded })
      this.#close(connection, closeCode.superseded, 'superseded')
    }
    this.#gen = record.gen
    this.#stage = record.stage
  }
  #open() {
    if (this.#face === 'open') return
    this.#face = 'open'
    this.#host.emit({ type: 'opened', sid: this.sid, principal: this.principal, proto: this.#proto })
  }
  /** The first frame of the client on a connection proves that it has the WELCOME, and with it the token. */
  confirm() {
    if (this.#stage === 'confirmed') return
    this.#open()
    this.#stage = 'confirmed'
    this.#host.emit({ type: 'store', write: { op: 'confirmed', sid: this.sid, gen: this.#gen } })
  }
  /** Takes a data message of the bound connection. */
  data(payload, bytes2) {
    if (this.#place.name !== 'attached') return
    this.confirm()
    this.#fault(this.#exchange.data(payload, bytes2))
  }
  /** Takes counts of the bound connection. */
  counts(frame) {
    if (this.#place.name !== 'attached') return
    this.confirm()
    const fault = this.#exchange.counts(frame)
    if (fault !== void 0) this.#fault(fault)
    else if (frame.kind === 'pong') this.#host.emit({ type: 'pong', sid: this.sid, value: frame.n })
  }
  /** Takes the client's BYE: an answer, or the end. */
  bye(frame) {
    if (this.#place.name === 'attached') {
      this.confirm()
      this.#send(this.#exchange.bye(closeCode.bye))
    }
    this.#finish('ended', byeCounts(frame), closeCode.bye, 'bye')
  }
  /** Takes an ERROR of the client: it ends the session, or only the connection. */
  error(frame) {
    if (frame.end === true)
      this.#finish(toLossReason(frame.lost ?? 'ended'), lastOf(frame), closeCode.bye, 'ended by the client')
    else this.#hangUp(closeCode.bye, 'error')
  }
  /** Ends the session because of a frame that has no place in it. */
  violate(detail) {
    this.#fail('protocol', closeCode.protocol, detail)
  }
  #fault(fault) {
    if (fault === void 0) return
    if (fault === 'too-large')
      this.#fail('too-large', closeCode.tooLarge, 'message too large', this.#exchange.last.lrx + 1)
    else this.#fail(fault === 'window' ? 'protocol' : fault, closeCode.protocol, fault)
  }
  #fail(lost, code3, message, number) {
    const counts = keepsCounts(lost) ? this.#exchange.last : {}
    this.#send({ kind: 'error', code: code3, end: true, lost, msg: message, ...counts, n: number })
    this.#finish(lost, void 0, code3, message)
  }
  /** Notes that the bound connection is gone. */
  detach() {
    const { connection } = this
    if (connection === void 0) return
    if (this.#place.name === 'leaving') {
      this.#finish('ended', void 0, closeCode.bye, 'bye')
      return
    }
    this.#exchange.stop()
    if (this.#face === 'open') this.#host.emit({ type: 'detached', sid: this.sid, connection })
    this.#shelve()
  }
  /** Keeps the session without a connection, for a time. */
  #shelve() {
    const { emit, config } = this.#host
    const { sid } = this
    this.#place = { name: 'detached' }
    emit({ type: 'store', write: { op: 'detached', sid, gen: this.#gen } })
    emit({ type: 'arm', timer: { name: 'ttl', sid }, delayMs: config.ttlMs })
  }
  #hangUp(code3, reason) {
    const { connection } = this
    this.detach()
    if (connection !== void 0) this.#close(connection, code3, reason)
  }
  /**
   * Numbers a message of the application and sends it when its turn comes, now or on a later connection. One that would
   * exceed the bounds ends the session, as a client that never takes its messages is lost.
   */
  offer(entry) {
    if (this.#place.name === 'ended' || this.#place.name === 'leaving') return 'ended'
    if (entry.bytes > this.#exchange.maxBytes) return 'too-large'
    const { messages, bytes: bytes2 } = this.held
    const { maxMessages, maxBytes } = this.#host.config.bounds
    if (messages < maxMessages && bytes2 + entry.bytes <= maxBytes) {
      this.#heldBytes += entry.bytes
      return this.#exchange.append(entry)
    }
    this.#fail('overflow', closeCode.ended, 'too much is waiting for the client')
    return 'overflow'
  }
  /** Notes that the application is done with a message. */
  settle(number) {
    this.#exchange.settle(number)
  }
  /** Takes the size of the socket's buffer. */
  buffered(bytes2) {
    this.#exchange.buffered(bytes2)
  }
  /** Sends a PING when attached. */
  ping(value) {
    this.#exchange.ping(value)
  }
  /** Sends a GOAWAY when attached. */
  goAway(notice) {
    const { afterMs, spreadMs, why } = notice
    if (this.#place.name === 'attached') this.#send({ kind: 'goaway', after: afterMs, spread: spreadMs, why })
  }
  /** One of the session's timers has run out. */
  due(name, bufferedBytes) {
    if (name === 'ttl') {
      if (this.#place.name === 'detached') this.#finish('expired', void 0, closeCode.ended, 'expired')
    } else if (name === 'bye') {
      if (this.#place.name === 'leaving') this.#finish('ended', void 0, closeCode.bye, 'bye')
    } else this.#exchange.due(name, bufferedBytes)
  }
  /** Ends the session with BYE and its answer when attached, at once otherwise. A second call does nothing. */
  leave(code3) {
    if (this.#place.name === 'detached') this.#finish('ended', void 0, code3, 'bye')
    if (this.#place.name !== 'attached') return
    const { sid, connection } = { ...this.#place, sid: this.sid }
    const { emit, config } = this.#host
    this.#exchange.pump()
    this.#send(this.#exchange.bye(code3))
    this.#exchange.stop()
    this.#place = { name: 'leaving', connection }
    emit({ type: 'store', write: { op: 'ended', sid, gen: this.#gen, reason: 'ended' } })
    emit({ type: 'arm', timer: { name: 'bye', sid }, delayMs: config.byeTimeoutMs })
  }
  /** Ends the session at once; the client is told when attached. */
  end(reason, last) {
    if (this.#place.name === 'ended') return
    const counts = keepsCounts(reason) ? this.#exchange.last : {}
    const code3 = reason === 'unknown' ? closeCode.internal : closeCode.ended
    this.#send({ kind: 'error', code: code3, end: true, lost: reason, ...counts })
    this.#finish(reason, last, code3, 'ended')
  }
  /**
   * Ends the session here because another server has it: nothing is told to the store, which knows better. A client that is still
   * on the connection is told that somebody else has taken over.
   */
  move() {
    this.#send({ kind: 'error', code: closeCode.superseded })
    const news = { type: 'moved', sid: this.sid, entries: [...this.#outbox.entries] }
    this.#over(news, closeCode.superseded, 'superseded')
  }
  #finish(reason, last, code3, words) {
    this.#host.emit({ type: 'store', write: { op: 'ended', sid: this.sid, gen: this.#gen, reason } })
    const handBack2 = this.#exchange.handBack(keepsCounts(reason) ? last : void 0)
    this.#over({ type: 'ended', sid: this.sid, reason, handBack: handBack2 }, code3, words)
  }
  #over(news, code3, words) {
    const { sid, connection } = this
    const { emit, forget } = this.#host
    this.#exchange.stop()
    this.#place = { name: 'ended' }
    for (const name of ['ttl', 'bye']) emit({ type: 'disarm', timer: { name, sid } })
    if (this.#face === 'open') emit(news)
    if (connection !== void 0) this.#close(connection, code3, words)
    forget(sid)
  }
  #close(connection, code3, reason) {
    this.#host.emit({ type: 'close', connection, code: code3, reason })
    this.#host.release(connection)
  }
  #send(frame) {
    this.#write(encodeControl(frame))
  }
  #write(data) {
    const { connection } = this
    if (connection !== void 0) this.#host.emit({ type: 'send', connection, data })
  }
}

// packages/protocol/src/server-core.ts
var ServerCore = class {
  #config
  #actions = []
  #connections = /* @__PURE__ */ new Map()
  #sessions = /* @__PURE__ */ new Map()
  /** @throws `RangeError` when an option is out of range. */
  constructor(options = {}) {
    this.#config = resolveServerOptions(options)
  }
  /** Takes the oldest action not yet taken; undefined when there is none. One at a time, for the reason that the client core names. */
  next() {
    return this.#actions.shift()
  }
  /** Finds a session that has not ended. */
  session(sid) {
    return this.#sessions.get(sid)
  }
  /** Lists every session that has not ended. */
  sessions() {
    return this.#sessions.values()
  }
  /** Finds the session a connection is bound to. */
  sessionOf(connection) {
    return this.#connections.get(connection)?.session
  }
  #emit = (action) => {
    this.#actions.push(action)
  }
  /** Takes in a connection that has just opened; its number must be new. */
  open(connection) {
    this.#connections.set(
      connection,
      new ServerConnection(connection, this.#config.helloTimeoutMs, this.#emit),
    )
  }
  /** Takes a text message. `bytes` is its size as UTF-8 where the surroundings know it; otherwise it is measured. */
  text(connection, text2, bytes2) {
    this.#connections.get(connection)?.text(text2, bytes2)
  }
  /** Takes a binary message. */
  binary(connection, bytes2) {
    this.#connections.get(connection)?.data(bytes2, bytes2.byteLength)
  }
  /** Notes that a connection is gone, for whatever reason: its session waits for another. */
  closed(connection) {
    this.#connections.get(connection)?.closed()
    this.#connections.delete(connection)
  }
  /** Answers `authenticate`; for a connection that is gone it does nothing. */
  authenticated(connection, answer) {
    this.#connections.get(connection)?.authenticated(answer)
  }
  /** Answers `reauthenticate`. */
  reauthenticated(connection, answer) {
    this.#connections.get(connection)?.reauthenticated(answer)
  }
  /** Refuses or drops a connection with an ERROR and its code; a bound session stays and can be resumed. */
  reject(connection, rejection) {
    this.#connections.get(connection)?.reject(rejection)
  }
  /** Answers `attach` with what the store returned, also when the connection has gone meanwhile. */
  attached(connection, attachment) {
    const link = this.#connections.get(connection)
    const waiting = link?.attaching
    if ('displaced' in attachment) this.#displace(attachment.displaced)
    if (attachment.kind === 'stale') {
      link?.reject({ code: closeCode.stale, message: 'stale attempt', attempt: attachment.attempt })
      return
    }
    if (attachment.kind === 'full') {
      link?.reject({ code: closeCode.rate, message: 'too many sessions', retryMs: this.#config.ttlMs })
      return
    }
    const { record } = attachment
    const session = this.#sessionFor(record)
    if (link === void 0 || waiting === void 0) {
      session.orphan(record)
      return
    }
    const { hello, known } = waiting
    const lost = attachment.kind === 'created' ? attachment.lost : void 0
    this.#alarm(hello.sid, lost?.reason)
    link.bind(session)
    session.bind(
      {
        connection,
        hello,
        token: known.freshToken,
        resumed: attachment.kind === 'resumed',
        lost,
        expiresMs: known.expiresMs,
      },
      record,
    )
  }
  /** Takes in a session that the store kept while no server was running; it waits for its client like any other. */
  restored(record) {
    this.#sessionFor(record).restore(record)
  }
  /** Lets go of a session that another server has attached to a connection of its own. */
  moved(sid) {
    this.#sessions.get(sid)?.move()
  }
  #sessionFor(record) {
    const known = this.#sessions.get(record.sid)
    if (known !== void 0) return known
    const session = new ServerSession(record, {
      config: this.#config,
      emit: this.#emit,
      release: (connection) => this.closed(connection),
      forget: (sid) => this.#sessions.delete(sid),
    })
    this.#sessions.set(record.sid, session)
    return session
  }
  #displace(displaced) {
    for (const { sid, reason, last } of displaced) this.#sessions.get(sid)?.end(reason, last)
  }
  #alarm(sid, reason) {
    if (sid !== null && (reason === 'token' || reason === 'principal'))
      this.#emit({ type: 'alarm', sid, reason })
  }
  /** A timer that was armed has run out; with `drain`, `bufferedBytes` is what the socket's buffer holds now. */
  due(timer, bufferedBytes = 0) {
    if (timer.name === 'hello') this.#connections.get(timer.connection)?.due()
    else this.#sessions.get(timer.sid)?.due(timer.name, bufferedBytes)
  }
}

// packages/mailbox/src/bounded-iterator.ts
var BoundedIterator = class {
  #options
  #buffered = []
  #waiting = []
  /** Set once it has ended, with the error that is still to be delivered. */
  #ended
  constructor(options) {
    this.#options = options
  }
  /** Feeds one value; ignored after the end. */
  push(value) {
    if (this.#ended) return
    const take = this.#waiting.shift()
    if (take) take({ done: false, value })
    else if (this.#buffered.length < this.#options.maxBuffered) this.#buffered.push(value)
    else this.end(this.#options.overflow())
  }
  /** Ends it: buffered values are still delivered, then `error` if given. The first end counts. */
  end(error) {
    if (this.#ended) return
    this.#ended = { error }
    for (const take of this.#waiting.splice(0)) take(this.next())
    this.#options.onEnd()
  }
  next() {
    if (this.#buffered.length > 0) return Promise.resolve({ done: false, value: this.#buffered.shift() })
    if (!this.#ended) return new Promise((resolve) => this.#waiting.push(resolve))
    const { error } = this.#ended
    this.#ended = {}
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: void 0 })
  }
  /** Ends it from the consumer's side, as leaving a `for await` loop does: what is buffered is let go. */
  return() {
    this.#buffered.length = 0
    this.end()
    this.#ended = {}
    return this.next()
  }
  [Symbol.asyncIterator]() {
    return this
  }
}

// packages/mailbox/src/handled-iterator.ts
var HandledIterator = class {
  #onEnd
  #buffered = []
  #waiting = []
  #taken
  #state = 'open'
  constructor(onEnd) {
    this.#onEnd = onEnd
  }
  /** Feeds one value; after the end it counts as handled. */
  push(value, handled) {
    const item = { value, handled }
    if (this.#state === 'ended') handled()
    else {
      this.#buffered.push(item)
      this.#waiting.shift()?.(this.#take())
    }
  }
  /** Ends it: what is buffered is still given out. */
  end() {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    for (const take of this.#waiting.splice(0)) take(this.#take())
    this.#onEnd()
  }
  next() {
    this.#finish()
    if (this.#buffered.length > 0 || this.#state === 'ended') return Promise.resolve(this.#take())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
  /** Ends it from the consumer's side, as leaving a `for await` loop does: what is buffered counts as handled. */
  return() {
    this.#finish()
    for (const { handled } of this.#buffered.splice(0)) handled()
    this.end()
    return this.next()
  }
  [Symbol.asyncIterator]() {
    return this
  }
  #finish() {
    const taken = this.#taken
    this.#taken = void 0
    taken?.handled()
  }
  #take() {
    const item = this.#buffered.shift()
    if (item === void 0) return { done: true, value: void 0 }
    this.#taken = item
    return { done: false, value: item.value }
  }
}

// packages/mailbox/src/receipt.ts
var ReceiptEntry = class {
  #status = 'queued'
  #error
  #final
  #settled
  #resolve
  get status() {
    return this.#status
  }
  get error() {
    return this.#error
  }
  /** Made at the first look, so that a message nobody asks about costs no promise. */
  get settled() {
    this.#settled ??=
      this.#final === void 0
        ? new Promise((resolve) => {
            this.#resolve = resolve
          })
        : Promise.resolve(this.#final)
    return this.#settled
  }
  /** Says that the message is on a wire, where that is not the end. */
  written() {
    if (this.#final === void 0) this.#status = 'written'
  }
  /** Says how the message ended. The first end counts, a further one is ignored. */
  settle(status, error) {
    if (this.#final !== void 0) return
    this.#final = status
    this.#status = status
    this.#error = error
    this.#resolve?.(status)
  }
}

// packages/server/src/printable.ts
var LONGEST = 200
function printable(text2) {
  const kept = text2.length > LONGEST ? `${text2.slice(0, LONGEST)}\u2026` : text2
  let safe = ''
  for (const character of kept) {
    const point = character.codePointAt(0) ?? 0
    safe += isUnsafe(point) ? `\\u{${point.toString(16)}}` : character
  }
  return safe
}
function isUnsafe(point) {
  return (
    point < 32 ||
    (point >= 127 && point <= 159) ||
    point === 1564 ||
    (point >= 8203 && point <= 8207) ||
    (point >= 8232 && point <= 8238) ||
    (point >= 8294 && point <= 8297) ||
    (point >= 55296 && point <= 57343) ||
    point === 65279
  )
}

// packages/server/src/option-checks.ts
function integer(name, value, { min, max, orInfinity = false }) {
  const wanted = `an integer from ${min} to ${max}${orInfinity ? ', or Infinity' : ''}`
  if (typeof value !== 'number') throw new TypeError(`${name}: must be ${wanted}, received ${shown(value)}`)
  if (orInfinity && value === Number.POSITIVE_INFINITY) return value
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${name}: must be ${wanted}, received ${shown(value)}`)
}
function callable(name, value) {
  if (typeof value === 'function') return value
  throw new TypeError(`${name}: must be a function, received ${shown(value)}`)
}
function oneOf(name, value, allowed) {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== void 0) return found
  throw new RangeError(`${name}: must be one of ${allowed.join(', ')}, received ${shown(value)}`)
}
function knownNames(what, given, known) {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new TypeError(`${what}: ${printable(name)} is unknown; known are ${known.join(', ')}`)
    }
  }
}
function shown(value) {
  if (typeof value === 'string') return `'${printable(value)}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

// packages/server/src/shared-bytes.ts
var shared = /* @__PURE__ */ new WeakSet()
function isShared(bytes2) {
  return bytes2 instanceof Uint8Array && shared.has(bytes2)
}

// packages/server/src/sessions/sent-message.ts
var SentMessage = class {
  payload
  bytes
  #entry = new ReceiptEntry()
  #place
  /** Binary is copied, as callers reuse their buffers, unless it is a copy for many already. @throws TypeError for what cannot be sent */
  constructor(message) {
    this.payload = typeof message === 'string' ? message : copyOf(message)
    this.bytes = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength
  }
  get status() {
    const { status } = this.#entry
    const place = this.#place
    return status === 'queued' && place !== void 0 && place.number <= place.outbox.hi ? 'written' : status
  }
  get error() {
    return this.#entry.error
  }
  get settled() {
    return this.#entry.settled
  }
  /** Notes the number that the protocol gave it. */
  numbered(number, outbox) {
    this.#place = { number, outbox }
  }
  /** Says how it ended. The first end counts. */
  settle(status, error) {
    this.#entry.settle(status, error)
  }
}
function copyOf(message) {
  if (isShared(message)) return message
  if (message instanceof ArrayBuffer) return new Uint8Array(message.slice(0))
  if (ArrayBuffer.isView(message)) {
    return new Uint8Array(message.buffer, message.byteOffset, message.byteLength).slice()
  }
  throw new TypeError(
    `message: must be a string, an ArrayBuffer or a view of one, received ${shown(message)}`,
  )
}

// packages/server/src/redis/replies.ts
function freshRecord(request, sid) {
  const { hello, principal, freshTokenHash } = request
  const [windowMessages = 1, windowBytes = hello.max] = hello.win
  return {
    sid,
    principal,
    gen: 1,
    attempt: hello.att,
    tokenHash: freshTokenHash,
    previousHash: null,
    stage: 'unconfirmed',
    place: 'attached',
    peerLimits: { maxBytes: hello.max, windowMessages, windowBytes },
    outbox: { acked: 0, tx: 0, hi: 0, entries: [] },
    inbox: { rx: 0, handled: 0 },
  }
}

// packages/server/sim/model-store.ts
var ModelStore = class {
  #now
  #sessions = /* @__PURE__ */ new Map()
  #snapshots = []
  #reign = 1
  constructor(now) {
    this.#now = now
  }
  /** Notes what a replica would have that takes over soon. */
  snapshot() {
    this.#snapshots = [copyOf2(this.#sessions), ...this.#snapshots.slice(0, 5)]
  }
  /** A replica takes over that lags by this many snapshots. */
  failOver(lag) {
    this.#sessions = copyOf2(this.#snapshots[Math.min(lag, this.#snapshots.length - 1)] ?? this.#sessions)
    this.#reign += 1
  }
  /** The node that has a session, and since when. */
  holder(sid) {
    const kept = this.#sessions.get(sid)
    return kept === void 0 ? void 0 : { node: kept.node, since: kept.takenAt }
  }
  attach(node, request, mayWait) {
    const { sid } = request.hello
    const kept = this.#sessions.get(sid ?? '')
    if (sid === null) return this.#create(node, request)
    if (kept === void 0 || kept.reign !== this.#reign) return this.#create(node, request, 'unknown')
    if (kept.ended !== void 0) return this.#create(node, request, kept.ended)
    const { record } = kept
    const verdict = judgeAttach(record, request)
    if (verdict === 'stale') return { kind: 'stale', attempt: record.attempt }
    if (verdict === 'principal' || verdict === 'token') return this.#create(node, request, verdict)
    if (kept.node !== node && mayWait) return { kind: 'wait', node: kept.node, gen: record.gen }
    if (verdict !== 'resume') {
      kept.ended = verdict
      return this.#create(node, request, verdict)
    }
    if (kept.node !== node) kept.takenAt = this.#now()
    const previousGen = record.gen
    Object.assign(record, {
      gen: record.gen + 1,
      attempt: request.hello.att,
      tokenHash: request.freshTokenHash,
      previousHash: request.presentedHash,
      stage: 'rotating',
      place: 'attached',
    })
    kept.node = node
    const { handled } = record.inbox
    return {
      kind: 'resumed',
      previousGen,
      record: { ...recordCopy(record), inbox: { rx: handled, handled } },
    }
  }
  #create(node, request, reason) {
    const record = freshRecord(request, request.freshSid)
    this.#sessions.set(record.sid, {
      record: recordCopy(record),
      node,
      reign: this.#reign,
      takenAt: 0,
      ended: void 0,
    })
    return { kind: 'created', record, displaced: [], ...(reason === void 0 ? {} : { lost: { reason } }) }
  }
  keep(batch) {
    const kept = this.#sessions.get(batch.sid)
    if (kept?.ended !== void 0) return { kind: 'ended', reason: kept.ended }
    if (kept === void 0 || kept.reign !== this.#reign || kept.record.gen < batch.gen) return { kind: 'lost' }
    const { record } = kept
    if (record.gen > batch.gen) return { kind: 'fenced' }
    const { outbox, inbox } = record
    if (outbox.tx < batch.kept.tx || inbox.handled < batch.kept.handled) return { kind: 'lost' }
    kept.ended = batch.ended
    outbox.entries.push(...batch.entries.slice(outbox.tx + 1 - batch.first))
    outbox.tx = Math.max(outbox.tx, batch.first - 1 + batch.entries.length)
    outbox.entries.splice(0, batch.acked - outbox.acked)
    outbox.acked = batch.acked
    outbox.hi = batch.hi
    inbox.handled = batch.handled
    inbox.rx = batch.rx
    Object.assign(record, { stage: batch.stage, place: batch.place })
    if (batch.stage === 'confirmed') record.previousHash = null
    return { kind: 'kept', waiting: 0 }
  }
}
function recordCopy(record) {
  const { outbox, inbox } = record
  return { ...record, outbox: { ...outbox, entries: [...outbox.entries] }, inbox: { ...inbox } }
}
function copyOf2(sessions) {
  return new Map([...sessions].map(([sid, kept]) => [sid, { ...kept, record: recordCopy(kept.record) }]))
}

// packages/server/sim/sim-client.ts
var SimClient = class {
  #world
  #core = new ClientCore(resolveClientOptions({ cid: 'client' }))
  #queue = []
  acked = []
  #wire
  #attempt = 0
  #heardAt = 0
  #made = 0
  #open = 0
  constructor(world) {
    this.#world = world
    this.#dial()
    this.#produce()
    this.#watch()
  }
  get isDrained() {
    return this.#world.isQuiet && this.#open === 0 && this.#queue.length === 0
  }
  #produce() {
    const { agenda, random, sendMs } = this.#world
    agenda.after(random.wait(sendMs), () => {
      if (this.#world.isQuiet) return
      this.#made += 1
      const payload = `up${this.#made}`
      this.#queue.push({ payload, bytes: utf8Bytes(payload) })
      this.#pump()
      this.#produce()
    })
  }
  #pump() {
    for (let note = this.#queue[0]; note !== void 0; note = this.#queue[0]) {
      if (typeof this.#core.offer(note) !== 'number') break
      this.#queue.shift()
      this.#open += 1
    }
    this.#run()
  }
  #dial() {
    const { agenda } = this.#world
    const dialed = this.#world.connect()
    if (dialed === void 0) return this.#again()
    const { wire, join } = dialed
    const attempt2 = this.#core.begin()
    this.#wire = wire
    this.#attempt = attempt2
    this.#heardAt = agenda.now
    join({
      frame: (data) => {
        if (attempt2 === this.#attempt) this.#heardAt = agenda.now
        if (typeof data === 'string') this.#core.text(attempt2, data)
        else this.#core.binary(attempt2, data)
        this.#run()
      },
      closed: (code3) => this.#lost(attempt2, code3),
    })
    this.#run()
  }
  #lost(attempt2, code3) {
    this.#core.closed(attempt2, code3)
    if (attempt2 === this.#attempt && this.#wire !== void 0) {
      this.#wire = void 0
      this.#again()
    }
    this.#run()
  }
  #again() {
    this.#world.agenda.after(this.#world.random.between(1, 100), () => this.#dial())
  }
  #watch() {
    const { agenda } = this.#world
    agenda.after(200, () => {
      if (this.#wire !== void 0 && agenda.now - this.#heardAt > 1800) {
        this.#wire.close('client', void 0)
        this.#lost(this.#attempt)
      }
      this.#watch()
    })
  }
  #run() {
    for (let action = this.#core.next(); action !== void 0; action = this.#core.next()) this.#perform(action)
  }
  #perform(action) {
    const { ledger, agenda } = this.#world
    switch (action.type) {
      case 'send':
        if (action.attempt === this.#attempt) this.#wire?.send('client', action.data)
        return
      case 'close':
        if (action.attempt !== this.#attempt) return
        this.#wire?.close('client', action.code)
        agenda.after(10, () => this.#lost(action.attempt, action.code))
        return
      case 'arm':
        agenda.arm(`client ${action.timer.name}`, action.delayMs, () => {
          this.#core.due(action.timer.name)
          this.#run()
        })
        return
      case 'disarm':
        agenda.disarm(`client ${action.timer.name}`)
        return
      case 'welcomed':
        this.#welcomed(action)
        return
      case 'deliver':
        ledger.down(String(action.payload))
        return
      case 'acked':
        this.#open -= action.entries.length
        for (const { payload } of action.entries)
          ledger.check(ledger.wasDelivered(payload), () => `${payload} is acknowledged and was not delivered`)
        ledger.count('up acked', action.entries.length)
        return
      case 'room':
        this.#pump()
        return
      case 'superseded':
        ledger.check(false, () => 'the only client was superseded')
        return
      default:
    }
  }
  #welcomed({ outcome }) {
    const { ledger } = this.#world
    ledger.count(outcome.name)
    if (outcome.name === 'gap') {
      const { uncertain, undelivered, delivered } = outcome.handBack
      this.#open -= uncertain.length + undelivered.length + delivered.length
      for (const { payload } of undelivered)
        ledger.check(!ledger.wasDelivered(payload), () => `${payload} is handed back and was delivered`)
      this.#world.gap(outcome.reason)
    }
    this.#pump()
  }
}

// packages/lifetime/src/emitter.ts
import mitt from 'mitt'

// packages/lifetime/src/guard.ts
function guard(run, report, ...args) {
  try {
    const result = run(...args)
    if (!isThenable(result)) return void 0
    return Promise.resolve(result).then(() => {}, report)
  } catch (error) {
    report(error)
    return void 0
  }
}
function isThenable(value) {
  return typeof value?.then === 'function'
}

// packages/lifetime/src/emitter.ts
var Emitter = class {
  #scope
  #report
  #registry = mitt()
  #unsettled
  /** @param report is told what a handler threw, or what its promise rejected with, and of which event */
  constructor(scope, report) {
    this.#scope = scope
    this.#report = report
  }
  /** Registers a handler and returns its undo. After the scope's end nothing is registered. */
  on(type, handler, { signal } = {}) {
    const guarded = this.#find(type, handler) ?? this.#add(type, handler)
    guarded.holders += 1
    let unlisten = () => {}
    const undo = this.#scope.hold('listeners', () => {
      guarded.holders -= 1
      if (guarded.holders === 0) this.#registry.off(type, guarded)
      unlisten()
    })
    unlisten = this.#scope.onAbort(signal, undo)
    return undo
  }
  /** As `on`, for the next event only. */
  once(type, handler, options) {
    const undo = this.on(
      type,
      (event) => {
        undo()
        return handler(event)
      },
      options,
    )
    return undo
  }
  /** Tells whether anyone listens for `type`. */
  has(type) {
    return Boolean(this.#registry.all.get(type)?.length)
  }
  /**
   * Calls the handlers in the order of their registration.
   * @returns promises of the handlers that returned one, never rejecting; `undefined` when there was none
   */
  emit(type, event) {
    const outer = this.#unsettled
    this.#unsettled = void 0
    this.#registry.emit(type, event)
    const unsettled = this.#unsettled
    this.#unsettled = outer
    return unsettled
  }
  #find(type, handler) {
    const registered = this.#registry.all.get(type)
    return registered?.find(({ of }) => of === handler)
  }
  #add(type, handler) {
    const run = (event) => {
      if (guarded.holders === 0) return
      const settled2 = guard(handler, (error) => this.#report(error, type), event)
      if (settled2) (this.#unsettled ??= []).push(settled2)
    }
    const guarded = Object.assign(run, { of: handler, holders: 0 })
    this.#registry.on(type, guarded)
    return guarded
  }
}

// packages/lifetime/src/ledger.ts
function openLedger() {
  return { timers: 0, listeners: 0, sockets: 0, closing: 0 }
}

// packages/lifetime/src/scope.ts
var LONGEST_TIMER_MS = 2147483647
var Scope = class _Scope {
  clock
  ledger
  /** What is held, oldest first; `undefined` once ended. */
  #held = /* @__PURE__ */ new Set()
  constructor(clock, ledger = openLedger()) {
    this.clock = clock
    this.ledger = ledger
    observer?.(this)
  }
  /** Tells whether the scope has ended: the question to ask after every `await`. */
  get ended() {
    return this.#held === void 0
  }
  /** Keeps `release` until the end. The returned function runs it now instead and forgets it. */
  defer(release) {
    const held = this.#held
    if (held === void 0) {
      release()
      return nothing2
    }
    const once = () => {
      if (held.delete(once)) release()
    }
    held.add(once)
    return once
  }
  /** As `defer`, and counts the thing in the ledger for as long as it is held. */
  hold(kind, release) {
    this.ledger[kind] += 1
    return this.defer(() => {
      this.ledger[kind] -= 1
      release()
    })
  }
  /** Runs `run` after `delayMs`, unless the scope ends or the returned function is called first. `Infinity`: never. */
  timeout(delayMs, run) {
    if (this.ended || delayMs === Infinity) return nothing2
    let leftMs = Math.max(0, delayMs)
    let handle
    const cancel = this.hold('timers', () => this.clock.clearTimeout(handle))
    const arm = () => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS)
      leftMs -= stepMs
      handle = this.clock.setTimeout(() => {
        if (leftMs > 0) return arm()
        cancel()
        run()
      }, stepMs)
    }
    arm()
    return cancel
  }
  /** Listens on anything with `addEventListener`, until the end or until the returned function is called. */
  listen(target, type, run) {
    if (this.ended) return nothing2
    const own = (event) => run(event)
    target.addEventListener(type, own)
    return this.hold('listeners', () => target.removeEventListener(type, own))
  }
  /** Runs `run` when a signal aborts, at once if it has; nothing without a signal. */
  onAbort(signal, run) {
    if (signal?.aborted) run()
    return !signal || signal.aborted ? nothing2 : this.listen(signal, 'abort', run)
  }
  /** Opens a scope that ends with this one, or earlier by itself. A child of an ended scope has ended. */
  child() {
    const child = new _Scope(this.clock, this.ledger)
    const forget = this.defer(() => child.end())
    child.defer(forget)
    return child
  }
  /**
   * Ends the scope. Idempotent; legal inside anything the scope runs.
   * @throws AggregateError when releases threw, after all of them ran
   */
  end() {
    const held = this.#held
    if (held === void 0) return
    this.#held = void 0
    const errors = []
    for (const release of [...held].reverse()) {
      try {
        release()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors)
  }
}
var nothing2 = () => {}
var observer

// packages/server/src/sessions/admission.ts
var code = { unauthorized: 4401, rate: 4429, internal: 4500 }
var Admission = class {
  #parts
  constructor(parts) {
    this.#parts = parts
  }
  /** Finds out who wants in, when it is the client's turn. */
  authenticate(action) {
    const { connection } = action
    const { awaited, links, host, tally, core, run } = this.#parts
    awaited.delete(connection)
    const turn = host.admit()
    if (turn.kind === 'now') this.#identify(action)
    else if (turn.kind === 'wait') links.get(connection)?.after(turn.waitMs, () => this.#identify(action))
    else {
      tally.sentAway()
      core.reject(connection, {
        code: code.rate,
        retryMs: Math.ceil(turn.retryMs),
        message: 'too many at once',
      })
      run()
    }
  }
  #identify({ connection, hello }) {
    const link = this.#parts.links.get(connection)
    if (link === void 0) return
    const { cid, ua, att, tok } = hello
    this.#parts.host.log('debug', 'session-hello', {
      id: link.connection.id,
      client: cid,
      agent: ua,
      attempt: att,
    })
    const answer = (verdict2) => {
      if (verdict2 === void 0) return
      if ('kind' in verdict2) this.#parts.core.authenticated(connection, verdict2)
      else {
        link.expireIn(verdict2.expiresMs, () => this.#expire(connection))
        const presentedHash = tok === null ? null : hashOf(tok)
        this.#parts.core.authenticated(connection, {
          ...verdict2,
          kind: 'known',
          presentedHash,
          ...makeFreshIds(),
        })
      }
      this.#parts.run()
    }
    const verdict = link.identify(hello.auth, 'hello')
    if (verdict instanceof Promise) void verdict.then(answer)
    else answer(verdict)
  }
  /** Finds out whether new credentials are good. */
  async reauthenticate({ connection, auth }) {
    const link = this.#parts.links.get(connection)
    const verdict = await link?.refresh(auth)
    if (link === void 0 || verdict === void 0) return
    if (!('kind' in verdict)) link.expireIn(verdict.expiresMs, () => this.#expire(connection))
    this.#parts.core.reauthenticated(connection, verdict)
    this.#parts.run()
  }
  #expire(connection) {
    this.#parts.core.reject(connection, { code: code.unauthorized, message: 'the credentials have expired' })
    this.#parts.run()
  }
  /** Hands a HELLO to the store, and its answer to the core. */
  attach({ connection, request }) {
    const answered = (attachment) => {
      if ('record' in attachment) this.#parts.keep(attachment.record)
      this.#parts.tally.attached(attachment)
      this.#noticeLoss(connection, request.hello.sid, attachment)
      this.#parts.core.attached(connection, attachment)
    }
    const failed = (error) => {
      this.#parts.host.report(error)
      const retryMs = this.#parts.host.options.retryAfterMs
      this.#parts.core.reject(connection, { code: code.internal, retryMs, message: 'the store failed' })
    }
    this.#parts.find(connection, request, answered, failed)
  }
  #noticeLoss(connection, sid, attachment) {
    const reason = attachment.kind === 'created' ? attachment.lost?.reason : void 0
    if (sid === null || reason === void 0) return
    const from2 = this.#parts.links.get(connection)?.connection.id ?? ''
    const session = logNameOf(sid)
    if (reason !== 'token' && reason !== 'principal') {
      this.#parts.host.log('info', 'session-gap', { session, reason, id: from2 })
      return
    }
    this.#parts.tally.alarm(reason)
    this.#parts.host.log('warn', 'session-alarm', { session, reason, id: from2 })
    this.#parts.host.onAlarm({ session, reason, connection: from2 })
  }
}

// packages/server/src/sessions/oldest-goes.ts
var OldestGoes = class {
  #max
  #items = /* @__PURE__ */ new Set()
  constructor(max) {
    this.#max = max
  }
  /** How many there are. */
  get size() {
    return this.#items.size
  }
  /** Adds one. @returns the one that has to go for it */
  add(item) {
    this.#items.add(item)
    if (this.#items.size <= this.#max) return void 0
    const [oldest] = this.#items
    if (oldest !== void 0) this.#items.delete(oldest)
    return oldest
  }
  /** Forgets one. */
  delete(item) {
    this.#items.delete(item)
  }
}

// packages/server/src/sessions/connection-driver.ts
function connectionDriver(number, parts) {
  const { core, drain, keeping, scope, run, forget, abandon } = parts
  return {
    message: (data, bytes2) => {
      if (scope.ended) return
      if (typeof data === 'string') core.text(number, data, bytes2)
      else core.binary(number, data)
      run()
    },
    written: () => {
      if (drain.written(number)) run()
    },
    ping: () => {
      const session = core.sessionOf(number)
      if (session?.state !== 'attached' && session?.state !== 'unconfirmed') return keeping.has(number)
      session.ping(Math.round(scope.clock.monotonicMs()))
      run()
      return true
    },
    leave: () => {
      const session = core.sessionOf(number)
      if (session?.state !== 'attached') return false
      session.goAway({ afterMs: 0, spreadMs: 0, why: 'lifetime' })
      run()
      return true
    },
    closed: () => {
      const session = core.sessionOf(number)
      forget()
      drain.forget(number)
      core.closed(number)
      if (session?.state === 'unconfirmed') abandon(session.sid)
      keeping.closed(number)
      run()
    },
  }
}

// packages/server/src/sessions/core-options.ts
function coreOptions(options, { options: server }) {
  const { limits: limits2, hold, ack, batch, proto, ttlMs, spreadMs, helloTimeoutMs, byeTimeoutMs } = options
  const orZero = (timeMs) => (timeMs === Number.POSITIVE_INFINITY ? 0 : timeMs)
  return {
    limits: limits2,
    bounds: hold,
    ackMode: ack,
    batch,
    highWaterBytes: server.highWaterMarkBytes,
    proto,
    pingMs: orZero(server.pingIntervalMs),
    idleMs: orZero(server.idleTimeoutMs),
    ttlMs,
    spreadMs,
    helloTimeoutMs,
    byeTimeoutMs,
  }
}

// packages/server/src/sessions/core-timers.ts
var CoreTimers = class {
  #scope
  #due
  #armed = /* @__PURE__ */ new Map()
  constructor(scope, due) {
    this.#scope = scope
    this.#due = due
  }
  /** Starts a timer, anew if it runs. */
  arm(timer, delayMs) {
    const key = keyOf(timer)
    this.#armed.get(key)?.()
    const cancel = this.#scope.timeout(delayMs, () => {
      this.#armed.delete(key)
      this.#due(timer)
    })
    this.#armed.set(key, cancel)
  }
  /** Forgets a timer; returns whether it ran. */
  disarm(timer) {
    const key = keyOf(timer)
    const cancel = this.#armed.get(key)
    cancel?.()
    return this.#armed.delete(key)
  }
}
function keyOf(timer) {
  return 'sid' in timer ? `${timer.name} ${timer.sid}` : `${timer.name} ${timer.connection}`
}

// packages/server/src/sessions/own-keeping.ts
var TOMBSTONE_MS = 864e5
var OwnKeeping = class {
  #parts
  constructor(parts) {
    this.#parts = parts
    if (parts.store instanceof MemoryStore) this.#sweepDaily(parts.store)
  }
  find(_connection, request, answered, failed) {
    try {
      answered(this.#parts.store.attach(request))
    } catch (error) {
      failed(error)
    }
  }
  write(write) {
    this.#parts.store.write(write)
    if (write.op === 'ended') this.#parts.book.forget(write)
  }
  hold() {
    return false
  }
  has() {
    return false
  }
  bufferedBytes() {
    return 0
  }
  leave() {
    return void 0
  }
  touch() {}
  flush() {}
  moved() {}
  closed() {}
  #sweepDaily(store) {
    this.#parts.scope.timeout(TOMBSTONE_MS, () => {
      store.sweep()
      this.#sweepDaily(store)
    })
  }
}

// packages/server/src/sessions/leave-times.ts
var GRACE_MS = 5e3
var CLOSING_MS = 1e3
function leaveTimes(within, defaultSpreadMs) {
  if ('spreadMs' in within) return { spreadMs: within.spreadMs, graceMs: GRACE_MS }
  return { spreadMs: Math.max(0, Math.min(defaultSpreadMs, within.deadlineMs - CLOSING_MS)), graceMs: 0 }
}

// packages/server/src/sessions/drain-watch.ts
var DrainWatch = class {
  #parts
  /** Connections with more to write. */
  #waiting = /* @__PURE__ */ new Set()
  constructor(parts) {
    this.#parts = parts
  }
  /** Starts a timer that the core asks for. */
  arm(timer, delayMs) {
    const { core, timers, bufferedBytes } = this.#parts
    const connection = timer.name === 'drain' ? core.session(timer.sid)?.connection : void 0
    if (connection !== void 0) {
      if (bufferedBytes(connection) === 0) return core.due(timer, 0)
      this.#waiting.add(connection)
    }
    return timers.arm(timer, delayMs)
  }
  /** Some of what a connection had to write is written; returns whether the core has been told, and may ask for something. */
  written(connection) {
    if (!this.#waiting.has(connection)) return false
    const { core, timers, highWaterBytes, bufferedBytes } = this.#parts
    const buffered = bufferedBytes(connection)
    if (buffered * 2 > highWaterBytes) return false
    this.#waiting.delete(connection)
    const sid = core.sessionOf(connection)?.sid
    if (sid === void 0 || !timers.disarm({ name: 'drain', sid })) return false
    core.due({ name: 'drain', sid }, buffered)
    return true
  }
  /** Forgets a connection. */
  forget(connection) {
    this.#waiting.delete(connection)
  }
}

// packages/server/src/errors.ts
var brand = /* @__PURE__ */ Symbol.for('@holdfast/server/error')
var ServerError = class extends Error {
  code;
  [brand] = true
  constructor(code3, message, options) {
    super(message, options)
    this.name = 'ServerError'
    this.code = code3
  }
}

// packages/server/src/sessions/deliveries.ts
var Deliveries = class {
  #host
  /** Size of each message from the first one on that is not handled. */
  #open = /* @__PURE__ */ new Map()
  #openBytes = 0
  #largestBytes = 0
  #cancelStall
  constructor(host) {
    this.#host = host
  }
  /** Hands a message over. */
  deliver(number, message) {
    const { ackMode, readers, emit } = this.#host
    if (ackMode === 'received') {
      void emit(message)
      readers.push(message, () => {})
      return
    }
    this.#enter(number, message)
    const promises = emit(message) ?? []
    let pending = promises.length + readers.size + 1
    const finish = () => {
      pending -= 1
      if (pending === 0) this.#settle(number)
    }
    for (const promise of promises) void promise.then(finish)
    readers.push(message, finish)
    finish()
  }
  #enter(number, message) {
    const bytes2 = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength
    this.#open.set(number, bytes2)
    this.#openBytes += bytes2
    this.#largestBytes = Math.max(this.#largestBytes, bytes2)
    const { windowMessages, windowBytes } = this.#host.limits
    const isFull = this.#open.size >= windowMessages || this.#openBytes + this.#largestBytes > windowBytes
    if (isFull) this.#cancelStall ??= this.#watchStall()
  }
  #settle(number) {
    const handled = this.#host.settle(number)
    for (const [oldest, bytes2] of this.#open) {
      if (oldest > handled) return
      this.#open.delete(oldest)
      this.#openBytes -= bytes2
      this.#cancelStall?.()
      this.#cancelStall = void 0
    }
  }
  #watchStall() {
    const { scope, stallMs, stalled } = this.#host
    return scope.timeout(stallMs, () => {
      const [oldest] = this.#open.keys()
      const what = `message ${oldest} is not handled after ${stallMs} ms, and ${this.#open.size} wait with it`
      stalled(new ServerError('handler-stalled', `handlers: ${what}; the client cannot send any more`))
    })
  }
}

// packages/server/src/sessions/readers.ts
var Readers = class {
  #ackMode
  #maxUnread
  #open = /* @__PURE__ */ new Set()
  #state = 'open'
  constructor(ackMode, maxUnread) {
    this.#ackMode = ackMode
    this.#maxUnread = maxUnread
  }
  /** How many there are. */
  get size() {
    return this.#open.size
  }
  /** Opens a loop over what arrives from now on. */
  iterate() {
    return this.#ackMode === 'handled' ? this.#handled() : this.#bounded()
  }
  /** Gives a message to every loop; `handled` is called once by each, when it is done with it. */
  push(message, handled) {
    for (const reader of this.#open) reader.push(message, handled)
  }
  /** Ends every loop after what is still unread. */
  end() {
    this.#state = 'ended'
    for (const { end } of this.#open) end()
  }
  #handled() {
    const iterator = new HandledIterator(() => this.#open.delete(reader))
    const reader = {
      push: (message, handled) => iterator.push(message, handled),
      end: () => iterator.end(),
    }
    this.#enter(reader)
    return iterator
  }
  #bounded() {
    const limit = this.#maxUnread
    const overflow = () =>
      new ServerError('iterator-overflow', `iterator: more than ${limit} messages unread, maxUnread`)
    const onEnd = () => void this.#open.delete(reader)
    const iterator = new BoundedIterator({ maxBuffered: limit, overflow, onEnd })
    const reader = { push: (message) => iterator.push(message), end: () => iterator.end() }
    this.#enter(reader)
    return iterator
  }
  #enter(reader) {
    this.#open.add(reader)
    if (this.#state === 'ended') reader.end()
  }
}

// packages/server/src/sessions/live-session.ts
var LiveSession = class {
  id
  address
  principal
  proto
  closed
  #host
  #events
  #errors
  #readers
  #deliveries
  #waiters = /* @__PURE__ */ new Set()
  #state
  #initiative
  #last
  #rttMs
  #received
  #resolveClosed = () => {}
  constructor(host, state) {
    this.#host = host
    this.#state = state
    this.id = host.id
    this.address = host.address
    this.#received = host.record.inbox.rx
    this.principal = host.record.principal
    this.proto = host.proto
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    const { scope, options, record } = host
    this.#errors = new Emitter(scope, host.report)
    this.#events = new Emitter(scope, (error) => this.#report('handler', error))
    this.#readers = new Readers(options.ack, options.maxUnread)
    this.#deliveries = new Deliveries({
      scope,
      ackMode: options.ack,
      limits: options.limits,
      stallMs: options.stallMs,
      readers: this.#readers,
      emit: (message) => this.#events.emit('message', message),
      settle: (number) => {
        host.settle(number)
        return record.inbox.handled
      },
      stalled: (error) => this.#report('handler-stalled', error),
    })
  }
  get state() {
    return this.#state
  }
  get held() {
    return this.#host.held()
  }
  get flow() {
    const { maxMessages, maxBytes } = this.#host.options.hold
    const { messages, bytes: bytes2 } = this.held
    return messages * 2 < maxMessages && bytes2 * 2 < maxBytes ? 'flowing' : 'backed-up'
  }
  get received() {
    return this.#received
  }
  get rttMs() {
    return this.#rttMs
  }
  send(message) {
    const sent = new SentMessage(message)
    const isOver = this.#state.name === 'closing' || this.#state.name === 'ended'
    const answer = isOver ? 'ended' : this.#host.offer(sent)
    if (typeof answer === 'number') {
      sent.numbered(answer, this.#host.record.outbox)
      this.#last = sent
    } else sent.settle('rejected', refusalError(answer, sent.bytes))
    return sent
  }
  on(type, handler) {
    const emitter = type === 'error' ? this.#errors : this.#events
    return emitter.on(type, handler)
  }
  once(type, handler) {
    const undo = this.on(type, (event) => {
      undo()
      return handler(event)
    })
    return undo
  }
  [Symbol.asyncIterator]() {
    return this.#readers.iterate()
  }
  ready() {
    return new Promise((resolve, reject) => {
      if (this.#state.name === 'ended' || this.#state.name === 'closing') reject(sessionEnded())
      else if (this.flow === 'flowing') resolve()
      else this.#waiters.add({ resolve, reject })
    })
  }
  async flushed() {
    const status = await this.#last?.settled
    if (status === void 0 ? this.#state.name === 'ended' : status !== 'acked') throw sessionEnded()
  }
  close({ code: code3 = 4e3, reason = '' } = {}) {
    integer('code', code3, { min: 4e3, max: 4999 })
    if (this.#state.name === 'ended' || this.#state.name === 'closing') return this.closed
    this.#initiative = { kind: 'closed', code: code3, reason }
    this.#move({ name: 'closing' })
    this.#host.leave(code3)
    return this.closed
  }
  dispose() {
    this.finish({ kind: 'disposed' })
  }
  [Symbol.dispose]() {
    this.dispose()
  }
  async [Symbol.asyncDispose]() {
    await this.close()
  }
  /** Ends the session now, for a reason of this end. */
  finish(initiative) {
    if (this.#state.name === 'ended') return
    this.#initiative ??= initiative
    this.#host.end()
  }
  /** The client has come, gone or changed connections. */
  moved(state) {
    if (this.#state.name !== 'closing' && this.#state.name !== 'ended') this.#move(state)
  }
  /** Takes a message of the client. */
  deliver(number, payload) {
    if (this.#state.name === 'ended') return
    this.#received = number
    this.#deliveries.deliver(number, payload)
  }
  /** The client has handled messages. */
  acked(messages) {
    for (const message of messages) message.settle('acked')
    if (this.#waiters.size === 0 || this.flow === 'backed-up') return
    for (const { resolve } of this.#waiters) resolve()
    this.#waiters.clear()
  }
  /** A ping was answered. */
  heard(rttMs) {
    this.#rttMs = rttMs
  }
  /** The protocol is done with the session: settles and tells everything, and lets go of it. */
  ended(reason, handBack2) {
    const ours = reason === 'ended' ? (this.#initiative ?? { kind: 'left' }) : void 0
    const cause = ours ?? { kind: 'lost', reason }
    for (const message of handBack2.delivered) message.settle('acked')
    return this.#over(cause, handBack2)
  }
  /** The session goes on elsewhere, or waits there. */
  handedOver({ cause, kept, ...handBack2 }) {
    for (const message of kept) message.settle('kept')
    return this.#over(cause, handBack2)
  }
  #over(cause, handBack2) {
    const end = {
      cause,
      handBack: {
        undelivered: giveBack(handBack2.undelivered, 'undelivered'),
        uncertain: giveBack(handBack2.uncertain, 'uncertain'),
      },
    }
    for (const { reject } of this.#waiters) reject(sessionEnded())
    this.#waiters.clear()
    this.#move({ name: 'ended', cause })
    this.#readers.end()
    this.#resolveClosed(end)
    void this.#events.emit('closed', end)
    this.#host.scope.end()
    return end
  }
  #move(state) {
    const previous = this.#state
    this.#state = state
    void this.#events.emit('state', { state, previous })
  }
  #report(phase, error) {
    if (this.#errors.has('error')) void this.#errors.emit('error', { phase, error })
    else this.#host.report(error)
  }
}
function giveBack(messages, status) {
  return messages.map((sent) => {
    sent.settle(status)
    return { message: sent.payload, receipt: sent }
  })
}
function sessionEnded() {
  return new ServerError('session-ended', 'session: it has ended, or is about to')
}
function refusalError(refusal, bytes2) {
  if (refusal === 'ended') return sessionEnded()
  if (refusal === 'overflow') {
    return new ServerError('overflow', 'send: as much is held for the client as may be; wait for ready()')
  }
  return new ServerError('message-too-large', `send: ${bytes2} bytes are more than the client takes`)
}

// packages/server/src/sessions/session-book.ts
var SessionBook = class {
  #parts
  /** What the store keeps of each session, also of those the application does not know yet. */
  #records = /* @__PURE__ */ new Map()
  #open = /* @__PURE__ */ new Map()
  #heldBytes = 0
  constructor(parts) {
    this.#parts = parts
  }
  /** Bytes held for all clients together. */
  get heldBytes() {
    return this.#heldBytes
  }
  /** The sessions that the application knows, oldest first. */
  sessions() {
    return this.#open.values()
  }
  /** Finds a session that the application knows. */
  find(sid) {
    return this.#open.get(sid)
  }
  /** Notes what the store has of a session. */
  keep(record) {
    this.#records.set(record.sid, record)
  }
  /** Notes that the store gives a session up. */
  forget({ sid, reason }) {
    if (this.#records.delete(sid)) this.#parts.tally.ended(reason)
  }
  /** Notes that another server has a session: it did not end. */
  release(sid) {
    this.#records.delete(sid)
  }
  opened({ sid, proto }) {
    const { core, scope, options, report, log, tally, hold } = this.#parts
    const record = this.#records.get(sid)
    if (record === void 0) return
    const connection = core.session(sid)?.connection
    const session = new LiveSession(
      {
        id: logNameOf(sid),
        address: sid,
        record,
        proto,
        scope: scope.child(),
        options,
        report,
        held: () => core.session(sid)?.held ?? { messages: 0, bytes: 0 },
        offer: (message) => this.#offer(sid, message),
        settle: (number) => this.#with(sid, (known) => known.settle(number)),
        leave: (code3) => this.#with(sid, (known) => known.leave(code3)),
        end: () => this.#with(sid, (known) => known.end('ended')),
      },
      this.#attendance(connection),
    )
    this.#open.set(sid, session)
    tally.opened()
    log('info', 'session-opened', { session: session.id })
    const failed = (error) => {
      report(error)
      session.dispose()
    }
    hold(() => void guard(options.handler, failed, session))
  }
  /** The client has come back, or is gone. */
  moved(sid, connection) {
    const session = this.#open.get(sid)
    if (session === void 0) return
    const state = this.#attendance(connection)
    const where = state.name === 'attached' ? { connection: state.connection } : {}
    this.#parts.log('info', `session-${state.name}`, { session: session.id, ...where })
    session.moved(state)
  }
  acked({ sid, entries }) {
    this.#release(entries)
    this.#open.get(sid)?.acked(entries)
  }
  ended({ sid, reason, handBack: handBack2 }) {
    const { delivered, uncertain, undelivered } = handBack2
    for (const entries of [delivered, uncertain, undelivered]) this.#release(entries)
    this.#parts.tally.handedBack(handBack2)
    const session = this.#open.get(sid)
    if (session === void 0) return
    this.#open.delete(sid)
    const { cause } = session.ended(reason, handBack2)
    this.#parts.log('info', 'session-ended', {
      session: session.id,
      ...factsOf(cause),
      uncertain: uncertain.length,
      undelivered: undelivered.length,
    })
  }
  /** The session is over here, and goes on, or waits, elsewhere. */
  handedOver(sid, handOver) {
    const { cause, kept, uncertain, undelivered } = handOver
    for (const entries of [kept, uncertain, undelivered]) this.#release(entries)
    this.#parts.tally.handedBack({ delivered: [], uncertain, undelivered })
    const session = this.#open.get(sid)
    if (session === void 0) return
    this.#open.delete(sid)
    session.handedOver(handOver)
    this.#parts.log('info', 'session-handed-over', {
      session: session.id,
      cause: cause.kind,
      kept: kept.length,
      uncertain: uncertain.length,
      undelivered: undelivered.length,
    })
  }
  /** Takes a message that another server posted. */
  post(sid, message) {
    const answer = this.#offer(sid, message)
    const record = this.#records.get(sid)
    if (typeof answer === 'number' && record !== void 0) message.numbered(answer, record.outbox)
    return answer
  }
  #attendance(connection) {
    const since = this.#parts.scope.clock.now()
    return connection === void 0
      ? { name: 'detached', since }
      : { name: 'attached', connection: this.#parts.nameOf(connection), since }
  }
  #with(sid, command) {
    const session = this.#parts.core.session(sid)
    if (session === void 0) return
    command(session)
    this.#parts.touch(sid)
    this.#parts.run()
  }
  #offer(sid, message) {
    const { core, options, bufferedBytes, touch, run } = this.#parts
    const session = core.session(sid)
    if (session === void 0) return 'ended'
    if (message.bytes > session.maxBytes) return 'too-large'
    if (this.#heldBytes + message.bytes > options.maxTotalHeldBytes) return 'overflow'
    if (options.overflow === 'reject' && !hasRoom(session.held, message.bytes, options.hold))
      return 'overflow'
    const { connection } = session
    if (connection !== void 0) session.buffered(bufferedBytes(connection))
    const answer = session.offer(message)
    if (typeof answer === 'number') this.#heldBytes += message.bytes
    touch(sid)
    run()
    return answer
  }
  #release(entries) {
    for (const { bytes: bytes2 } of entries) this.#heldBytes -= bytes2
  }
}
function hasRoom(held, bytes2, { maxMessages, maxBytes }) {
  return held.messages < maxMessages && held.bytes + bytes2 <= maxBytes
}
function factsOf(cause) {
  if (cause.kind === 'lost') return { cause: cause.kind, reason: cause.reason }
  return cause.kind === 'closed'
    ? { cause: cause.kind, code: cause.code, reason: cause.reason }
    : { cause: cause.kind }
}

// packages/server/src/sessions/authenticate.ts
var refusalCodes = /* @__PURE__ */ new Set([4401, 4403, 4429, 4503])
var DAY_MS = 864e5
var LONGEST_MESSAGE = 120
async function askAuthenticate(authenticate, attempt2, { life, timeoutMs }) {
  const asking = life.child()
  const giveUp = new Promise((_resolve, reject) => {
    asking.defer(() => reject(new ServerError('stopped', 'authenticate: the answer is not wanted any more')))
    asking.timeout(timeoutMs, () => {
      const what = `no answer within authenticateTimeoutMs, ${timeoutMs}`
      reject(new ServerError('authenticate-timeout', `authenticate: ${what}`))
    })
  })
  const abort = new AbortController()
  asking.defer(() => abort.abort())
  try {
    const { signal } = abort
    return readAnswer(await Promise.race([(async () => authenticate({ ...attempt2, signal }))(), giveUp]))
  } finally {
    asking.end()
  }
}
function readAnswer(answer) {
  if (answer === null) return { kind: 'rejected', code: 4401, message: 'credentials are needed' }
  const { principal, expiresMs, code: code3, retryAfterMs, message } = answer ?? {}
  if (code3 !== void 0 && refusalCodes.has(code3)) {
    return {
      kind: 'rejected',
      code: code3,
      ...(isDuration(retryAfterMs) ? { retryMs: Math.min(Math.ceil(retryAfterMs), DAY_MS) } : {}),
      ...(typeof message === 'string' ? { message: message.slice(0, LONGEST_MESSAGE) } : {}),
    }
  }
  const isPrincipal = principal === null || (typeof principal === 'string' && principal !== '')
  if (code3 !== void 0 || !isPrincipal || !(expiresMs === void 0 || isDuration(expiresMs))) {
    throw new ServerError(
      'bad-answer',
      'authenticate: must answer null, a principal (text or null), or a code 4401, 4403, 4429 or 4503',
    )
  }
  if (expiresMs === void 0 || expiresMs === Number.POSITIVE_INFINITY) return { principal }
  return { principal, expiresMs: Math.floor(expiresMs) }
}
function isDuration(value) {
  return typeof value === 'number' && value >= 0 && (value <= 2 ** 53 - 1 || value === Infinity)
}

// packages/server/src/sessions/session-link.ts
var MAX_REASON_LENGTH = 123
var SessionLink = class {
  connection
  #parts
  #refresh = { name: 'idle' }
  #cancelExpiry = () => {}
  constructor(parts) {
    this.connection = parts.connection
    this.#parts = parts
  }
  /** Finds out who the client is; at once when nobody asks. `undefined`: the connection is gone. */
  identify(auth, purpose) {
    return this.#parts.options.authenticate === void 0 ? { principal: null } : this.#ask(auth, purpose)
  }
  /**
   * As `identify`, for credentials that replace others: one question at a time, and of those that come meanwhile only the
   * newest. `undefined`: newer ones are asked about.
   */
  async refresh(auth) {
    if (this.#refresh.name === 'asking') {
      this.#refresh = { name: 'asking', newer: { auth } }
      return void 0
    }
    this.#refresh = { name: 'asking', newer: void 0 }
    const verdict = await this.identify(auth, 'refresh')
    const newer = this.#endRefresh()
    const isIn = verdict !== void 0 && !('kind' in verdict)
    return isIn && newer !== void 0 ? this.refresh(newer.auth) : verdict
  }
  /** Runs `expired` when the credentials have run out; `undefined`: never. */
  expireIn(expiresMs, expired) {
    this.#cancelExpiry()
    if (expiresMs !== void 0) this.#cancelExpiry = this.#parts.scope.timeout(expiresMs, expired)
  }
  /** Runs `work` after a while, unless the connection is gone by then. */
  after(delayMs, work) {
    this.#parts.scope.timeout(delayMs, work)
  }
  /** Starts the close handshake; whatever was under way for this connection is dropped. */
  close(cause, code3, reason) {
    this.connection.end(cause, code3, reason.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON_LENGTH))
    this.end()
  }
  /** Drops whatever is under way for this connection. */
  end() {
    this.#parts.scope.end()
  }
  #endRefresh() {
    const newer = this.#refresh.name === 'asking' ? this.#refresh.newer : void 0
    this.#refresh = { name: 'idle' }
    return newer
  }
  async #ask(auth, purpose) {
    const { options, scope, retryMs, report, connection } = this.#parts
    const { authenticate, authenticateTimeoutMs } = options
    if (authenticate === void 0) return void 0
    const attempt2 = { auth, request: connection.request, purpose }
    try {
      const verdict = await askAuthenticate(authenticate, attempt2, {
        life: scope,
        timeoutMs: authenticateTimeoutMs,
      })
      return scope.ended ? void 0 : verdict
    } catch (error) {
      if (scope.ended) return void 0
      report(error)
      return { kind: 'rejected', code: 4500, retryMs, message: 'the client could not be identified' }
    }
  }
}

// packages/server/src/sessions/session-overview.ts
function overviewOf({ sid, principal, state, connection }, nameOf) {
  return {
    id: logNameOf(sid),
    principal,
    state: state === 'leaving' ? 'closing' : state,
    connection: connection === void 0 ? void 0 : nameOf(connection),
  }
}
function countStates(sessions) {
  const states = { unconfirmed: 0, attached: 0, detached: 0, closing: 0 }
  for (const { state } of sessions)
    if (state !== 'ended') states[state === 'leaving' ? 'closing' : state] += 1
  return states
}

// packages/server/src/sessions/shared-store.ts
function isSharedStore(store) {
  return typeof store === 'object' && store !== null && 'keep' in store && typeof store.keep === 'function'
}

// packages/server/src/sessions/answer-age.ts
var STALE_MS = 500
var AnswerAge = class {
  #patienceMs = /* @__PURE__ */ new WeakMap()
  /** Tells whether an answer about something is too old to be believed. */
  isStale(about, tookMs) {
    const patienceMs = this.#patienceMs.get(about) ?? STALE_MS
    if (tookMs <= patienceMs) this.#patienceMs.delete(about)
    else this.#patienceMs.set(about, patienceMs * 2)
    return tookMs > patienceMs
  }
}

// packages/server/src/sessions/departures.ts
var Departures = class {
  #parts
  #leaving = /* @__PURE__ */ new Map()
  constructor(parts) {
    this.#parts = parts
  }
  /** Lets go of a session, which nobody holds output for any more: nothing is said for it but that. */
  go(held, cause) {
    const { core, book, run, carryOut } = this.#parts
    const { sid } = held.record
    this.#leaving.set(sid, { held, cause })
    core.moved(sid)
    run()
    for (const action of held.drop()) {
      if (action.type === 'ended') {
        const { delivered, uncertain, undelivered } = action.handBack
        this.tell({ sid, entries: [...delivered, ...uncertain, ...undelivered] })
      } else if (action.type === 'close') carryOut(action)
    }
    this.#leaving.delete(sid)
    book.release(sid)
  }
  /** Tells the application that a session is over here, and what became of its messages. */
  tell({ sid, entries }) {
    const leaving = this.#leaving.get(sid)
    if (leaving === void 0) return
    const { held, cause } = leaving
    const { acked } = held.record.outbox
    const kept = Math.max(0, held.keptTx - acked)
    const tried = Math.max(kept, held.triedTx - acked)
    this.#parts.book.handedOver(sid, {
      cause: { kind: cause },
      kept: entries.slice(0, kept),
      uncertain: entries.slice(kept, tried),
      undelivered: entries.slice(tried),
    })
  }
}

// packages/server/src/sessions/post-taker.ts
var PostTaker = class {
  #parts
  #state = 'waiting'
  #last
  constructor(parts) {
    this.#parts = parts
  }
  /** Takes what waits; does nothing while it is about it. */
  async take() {
    if (this.#state === 'taking') return
    this.#state = 'taking'
    const { held, store, book, isHere } = this.#parts
    const { sid } = held.record
    try {
      for (const { id, message } of await store.waiting(sid, this.#last)) {
        const answer = isHere() ? book.post(sid, message) : 'ended'
        if (answer === 'overflow' || answer === 'ended') return
        held.took(id, answer === 'too-large' ? 0 : answer)
        this.#last = id
      }
    } finally {
      this.#state = 'waiting'
    }
  }
}

// packages/server/src/sessions/quiet-watch.ts
var QuietWatch = class {
  #scope
  #isQuiet
  #tell
  /** `isQuiet` may take long: it is asked only while somebody waits. */
  constructor(scope, isQuiet) {
    this.#scope = scope
    this.#isQuiet = isQuiet
  }
  /** Something was done: looks whether that was all. */
  look() {
    if (this.#tell !== void 0 && this.#isQuiet()) this.#tell()
  }
  /** Resolves when all is quiet, at the latest after this time. */
  async wait(withinMs) {
    if (this.#isQuiet()) return
    await new Promise((resolve) => {
      this.#tell = resolve
      this.#scope.timeout(withinMs, resolve)
    })
  }
}

// packages/server/src/sessions/report-in-parts.ts
var PARTS = 16
function reportInParts(scope, intervalMs, items, report) {
  const next = (part) => {
    scope.timeout(intervalMs / PARTS, () => {
      report([...items()].filter((_, index) => index % PARTS === part))
      next((part + 1) % PARTS)
    })
  }
  next(0)
}

// packages/server/src/sessions/shared-sessions.ts
var SUPERSEDED = 4409
var RETRY_MS = 100
var SharedSessions = class {
  #parts
  #held = /* @__PURE__ */ new Map()
  /** The session of each connection that got one. */
  #sids = /* @__PURE__ */ new Map()
  /** Those with something new for the store. */
  #dirty = /* @__PURE__ */ new Set()
  #posts = /* @__PURE__ */ new WeakMap()
  #age = new AnswerAge()
  /** Those that another server waits for. */
  #wanted = /* @__PURE__ */ new Map()
  #departures
  #quiet
  #cancelRetry
  constructor(parts) {
    this.#parts = parts
    this.#departures = new Departures(parts)
    this.#quiet = new QuietWatch(parts.scope, () => [...this.#held.values()].every(({ isIdle }) => isIdle))
    const { store, scope, options, report } = parts
    store.open({
      scope,
      ttlMs: options.ttlMs,
      hold: options.hold,
      report,
      wake: (sid) => this.wake(sid),
      release: (...wanted) => this.release(...wanted),
    })
    reportInParts(
      scope,
      store.reportMs,
      () => this.#held.values(),
      (due) => {
        for (const held of due) if (held.record.place === 'attached') held.touch()
        this.flush()
      },
    )
  }
  /** Asks the store about a HELLO; then, in one go, takes the session over and gives the answer to `answered`. */
  find(connection, request, answered, failed) {
    const { store, scope, run } = this.#parts
    const known = this.#held.get(request.hello.sid ?? '')
    known?.attaching()
    const settle = (outcome) => {
      known?.attached()
      if (scope.ended) return
      outcome()
      run()
    }
    store.attach(request).then(
      (answer) => settle(() => answered(this.#adopt(connection, request, answer))),
      (error) => settle(() => failed(error)),
    )
  }
  #adopt(connection, { hello }, answer) {
    if (answer.kind !== 'resumed' && answer.kind !== 'created') return answer
    const { record } = answer
    const known = this.#held.get(record.sid)
    if (answer.kind === 'resumed' && known !== void 0) {
      if (record.gen <= known.record.gen) return { kind: 'stale', attempt: known.record.attempt }
      if (known.record.gen === answer.previousGen) {
        known.adopt(record)
        this.#wanted.get(known)?.()
        this.#wanted.delete(known)
        if (known.isEnding) return { kind: 'stale', attempt: hello.att }
        this.#bind(connection, record.sid)
        return { kind: 'resumed', record: known.record }
      }
      this.#letGo(known, 'moved')
    }
    const held = new HeldOutput(record, () => this.#dirty.add(held))
    this.#held.set(record.sid, held)
    this.#bind(connection, record.sid)
    return answer
  }
  #bind(connection, sid) {
    if (this.#parts.isOpen(connection)) this.#sids.set(connection, sid)
  }
  /** Holds an action of a session until the store agrees; returns false for what belongs to none. */
  hold(action) {
    const held = this.#held.get('sid' in action ? action.sid : (this.#sids.get(action.connection) ?? ''))
    held?.hold(action)
    return held !== void 0
  }
  /** Notes what the core wants kept. */
  write(write) {
    this.#held.get(write.sid)?.write(write)
  }
  /** Notes that a session's counts or messages may have changed. */
  touch(sid) {
    this.#held.get(sid)?.touch()
  }
  /** Tells whether a connection has got a session from the store. */
  has(connection) {
    return this.#sids.has(connection)
  }
  /** Bytes that wait to be sent on a connection. */
  bufferedBytes(connection) {
    return this.#held.get(this.#sids.get(connection) ?? '')?.bytes ?? 0
  }
  /** Forgets a connection that is gone. */
  closed(connection) {
    this.#sids.delete(connection)
  }
  /** Asks the store to keep what is new; all that is asked in one turn goes out together. */
  flush() {
    for (const held of this.#dirty) {
      this.#dirty.delete(held)
      const batch = this.#isHere(held) ? held.ask() : void 0
      if (batch !== void 0) this.#ask(held, batch)
    }
  }
  #ask(held, batch) {
    const { store, scope } = this.#parts
    const askedAtMs = scope.clock.monotonicMs()
    store.keep(batch).then(
      (answer) => this.#answered(held, batch, answer, scope.clock.monotonicMs() - askedAtMs),
      (error) => this.#failed(held, error),
    )
  }
  #answered(held, batch, answer, tookMs) {
    if (!this.#isHere(held) || this.#parts.scope.ended) return
    const isEndKnown = answer.kind !== 'kept' && answer.kind !== 'fenced' && held.isEnding
    if (isEndKnown) this.#over(held, inDoubt(held, held.drop()))
    else if (answer.kind === 'kept') this.#kept(held, batch, answer.waiting, tookMs)
    else if (held.isAttaching || batch.gen !== held.record.gen) held.failed()
    else if (answer.kind === 'fenced') this.#letGo(held, 'moved')
    else this.#lose(held, answer)
    this.#parts.run()
    this.#quiet.look()
  }
  #kept(held, batch, waiting, tookMs) {
    if (this.#age.isStale(held, tookMs)) {
      held.failed()
      return
    }
    const actions = held.kept()
    if (batch.ended !== void 0) this.#over(held, [...actions, ...held.drop()])
    else for (const action of actions) this.#parts.carryOut(action)
    if (waiting > held.taken) this.#takePosts(held)
    this.#releaseWhenDone(held)
  }
  /**
   * Another server has a client for a session: what is still on its way here is not taken in any more, what was is kept, and then
   * the session is let go.
   */
  release(sid, gen, done) {
    const { core, run } = this.#parts
    const held = this.#held.get(sid)
    if (held === void 0 || held.record.gen !== gen) return done()
    if (held.isAttaching || held.isEnding) return void 0
    this.#wanted.set(held, done)
    const connection = core.session(sid)?.connection
    if (connection !== void 0) core.reject(connection, { code: SUPERSEDED, message: 'superseded' })
    held.touch()
    return run()
  }
  #releaseWhenDone(held) {
    const done = this.#wanted.get(held)
    const { handled, rx } = held.record.inbox
    if (done === void 0 || !held.isIdle || handled < rx || !this.#isHere(held)) return
    this.#letGo(held, 'moved')
    done()
  }
  #takePosts(held) {
    const { run, report } = this.#parts
    const isHere = () => this.#isHere(held)
    const taker = this.#posts.get(held) ?? new PostTaker({ ...this.#parts, held, isHere })
    this.#posts.set(held, taker)
    taker.take().then(run, report)
  }
  #isHere(held) {
    return this.#held.get(held.record.sid) === held
  }
  #failed(held, error) {
    if (this.#parts.scope.ended) return
    held.failed()
    if (this.#cancelRetry !== void 0) return
    const message = error instanceof Error ? error.message : String(error)
    this.#parts.log('warn', 'store-unreachable', { message })
    this.#cancelRetry = this.#parts.scope.timeout(RETRY_MS, () => {
      this.#cancelRetry = void 0
      this.flush()
    })
  }
  /** The store knows of the end: it may be told. */
  #over(held, actions) {
    this.#held.delete(held.record.sid)
    for (const action of actions) {
      if (action.type === 'ended') this.#parts.book.forget(action)
      this.#parts.carryOut(action)
    }
  }
  /** The session is over for a reason that lies elsewhere. */
  #lose(held, answer) {
    const { sid } = held.record
    const reason = answer.kind === 'lost' ? 'unknown' : answer.reason
    this.#parts.log('warn', 'session-lost', { session: logNameOf(sid), reason })
    held.doubt()
    this.#held.delete(sid)
    this.#parts.book.forget({ sid, reason })
    this.#parts.core.session(sid)?.end(reason)
  }
  /** Another server has the session, or may have it. */
  #letGo(held, cause) {
    this.#held.delete(held.record.sid)
    this.#wanted.delete(held)
    this.#departures.go(held, cause)
  }
  moved(action) {
    this.#departures.tell(action)
  }
  /** Leaves every session to the store, for other servers: waits until it has all there is to keep, at most so long. */
  async leave(withinMs) {
    this.flush()
    await this.#quiet.wait(withinMs)
    for (const held of this.#held.values()) this.#letGo(held, 'stopped')
  }
  /** Something happened elsewhere: to a session, or to the store. */
  wake(sid) {
    if (sid === void 0) for (const held of this.#held.values()) held.touch()
    else this.touch(sid)
    this.flush()
  }
}
function inDoubt(held, actions) {
  return actions.map((action) => {
    if (action.type !== 'ended') return action
    const { delivered, uncertain, undelivered } = action.handBack
    const rest = [...uncertain, ...undelivered]
    const tried = Math.max(uncertain.length, held.triedTx - held.record.outbox.acked - delivered.length)
    return {
      ...action,
      handBack: { delivered, uncertain: rest.slice(0, tried), undelivered: rest.slice(tried) },
    }
  })
}

// packages/server/src/sessions/session-tally.ts
var SessionTally = class {
  #opened = 0
  #resumed = 0
  #superseded = 0
  #sentAway = 0
  #gaps = /* @__PURE__ */ new Map()
  #ended = /* @__PURE__ */ new Map()
  #alarms = { token: 0, principal: 0 }
  #handBacks = { uncertain: 0, undelivered: 0 }
  opened() {
    this.#opened += 1
  }
  sentAway() {
    this.#sentAway += 1
  }
  superseded() {
    this.#superseded += 1
  }
  attached(attachment) {
    if (attachment.kind === 'resumed') this.#resumed += 1
    else if (attachment.kind === 'created' && attachment.lost !== void 0)
      add(this.#gaps, attachment.lost.reason)
  }
  ended(reason) {
    add(this.#ended, reason)
  }
  alarm(reason) {
    this.#alarms[reason] += 1
  }
  handedBack({ uncertain, undelivered }) {
    this.#handBacks.uncertain += uncertain.length
    this.#handBacks.undelivered += undelivered.length
  }
  /** Takes a copy that does not change any more. */
  stats(now) {
    return {
      ...now,
      opened: this.#opened,
      resumed: this.#resumed,
      superseded: this.#superseded,
      sentAway: this.#sentAway,
      gaps: Object.fromEntries(this.#gaps),
      ended: Object.fromEntries(this.#ended),
      alarms: { ...this.#alarms },
      handBacks: { ...this.#handBacks },
    }
  }
}
function add(counts, reason) {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
}

// packages/server/src/sessions/echo-sessions.ts
function echoSessions(session) {
  session.on('message', (message) => {
    const { error } = session.send(message)
    if (error !== void 0) session.dispose()
    else if (session.flow === 'backed-up') return session.ready().catch(ended)
    return void 0
  })
}
function ended() {}

// packages/server/src/sessions/sessions-options.ts
var HOUR_MS = 36e5
var duration = { min: 1, max: HOUR_MS }
var durationOrZero = { min: 0, max: HOUR_MS }
var count = { min: 1, max: 1e6 }
var bytes = { min: 1, max: 1073741824 }
var defaults = {
  handler: echoSessions,
  authenticateTimeoutMs: 5e3,
  helloTimeoutMs: serverDefaults.helloTimeoutMs,
  maxAwaitedHellos: 5e3,
  maxUnconfirmed: 1e3,
  ack: serverDefaults.ackMode,
  stallMs: 1e4,
  maxUnread: 1e3,
  ttlMs: serverDefaults.ttlMs,
  maxSessions: 1e5,
  maxPerPrincipal: 20,
  windowMessages: defaultLimits.windowMessages,
  windowBytes: defaultLimits.windowBytes,
  maxHeldMessages: serverDefaults.bounds.maxMessages,
  maxHeldBytes: serverDefaults.bounds.maxBytes,
  maxTotalHeldBytes: 268435456,
  overflow: 'reject',
  batch: false,
  proto: [],
  spreadMs: serverDefaults.spreadMs,
  leaveSpreadMs: 2e3,
  byeTimeoutMs: serverDefaults.byeTimeoutMs,
}
var checks = {
  handler: callable,
  authenticate: callable,
  authenticateTimeoutMs: (name, value) => integer(name, value, duration),
  helloTimeoutMs: (name, value) => integer(name, value, duration),
  ack: (name, value) => oneOf(name, value, ['received', 'handled']),
  stallMs: (name, value) => integer(name, value, { ...duration, orInfinity: true }),
  maxUnread: (name, value) => integer(name, value, { ...count, orInfinity: true }),
  ttlMs: (name, value) => integer(name, value, { min: 0, max: 168 * HOUR_MS }),
  maxUnconfirmed: (name, value) => integer(name, value, count),
  maxAwaitedHellos: (name, value) => integer(name, value, count),
  maxSessions: (name, value) => integer(name, value, { min: 1, max: 1e7 }),
  maxPerPrincipal: (name, value) => integer(name, value, count),
  store: checkStore,
  windowMessages: (name, value) => integer(name, value, count),
  windowBytes: (name, value) => integer(name, value, bytes),
  maxHeldMessages: (name, value) => integer(name, value, count),
  maxHeldBytes: (name, value) => integer(name, value, bytes),
  maxTotalHeldBytes: (name, value) => integer(name, value, { min: 1, max: 2 ** 50, orInfinity: true }),
  overflow: (name, value) => oneOf(name, value, ['reject', 'end']),
  batch: checkBatch,
  proto: checkProto,
  spreadMs: (name, value) => integer(name, value, durationOrZero),
  leaveSpreadMs: (name, value) => integer(name, value, durationOrZero),
  byeTimeoutMs: (name, value) => integer(name, value, duration),
}
function resolveSessionsOptions(raw) {
  if (typeof raw !== 'object' || raw === null) {
    throw new TypeError(`options: must be an object, received ${shown(raw)}`)
  }
  knownNames('options', raw, Object.keys(checks))
  const given = Object.entries(raw).filter(([, value]) => value !== void 0)
  for (const [name, value] of given) checks[name](name, value)
  const own = Object.fromEntries(given)
  const {
    windowMessages,
    windowBytes,
    maxHeldMessages,
    maxHeldBytes,
    maxSessions,
    maxPerPrincipal,
    batch,
    ...rest
  } = { ...defaults, ...own }
  checkTogether(own, rest)
  return {
    ...rest,
    authenticate: own.authenticate,
    batch: batch === false ? void 0 : batching(batch === true ? {} : batch),
    store: own.store ?? new MemoryStore({ maxSessions, maxPerPrincipal }),
    limits: { maxBytes: 1, windowMessages, windowBytes },
    hold: { maxMessages: maxHeldMessages, maxBytes: maxHeldBytes },
  }
}
function checkTogether(own, all) {
  for (const name of ['maxSessions', 'maxPerPrincipal']) {
    if (own.store !== void 0 && own[name] !== void 0) {
      throw new TypeError(`${name}: must be absent together with store, received ${own[name]}`)
    }
  }
  const { authenticateTimeoutMs, helloTimeoutMs } = all
  if (authenticateTimeoutMs > helloTimeoutMs) {
    throw new RangeError(
      `authenticateTimeoutMs: must be at most helloTimeoutMs, ${helloTimeoutMs}, received ${authenticateTimeoutMs}`,
    )
  }
}
function fitServer(own, server) {
  const maxBytes = server.maxPayloadBytes
  const { windowBytes } = own.limits
  if (windowBytes < maxBytes) {
    throw new RangeError(
      `windowBytes: must be at least maxPayloadBytes, ${maxBytes}, received ${windowBytes}`,
    )
  }
  if (own.hold.maxBytes > server.maxBufferedBytes) {
    throw new RangeError(
      `maxHeldBytes: must be at most maxBufferedBytes, ${server.maxBufferedBytes}, received ${own.hold.maxBytes}`,
    )
  }
  for (const name of ['pingIntervalMs', 'idleTimeoutMs']) {
    if (server[name] !== Number.POSITIVE_INFINITY) integer(name, server[name], { min: 1e3, max: HOUR_MS })
  }
  return { ...own, limits: { ...own.limits, maxBytes } }
}
function checkStore(name, store) {
  const { attach, write } = store ?? {}
  if (typeof attach === 'function' && (typeof write === 'function' || isSharedStore(store))) return store
  throw new TypeError(`${name}: must have attach and write, or attach and keep, received ${shown(store)}`)
}
var batchChecks = {
  lingerMs: (value) => integer('batch.lingerMs', value, { min: 0, max: 6e4 }),
  maxMessages: (value) => integer('batch.maxMessages', value, { min: 1, max: 1024 }),
  maxBytes: (value) => integer('batch.maxBytes', value, bytes),
}
function checkBatch(name, batch) {
  if (typeof batch === 'boolean') return batch
  if (typeof batch !== 'object' || batch === null) {
    throw new TypeError(`${name}: must be true, false or an object, received ${shown(batch)}`)
  }
  knownNames(name, batch, Object.keys(batchChecks))
  for (const [key, value] of Object.entries(batch)) batchChecks[key](value)
  return batch
}
function checkProto(name, proto) {
  if (!Array.isArray(proto)) throw new TypeError(`${name}: must be an array, received ${shown(proto)}`)
  if (proto.length > 16) throw new RangeError(`${name}: must have at most 16 names, received ${proto.length}`)
  proto.forEach((item, index) => {
    if (typeof item === 'string' && item.length >= 1 && item.length <= 64) return
    throw new RangeError(`${name}[${index}]: must be a string of 1 to 64 characters, received ${shown(item)}`)
  })
  return proto
}

// packages/server/src/sessions/session-engine.ts
var MIN_FRAME_LIMIT = 32768
var HANDOVER_MS = 500
var code2 = { timeout: 4408, superseded: 4409, draining: 4503 }
var SessionEngine = class {
  maxPayloadBytes
  #options
  #host
  #scope
  #core
  #timers
  /** The sessions that the application knows. */
  book
  #admission
  #drain
  #tally = new SessionTally()
  /** Connections that have not said HELLO. */
  #awaited
  /** Sessions whose clients left before they showed that they know of them. */
  #abandoned
  #keeping
  #links = /* @__PURE__ */ new Map()
  #lastNumber = 0
  #loop = 'free'
  constructor(own, host) {
    const options = fitServer(own, host.options)
    this.#options = options
    this.#host = host
    this.#scope = host.scope.child()
    this.maxPayloadBytes = Math.max(2 * options.limits.maxBytes, MIN_FRAME_LIMIT)
    this.#core = new ServerCore(coreOptions(options, host))
    this.#timers = new CoreTimers(this.#scope, (timer) => this.#due(timer))
    this.#drain = this.#watchDrain()
    this.book = new SessionBook({
      core: this.#core,
      options,
      scope: this.#scope,
      tally: this.#tally,
      log: host.log,
      report: host.report,
      run: () => this.#run(),
      hold: (work) => this.#hold(work),
      touch: (sid) => this.#keeping.touch(sid),
      nameOf: (connection) => this.#nameOf(connection) ?? '',
      bufferedBytes: (connection) => this.#bufferedBytes(connection),
    })
    this.#awaited = new OldestGoes(options.maxAwaitedHellos)
    this.#abandoned = new OldestGoes(options.maxUnconfirmed)
    this.#keeping = this.#openKeeping()
    this.#admission = new Admission({
      find: (...question) => this.#keeping.find(...question),
      awaited: this.#awaited,
      core: this.#core,
      options,
      host,
      tally: this.#tally,
      links: this.#links,
      run: () => this.#run(),
      keep: (record) => this.book.keep(record),
    })
    this.#scope.defer(() => this.#endAll())
  }
  accept(connection) {
    const number = (this.#lastNumber += 1)
    const link = new SessionLink({
      connection,
      scope: this.#scope.child(),
      options: this.#options,
      retryMs: this.#host.options.retryAfterMs,
      report: this.#host.report,
    })
    this.#links.set(number, link)
    this.#core.open(number)
    const inExcess = this.#awaited.add(number)
    if (inExcess !== void 0) this.#core.reject(inExcess, { code: code2.timeout, message: 'no HELLO yet' })
    this.#run()
    return connectionDriver(number, {
      core: this.#core,
      drain: this.#drain,
      keeping: this.#keeping,
      scope: this.#scope,
      run: () => this.#run(),
      forget: () => {
        link.end()
        this.#links.delete(number)
        this.#awaited.delete(number)
      },
      abandon: (sid) => this.#abandon(sid),
    })
  }
  #abandon(abandoned) {
    const sid = this.#abandoned.add(abandoned)
    const session = sid === void 0 ? void 0 : this.#core.session(sid)
    if (session?.state === 'unconfirmed' && session.connection === void 0) session.end('expired')
  }
  leave(within) {
    const { spreadMs, graceMs } = leaveTimes(within, this.#options.leaveSpreadMs)
    for (const session of this.#core.sessions()) session.goAway({ afterMs: 0, spreadMs, why: 'stopping' })
    this.#run()
    for (const number of this.#links.keys()) if (!this.#core.sessionOf(number)) this.#sendAway(number)
    this.#scope.timeout(spreadMs + graceMs, () => {
      for (const number of this.#links.keys()) this.#sendAway(number)
    })
  }
  end() {
    const left = this.#scope.ended ? void 0 : this.#keeping.leave(HANDOVER_MS)
    return left === void 0 ? this.#endAll() : left.then(() => this.#endAll())
  }
  #endAll() {
    for (const session of this.book.sessions()) session.finish({ kind: 'stopped' })
    for (const session of this.#core.sessions()) session.end('ended')
    this.#run()
    this.#scope.end()
  }
  stats() {
    const states = countStates(this.#core.sessions())
    return this.#tally.stats({ states, heldBytes: this.book.heldBytes })
  }
  /** Tells where every session stands, also those that the application does not know yet. */
  overview() {
    return [...this.#core.sessions()].map((session) => overviewOf(session, (number) => this.#nameOf(number)))
  }
  /** Ends every session of a principal with BYE, and returns how many there were. */
  endAllOf(principal, byeCode, reason) {
    const owned = [...this.#core.sessions()].filter((session) => session.principal === principal)
    for (const session of owned) {
      const known = this.book.find(session.sid)
      if (known === void 0) session.leave(byeCode)
      else void known.close({ code: byeCode, reason })
    }
    this.#run()
    return owned.length
  }
  /** Carries out what the core asks for, in order. May be called from within: then what was asked for before comes first. */
  #run() {
    if (this.#loop === 'held') return
    for (let action = this.#core.next(); action !== void 0; action = this.#core.next()) {
      this.#perform[action.type](action)
    }
    this.#keeping.flush()
  }
  #hold(work) {
    this.#loop = 'held'
    try {
      work()
    } finally {
      this.#loop = 'free'
    }
  }
  #perform = {
    send: (action) => this.#say(action),
    close: (action) => this.#say(action),
    arm: ({ timer, delayMs }) => this.#drain.arm(timer, delayMs),
    disarm: ({ timer }) => void this.#timers.disarm(timer),
    authenticate: (action) => this.#admission.authenticate(action),
    reauthenticate: (action) => void this.#admission.reauthenticate(action),
    attach: (action) => this.#admission.attach(action),
    store: ({ write }) => this.#keeping.write(write),
    moved: (action) => this.#keeping.moved(action),
    opened: (action) => this.book.opened(action),
    attached: ({ sid, connection }) => this.book.moved(sid, connection),
    detached: ({ sid }) => this.book.moved(sid, void 0),
    deliver: ({ sid, number, payload }) => {
      this.book.find(sid)?.deliver(number, payload)
      this.#keeping.touch(sid)
    },
    acked: (action) => {
      this.book.acked(action)
      this.#keeping.touch(action.sid)
    },
    pong: ({ sid, value }) => {
      const rttMs = this.#scope.clock.monotonicMs() - value
      if (rttMs >= -1) this.book.find(sid)?.heard(Math.max(0, rttMs))
    },
    // Told where the connection that caused it is known: by the admission.
    alarm: () => {},
    ended: (action) => this.#say(action),
  }
  /** Tells others something, as soon as a shared store has kept what it rests on. */
  #say(action) {
    if (!this.#keeping.hold(action)) this.#carryOut(action)
  }
  #carryOut(action) {
    if (action.type === 'send') this.#links.get(action.connection)?.connection.send(action.data)
    else if (action.type === 'close') this.#close(action)
    else this.book.ended(action)
  }
  #watchDrain() {
    return new DrainWatch({
      core: this.#core,
      timers: this.#timers,
      highWaterBytes: this.#host.options.highWaterMarkBytes,
      bufferedBytes: (connection) => this.#bufferedBytes(connection),
    })
  }
  #nameOf(connection) {
    return this.#links.get(connection)?.connection.id
  }
  #openKeeping() {
    const { store } = this.#options
    const parts = { core: this.#core, book: this.book, scope: this.#scope }
    if (!isSharedStore(store)) return new OwnKeeping({ store, ...parts })
    const { log, report } = this.#host
    return new SharedSessions({
      ...parts,
      store,
      options: this.#options,
      log,
      report,
      isOpen: (connection) => this.#links.has(connection),
      run: () => this.#run(),
      carryOut: (action) => this.#carryOut(action),
    })
  }
  #close({ connection, code: closeCode3, reason }) {
    const link = this.#links.get(connection)
    if (link === void 0) return
    if (closeCode3 === code2.superseded) this.#tally.superseded()
    const cause = closeCode3 === code2.draining ? 'stop' : 'session'
    this.#host.log('info', 'session-connection-closing', { id: link.connection.id, code: closeCode3, reason })
    link.close(cause, closeCode3, reason)
  }
  #sendAway(connection) {
    const retryMs = this.#host.options.retryAfterMs
    this.#core.reject(connection, { code: code2.draining, retryMs, message: 'the server is stopping' })
    this.#run()
  }
  #due(timer) {
    const connection = 'sid' in timer ? this.#core.session(timer.sid)?.connection : timer.connection
    this.#core.due(timer, connection === void 0 ? 0 : this.#bufferedBytes(connection))
    this.#run()
  }
  #bufferedBytes(connection) {
    const bytes2 = this.#links.get(connection)?.connection.bufferedBytes ?? 0
    return bytes2 + this.#keeping.bufferedBytes(connection)
  }
}

// packages/server/sim/sim-node.ts
var limits = {
  maxPayloadBytes: 1e3,
  maxBufferedBytes: 16777216,
  highWaterMarkBytes: 1048576,
  pingIntervalMs: 1e3,
  idleTimeoutMs: 6e4,
  retryAfterMs: 10,
}
var HAND_OVER_MS = 300
var SimNode = class {
  name
  #world
  #scope
  #engine
  #connections = /* @__PURE__ */ new Map()
  #late = []
  #state = 'running'
  #storeHost
  #released = /* @__PURE__ */ new Map()
  #answeredAt = 0
  #objects = 0
  constructor(world, name) {
    this.#world = world
    this.name = name
    this.#scope = new Scope(this.#clock())
    const options = resolveSessionsOptions({
      store: this.#store(),
      ttlMs: 3e5,
      handler: (session) => this.#serve(session),
      ack: world.ack,
      windowMessages: 16,
    })
    this.#engine = new SessionEngine(options, {
      options: limits,
      scope: this.#scope,
      log: () => {},
      report: () => {},
      admit: () => ({ kind: 'now' }),
      onAlarm: () => world.ledger.check(false, () => 'an alarm'),
    })
    this.#tick()
  }
  get state() {
    return this.#state
  }
  /** Runs something of this process: later while it is stopped, never when it is dead. */
  do(work) {
    if (this.#state === 'running') work()
    else if (this.#state === 'stopped') this.#late.push(work)
  }
  #after(delayMs, work) {
    this.#world.agenda.after(delayMs, () => this.do(work))
  }
  #clock() {
    const { agenda } = this.#world
    return {
      now: () => agenda.now,
      monotonicMs: () => agenda.now,
      setTimeout: (run, delayMs) => {
        const timer = { run }
        this.#after(delayMs, () => timer.run())
        return timer
      },
      clearTimeout: (timer) => {
        if (timer !== void 0) timer.run = () => {}
      },
    }
  }
  kill() {
    this.#state = 'dead'
  }
  stop() {
    if (this.#state === 'running') this.#state = 'stopped'
  }
  goOn() {
    if (this.#state !== 'stopped') return
    this.#state = 'running'
    for (const work of this.#late.splice(0)) this.do(work)
  }
  accept(number, wire) {
    const connection = {
      id: `c${number}`,
      request: {},
      get bufferedBytes() {
        return wire.buffered('server')
      },
      send: (data) => {
        this.#world.said(this, number, data)
        wire.send('server', data)
        return 'sent'
      },
      end: (_cause, code3) => {
        wire.close('server', code3)
        this.#after(20, () => this.#closed(number))
      },
    }
    const driver = this.#engine.accept(connection)
    this.#connections.set(number, { driver, heardAt: this.#world.agenda.now })
    return {
      frame: (data) =>
        this.do(() => {
          const known = this.#connections.get(number)
          if (known === void 0) return
          known.heardAt = this.#world.agenda.now
          driver.message(data, data.length)
        }),
      closed: () => this.do(() => this.#closed(number)),
    }
  }
  #closed(number) {
    const known = this.#connections.get(number)
    this.#connections.delete(number)
    known?.driver.closed()
  }
  #tick() {
    this.#after(limits.pingIntervalMs, () => {
      for (const [number, { driver, heardAt }] of this.#connections) {
        if (this.#world.agenda.now - heardAt > 2500) this.#closed(number)
        else driver.ping()
      }
      this.#tick()
    })
  }
  /** The application: takes what comes, and sends now and then. */
  #serve(session) {
    const { ledger, random } = this.#world
    this.#objects += 1
    const object = `${this.name}#${this.#objects}`
    session.on('message', (message) => {
      ledger.up(object, session.id, session.received, String(message))
      return this.#world.ack === 'handled'
        ? new Promise((done) => this.#after(random.wait(20), done))
        : void 0
    })
    let count2 = 0
    const send = () => {
      if (session.state.name === 'ended' || this.#world.isQuiet) return
      count2 += 1
      const message = `${object}:${count2}`
      const receipt = session.send(message)
      void receipt.settled.then((fate) => this.#world.fate(session.id, message, fate))
      this.#after(random.wait(this.#world.sendMs), send)
    }
    this.#after(1, send)
  }
  /** Asks the model over a line that is slow, breaks, and keeps its order. */
  #ask(question) {
    const { agenda, random, storeMs } = this.#world
    return new Promise((resolve, reject) => {
      const way = random.between(0, storeMs)
      const fails = !this.#world.isQuiet && random.chance(this.#world.storeLoss)
      const isRun = !fails || random.chance(0.5)
      const arrivesAt = Math.max(this.#answeredAt, agenda.now + way)
      this.#answeredAt = arrivesAt
      agenda.after(arrivesAt - agenda.now, () => {
        const result = isRun ? question() : void 0
        this.#after(random.between(0, storeMs), () =>
          fails ? reject(new Error('the store is away')) : resolve(result),
        )
      })
    })
  }
  #store() {
    const { model } = this.#world
    return {
      reportMs: 5e3,
      open: (host) => {
        this.#storeHost = host
      },
      attach: async (request) => {
        const first = await this.#ask(() => {
          const answer = model.attach(this.name, request, true)
          if (answer.kind === 'wait')
            this.#world.release(answer.node, request.hello.sid ?? '', answer.gen, this.name)
          return answer
        })
        if (first.kind !== 'wait') return first
        const sid = request.hello.sid ?? ''
        await new Promise((resolve) => {
          this.#released.set(sid, resolve)
          this.#after(HAND_OVER_MS, resolve)
        })
        const second = await this.#ask(() => model.attach(this.name, request, false))
        if (second.kind === 'wait') throw new Error('it waits although it must not')
        return second
      },
      keep: (batch) => this.#ask(() => model.keep(batch)),
      waiting: async () => [],
    }
  }
  /** Another node wants a session of this one. */
  release(sid, gen, node) {
    this.#after(2, () => this.#storeHost?.release(sid, gen, () => this.#world.released(node, sid)))
  }
  /** Another node has let go of a session that this one wants. */
  released(sid) {
    this.#after(2, () => this.#released.get(sid)?.())
  }
}

// packages/server/sim/sim-world.ts
var STALE_MS2 = 500
var CHAIN = 24
var SimWorld = class {
  agenda = new Agenda()
  ledger = new Ledger()
  random
  model
  ack
  sendMs
  storeMs
  storeLoss
  #horizonMs
  #nodes = []
  #wires = []
  #client
  #fates = []
  #sidOf = /* @__PURE__ */ new Map()
  #lives = 0
  #connections = 0
  #failOvers = 0
  #gaps = 0
  #lastId = ''
  constructor(seed) {
    const random = new Random(seed)
    this.random = random
    this.model = new ModelStore(() => this.agenda.now)
    this.ack = random.pick('received', 'handled')
    this.sendMs = random.pick(10, 50, 200)
    this.storeMs = random.pick(0, 2, 30)
    this.storeLoss = random.pick(0, 0.02, 0.2)
    this.#horizonMs = random.pick(2e3, 5e3)
    for (let index = 0; index < 3; index += 1) this.#nodes.push(this.#newNode())
    this.#client = new SimClient(this)
    this.#break(random.pick(300, 1e3), () => this.#cut())
    this.#break(random.pick(1e3, 3e3), () => this.#kill())
    this.#break(random.pick(1e3, 3e3), () => this.#stop())
    if (random.chance(0.4)) this.#break(2500, () => this.#failOver())
    this.#snapshots()
  }
  /** Whether the network and the servers are healed, and nothing new is sent. */
  get isQuiet() {
    return this.agenda.now >= this.#horizonMs
  }
  /** Runs everything. @throws Broken when a promise is broken */
  async run() {
    await this.#runUntil(this.#horizonMs)
    for (const node of this.#nodes) node.goOn()
    for (let waitedMs = 0; !this.#client.isDrained; waitedMs += 1e3) {
      this.ledger.check(waitedMs < 6e4, () => 'what was sent does not arrive')
      await this.#runUntil(this.agenda.now + 1e3)
    }
    await this.#runUntil(this.agenda.now + 1e4)
    for (const { id, message, fate } of this.#fates) this.#judge(id, message, fate)
    for (const node of this.#nodes) node.kill()
  }
  async #runUntil(untilMs) {
    while (this.agenda.step(untilMs)) await settled()
    await settled()
  }
  #judge(id, message, fate) {
    this.ledger.count(`down ${fate}`)
    const mustArrive = fate === 'acked' || (fate === 'kept' && id === this.#lastId)
    this.ledger.check(
      !mustArrive || this.ledger.didArrive(message),
      () => `${message} is ${fate} and did not arrive`,
    )
    this.ledger.check(
      fate !== 'undelivered' || !this.ledger.didArrive(message),
      () => `${message} is undelivered and did arrive`,
    )
  }
  #newNode() {
    this.#lives += 1
    return new SimNode(this, `n${this.#lives}`)
  }
  #break(everyMs, work) {
    this.agenda.after(this.random.wait(everyMs), () => {
      if (this.isQuiet) return
      work()
      this.#break(everyMs, work)
    })
  }
  #cut() {
    this.ledger.count('cuts')
    const wire = this.#wires.at(-1)
    if (this.random.chance(0.7)) wire?.cut(1500)
    else wire?.halfOpen(this.random.pick('up', 'down'))
  }
  #kill() {
    this.ledger.count('kills')
    const index = this.random.between(0, this.#nodes.length - 1)
    this.#nodes[index]?.kill()
    this.#nodes[index] = this.#newNode()
    this.#wires.at(-1)?.cut(200)
  }
  #stop() {
    this.ledger.count('stops')
    const node = this.random.pick(...this.#nodes)
    node.stop()
    this.agenda.after(this.random.between(50, 4e3), () => node.goOn())
  }
  #failOver() {
    this.ledger.count('fail-overs')
    this.#failOvers += 1
    this.model.failOver(this.random.between(0, 5))
  }
  #snapshots() {
    this.agenda.after(60, () => {
      this.model.snapshot()
      this.#snapshots()
    })
  }
  /** Opens a connection of the client to any server; undefined when that does not answer. */
  connect() {
    const node = this.random.pick(...this.#nodes)
    if (node.state !== 'running' && this.random.chance(0.5)) return void 0
    this.#connections += 1
    const number = this.#connections
    const stall = { upMs: this.random.chance(0.1) ? 800 : 0, downMs: this.random.chance(0.1) ? 800 : 0 }
    const wire = new Wire(this.agenda, this.random, 20, this.isQuiet ? { upMs: 0, downMs: 0 } : stall)
    this.#wires.push(wire)
    return {
      wire,
      join: (client) => {
        let end
        const late = []
        const whenThere = (work) => (end === void 0 ? void late.push(work) : work())
        wire.join(client, {
          frame: (data) => whenThere(() => end?.frame(data)),
          closed: (code3) => whenThere(() => end?.closed(code3)),
        })
        node.do(() => {
          end = node.accept(number, wire)
          for (const work of late) work()
        })
      },
    }
  }
  /** A server says something: not about a session that another one has had for long. */
  said(node, connection, data) {
    const text2 = typeof data === 'string' ? data : ''
    if (text2.startsWith('W')) {
      const sid = /"sid":"([^"]+)"/.exec(text2)?.[1] ?? ''
      this.#sidOf.set(connection, sid)
      this.#lastId = logNameOf(sid)
    }
    const holder = this.model.holder(this.#sidOf.get(connection) ?? '')
    if (holder === void 0 || holder.node === node.name || text2.startsWith('E')) return
    const forMs = this.agenda.now - holder.since
    this.ledger.check(
      forMs <= STALE_MS2 * 8,
      () => `${node.name} speaks ${forMs} ms after ${holder.node} took over`,
    )
    this.ledger.count(forMs > STALE_MS2 ? 'spoke late' : 'spoke with an answer under way')
  }
  release(holder, sid, gen, node) {
    this.#nodes.find(({ name }) => name === holder)?.release(sid, gen, node)
  }
  released(node, sid) {
    this.#nodes.find(({ name }) => name === node)?.released(sid)
  }
  fate(id, message, fate) {
    this.#fates.push({ id, message, fate })
  }
  gap(reason) {
    this.#gaps += 1
    this.ledger.check(
      this.#gaps <= this.#failOvers && reason === 'unknown',
      () => `a gap without a fail-over: ${reason}`,
    )
  }
}
async function settled() {
  for (let turn = 0; turn < CHAIN; turn += 1) await void 0
}

// packages/server/sim/run-shared-seed.ts
async function runSharedSeed(seed) {
  const world = new SimWorld(seed)
  try {
    await world.run()
    return { broken: void 0, counts: world.ledger.counts }
  } catch (error) {
    const broken = error instanceof Broken ? error.message : String(error.stack)
    return { broken, counts: world.ledger.counts }
  }
}

// packages/server/sim/cli.ts
var { seeds = '100', from = '1' } = parseArgs({
  options: { seeds: { type: 'string' }, from: { type: 'string' } },
}).values
var startedAt = performance.now()
var totals = {}
var failures = []
for (let seed = Number(from); seed < Number(from) + Number(seeds); seed += 1) {
  const { broken, counts } = await runSharedSeed(seed)
  for (const [name, count2] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count2
  if (broken !== void 0) failures.push({ seed, broken })
}
var seconds = (performance.now() - startedAt) / 1e3
console.log(JSON.stringify({ from: Number(from), seeds: Number(seeds), seconds, failures, totals }))
process.exitCode = failures.length === 0 ? 0 : 1
