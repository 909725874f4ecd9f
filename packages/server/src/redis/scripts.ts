import { createHash } from 'node:crypto'

/** A script that Redis runs as one atomic step. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/**
 * What every script begins with. Keys: 1 the session's record, 2 its messages for the client, 3 posts that wait for a number.
 * Argument 1 is the reign: whose memory this is. By default that is the replication id of Redis itself, which is new with every
 * start and every fail-over, and which a script reads in the same step in which it reads the data.
 */
const prelude = `
local record, outbox, posts = KEYS[1], KEYS[2], KEYS[3]
local reign = ARGV[1]
if reign == '' then reign = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') end
local function num(text) return tonumber(text) or 0 end
local function whole(number) return string.format('%.0f', number) end
local function now() local t = redis.call('TIME') return num(t[1]) * 1000 + math.floor(num(t[2]) / 1000) end
local function read()
  local flat, fields = redis.call('HGETALL', record), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end
local function bury(reason, lack, lrx, tombstoneMs)
  redis.call('DEL', outbox, posts)
  redis.call('HDEL', record, 'node', 'tx', 'hi', 'acked', 'exp', 'place', 'stage', 'bytes', 'max', 'wins', 'winb')
  redis.call('HSET', record, 'end', reason)
  if lack then redis.call('HSET', record, 'lack', lack, 'lrx', lrx) end
  redis.call('PEXPIRE', record, tombstoneMs)
end
local function keepUntil(exp, tombstoneMs)
  redis.call('HSET', record, 'exp', whole(exp))
  redis.call('PEXPIREAT', record, whole(exp + tombstoneMs))
  redis.call('PEXPIREAT', outbox, whole(exp + 60000))
  redis.call('PEXPIREAT', posts, whole(exp + 60000))
end
local function bounded(key, exp)
  if redis.call('PTTL', key) == -1 then redis.call('PEXPIREAT', key, whole(exp + 60000)) end
end
`

function script(body: string): Script {
  const source = prelude + body
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/**
 * Section 4.2 of the protocol, steps 2 to 7, for a HELLO that names a session. Where a new session is needed it says so, and
 * `create` makes one: that has another key, and in a cluster another place.
 */
export const attachScript = script(`
local node, owner, att, shown, token = ARGV[2], ARGV[3], num(ARGV[4]), ARGV[5], ARGV[6]
local rx, ack, max, wins, winb = num(ARGV[7]), num(ARGV[8]), num(ARGV[9]), ARGV[10], ARGV[11]
local ttl, lease, tombstone, channel, sid = num(ARGV[12]), num(ARGV[13]), num(ARGV[14]), ARGV[15], ARGV[16]
local mayWait = ARGV[17] == '1'
local s = read()
if not s.gen then return {'lost', 'unknown'} end
local at = now()
if not s['end'] then
  local isWhole = s.reign == reign and redis.call('XLEN', outbox) == num(s.tx) - num(s.acked)
  if not isWhole then return {'lost', 'unknown'} end
  if at > num(s.exp) then
    -- Counts are only final when the last node has seen its client go.
    local known = s.place == 'detached'
    bury('expired', known and s.handled, known and s.rx, tombstone)
    s = read()
  end
end
local owns, holds = s.owner == owner, shown ~= '' and (shown == s.tok or shown == s.prev)
if s['end'] then
  if not (owns and holds) then return {'lost', 'unknown'} end
  return {'lost', s['end'], s.lack or '', s.lrx or ''}
end
if not owns then return {'lost', 'principal'} end
if att <= num(s.att) then return {'stale', s.att} end
if not holds then return {'lost', 'token'} end
if s.node ~= node and s.node ~= '' then
  -- Who holds it is to let go, with all it has; if it is not there, or takes too long, it is fenced off.
  if mayWait and redis.call('PUBLISH', channel .. s.node, 'release ' .. s.gen .. ' ' .. node .. ' ' .. sid) > 0 then
    return {'wait'}
  end
  redis.call('PUBLISH', channel .. s.node, 'touch ' .. sid)
end
if ack < num(s.acked) or ack > rx or rx > num(s.hi) then
  bury('diverged', false, false, tombstone)
  return {'ended', 'diverged', '', ''}
end
for _, entry in ipairs(redis.call('XRANGE', outbox, whole(rx + 1) .. '-0', '+')) do
  if #entry[2][2] > max then
    local known = s.place == 'detached'
    bury('too-large', known and s.handled, known and s.rx, tombstone)
    return {'ended', 'too-large', known and s.handled or '', known and s.rx or ''}
  end
end
local gen = num(s.gen) + 1
redis.call('HSET', record, 'gen', gen, 'att', ARGV[4], 'tok', token, 'prev', shown, 'stage', 'rotating',
  'place', 'attached', 'node', node, 'max', ARGV[9], 'wins', wins, 'winb', winb)
keepUntil(at + ttl + lease, tombstone)
return {'resumed', s.gen, s.acked, s.tx, s.hi, s.handled, tostring(redis.call('XLEN', posts)),
  redis.call('XRANGE', outbox, '-', '+')}
`)

/** Makes a session under an id that nobody knows yet. */
export const createScript = script(`
local node, owner, att, token, max, wins, winb = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
redis.call('HSET', record, 'gen', 1, 'reign', reign, 'node', node, 'owner', owner, 'att', att, 'tok', token,
  'stage', 'unconfirmed', 'place', 'attached', 'tx', 0, 'hi', 0, 'acked', 0, 'handled', 0, 'rx', 0, 'bytes', 0,
  'max', max, 'wins', wins, 'winb', winb)
keepUntil(now() + num(ARGV[9]) + num(ARGV[10]), num(ARGV[11]))
return 'created'
`)

/**
 * Keeps a batch, unless another attach has happened since. May be run again with the same or a longer batch: a message is known
 * by its number, and Redis itself refuses a number that was used (`<number>-0` is its stream id).
 */
export const keepScript = script(`
local gen, keptTx, keptHandled = num(ARGV[2]), num(ARGV[3]), num(ARGV[4])
local acked, hi, handled, rx, stage, place = num(ARGV[5]), ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local reason, counts, ttl, lease, tombstone = ARGV[11], ARGV[12] == '1', num(ARGV[13]), num(ARGV[14]), num(ARGV[15])
local first, count = num(ARGV[16]), num(ARGV[17])
local s = read()
if not s.gen then return {'lost'} end
if s['end'] then return {'ended', s['end']} end
if s.reign ~= reign or num(s.gen) < gen then return {'lost'} end
if num(s.gen) > gen then return {'fenced'} end
local tx = num(s.tx)
if tx < keptTx or num(s.handled) < keptHandled then return {'lost'} end
if redis.call('XLEN', outbox) ~= tx - num(s.acked) then return {'lost'} end
if reason ~= '' then
  bury(reason, counts and handled, counts and rx, tombstone)
  return {'kept', '0'}
end
if acked > tx then tx = acked end
local at = 17
for number = first, first + count - 1 do
  if number > tx then
    redis.call('XADD', outbox, whole(number) .. '-0', ARGV[at + 1], ARGV[at + 2])
    tx = number
  end
  at = at + 2
end
if acked > num(s.acked) then redis.call('XTRIM', outbox, 'MINID', whole(acked + 1) .. '-0') end
for i = at + 1, #ARGV do
  for _, entry in ipairs(redis.call('XRANGE', posts, ARGV[i], ARGV[i])) do
    redis.call('HINCRBY', record, 'bytes', -#entry[2][2])
    redis.call('XDEL', posts, ARGV[i])
  end
end
redis.call('HSET', record, 'tx', whole(tx), 'hi', hi, 'acked', whole(acked), 'handled', handled, 'rx', rx,
  'stage', stage, 'place', place)
if stage == 'confirmed' then redis.call('HDEL', record, 'prev') end
local today, exp = now(), num(s.exp)
if place == 'attached' and exp - today < ttl + lease * 2 / 3 then keepUntil(today + ttl + lease, tombstone)
elseif place == 'detached' and s.place ~= 'detached' then keepUntil(today + ttl, tombstone)
elseif count > 0 then bounded(outbox, exp) end
return {'kept', tostring(redis.call('XLEN', posts))}
`)

/** Takes a message for a session from any node, and wakes the node that holds it. */
export const postScript = script(`
local channel, sid, kind, payload, most, mostBytes = ARGV[2], ARGV[3], ARGV[4], ARGV[5], num(ARGV[6]), num(ARGV[7])
local s = read()
if not s.gen or s['end'] or s.reign ~= reign or now() > num(s.exp) then return 'unknown' end
if #payload > num(s.max) then return 'too-large' end
local waiting = redis.call('XLEN', posts) + num(s.tx) - num(s.acked)
if waiting >= most or num(s.bytes) + #payload > mostBytes then return 'overflow' end
redis.call('XADD', posts, '*', kind, payload)
redis.call('HINCRBY', record, 'bytes', #payload)
bounded(posts, num(s.exp))
redis.call('PUBLISH', channel .. s.node, 'touch ' .. sid)
return 'posted'
`)

/** Notes that the server that holds a session has let go of it, unless another one has it since. */
export const letGoScript = script(`
if num(redis.call('HGET', record, 'gen')) == num(ARGV[2]) and redis.call('HEXISTS', record, 'end') == 0 then
  redis.call('HSET', record, 'node', '')
end
return 'gone'
`)

/**
 * Counts one session more of those whose leases have not run out. Where there are as many as may be, one without a client makes room: the
 * one that has been alone for longest is the first to run out, and a client's is reported long before that. Its key is its own.
 */
export const roomScript = script(`
local sid, most, ttl, lease = ARGV[2], num(ARGV[3]), num(ARGV[4]), num(ARGV[5])
local at = now()
redis.call('ZREMRANGEBYSCORE', record, '-inf', whole(at))
local answer = {'room'}
if redis.call('ZCARD', record) >= most then
  local idlest = redis.call('ZRANGE', record, 0, 0, 'WITHSCORES')
  if num(idlest[2]) > at + ttl then return {'full'} end
  redis.call('ZREM', record, idlest[1])
  answer[2] = idlest[1]
end
redis.call('ZADD', record, whole(at + ttl + lease), sid)
redis.call('PEXPIRE', record, whole(ttl + lease + 60000))
return answer
`)

/** Counts a session that lives for this much longer. */
export const seenScript = script(`
local keep = num(ARGV[3])
redis.call('ZADD', record, whole(now() + keep), ARGV[2])
if redis.call('PTTL', record) < keep + 60000 then redis.call('PEXPIRE', record, whole(keep + 60000)) end
return 'seen'
`)

/** Counts a session no more. */
export const forgetScript = script(`
redis.call('ZREM', record, ARGV[2])
return 'gone'
`)

/** Ends a session that has no client, so that there is room for another; the server that holds it hears of it. */
export const giveUpScript = script(`
local channel, sid, ttl, tombstone = ARGV[2], ARGV[3], num(ARGV[4]), num(ARGV[5])
local s = read()
if not s.gen or s['end'] then return 'gone' end
if s.place ~= 'detached' and num(s.exp) > now() + ttl then return 'here' end
local known = s.place == 'detached'
local node = s.node
bury('expired', known and s.handled, known and s.rx, tombstone)
redis.call('PUBLISH', channel .. node, 'touch ' .. sid)
return 'gone'
`)

/** Tells the server that waits for a session that it was let go. */
export const releasedScript = script(`
return redis.call('PUBLISH', ARGV[2], 'released ' .. ARGV[3])
`)

/** Reads posts that wait, behind one that is known. */
export const waitingScript = script(`
return redis.call('XRANGE', posts, ARGV[2], '+', 'COUNT', 100)
`)

/** Reads the name of the store's memory, or gives it one. Its key is its own. */
export const epochScript = script(`
if redis.call('EXISTS', record) == 0 then redis.call('SET', record, ARGV[2]) end
return redis.call('GET', record)
`)
