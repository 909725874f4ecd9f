/*
 * The handshake of holdfast.v1 (PROTOCOL.md sections 3, 4 and 8) for the Spin model checker.
 *
 * One client, one server, ATTEMPTS connections one after another, UP messages to the server and DOWN messages to the
 * client. Every message is its own number, so an assertion at each end sees at once what is lost, doubled or swapped.
 * README.md says what is left out, and which switch (-D...) plants which mistake.
 *
 * A connection is two pipes. A pipe keeps order and may die: from some frame on, nothing arrives any more. The moment is
 * chosen when a frame is put in; as nobody sees a pipe die, this gives the receiver the same choice of beginnings as a
 * death at any other moment would. Either end may learn of it late or never. The client may leave a connection at any
 * time; what it had put in may still arrive afterwards, also a HELLO.
 */

#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif
#ifndef UP
#define UP 3
#endif
#ifndef DOWN
#define DOWN 3
#endif

/* A session is named by the attempt that created it; FIRST stands for one that exists from the start. */
#define SESSIONS (ATTEMPTS + 2)
#define NOBODY 0
#define FIRST (ATTEMPTS + 1)

/* A token is named by the attempt it was issued to. */
#define NO_TOKEN 0
#define FIRST_TOKEN (ATTEMPTS + 1)

/* HELLO sid,tok,rx   RESUMED tok,rx   CREATED tok,lost   ACK ack,tx   DATA n   SUPERSEDED   STALE */
mtype = { HELLO, RESUMED, CREATED, ACK, DATA, SUPERSEDED, STALE };

/* The longest a pipe can get: HELLO or WELCOME, the ACK after it, each message, an ACK for each message of the other end. */
#define ROOM (2 + UP + DOWN)
#define PIPE(c) c - 1

chan up[ATTEMPTS] = [ROOM] of { mtype, byte, byte, byte };
chan down[ATTEMPTS] = [ROOM] of { mtype, byte, byte, byte };
bool upDead[ATTEMPTS];
bool downDead[ATTEMPTS];

/* ---- the client: what it knows across connections, and on the present one (number `attempt`) ---- */
mtype = { OUT, ASKING, LIVE };
mtype phase = OUT;
byte attempt;
byte sid = NOBODY;
byte token = NO_TOKEN;
byte clientRx;     /* last message accepted, and handled */
byte clientTold;   /* the acknowledgement the server was last told */
byte clientAcked;
byte clientHi;     /* highest number ever put on a connection */
byte clientNext;   /* number of the next message for this connection */

/* ---- the server ---- */
typedef Session {
  bool exists;
  bool shown;      /* the application has heard of it */
  bool confirmed;  /* the client has shown that it knows the present token */
  byte att;        /* highest attempt seen */
  byte tok;
  byte previous;   /* good too while not confirmed */
  byte bound;      /* the connection it is bound to, 0 = none */
  byte rx;
  byte told;
  byte acked;
  byte hi;
  byte next;
};
Session session[SESSIONS];

mtype = { AWAITING, MET, CLOSED };
mtype link[ATTEMPTS];     /* the server's end of each connection */
byte belongsTo[ATTEMPTS]; /* the session it was bound to */

#ifdef WITNESS
bool clientResent;
bool serverResent;
#endif

/* ---- pipes ---- */

/* Puts a frame into a pipe, or lets the pipe die just before. What goes into a dead pipe is gone. */
inline put(pipe, dead, what, one, two, three) {
  if
  :: dead -> skip
  :: !dead -> assert(nfull(pipe)); pipe!what(one, two, three)
  :: !dead -> dead = true
  fi
}

inline empty_out(pipe) {
  do
  :: nempty(pipe) -> pipe?_, _, _, _
  :: empty(pipe) -> break
  od
}

/* ---- client ---- */

/* 3.6: an acknowledgement may not go back, nor cover what this connection has not carried. */
inline client_counts(ack, tx) {
  assert(tx == clientRx);
  assert(clientAcked <= ack && ack < clientNext);
  clientAcked = ack
}

inline client_ack() {
  put(up[PIPE(attempt)], upDead[PIPE(attempt)], ACK, clientRx, clientNext - 1, 0);
  clientTold = clientRx
}

inline client_dial() {
  if
  :: attempt > 0 -> /* frames of a connection that was left are ignored (4.8) */
     downDead[PIPE(attempt)] = true;
     empty_out(down[PIPE(attempt)])
  :: else
  fi;
  attempt++;
  phase = ASKING;
  clientNext = 0;
  put(up[PIPE(attempt)], upDead[PIPE(attempt)], HELLO, sid, token, clientRx);
  clientTold = clientRx
}

inline client_read() {
  down[PIPE(attempt)]?kind, x, y, z;
  if
  :: kind == RESUMED -> /* 4.4 */
     assert(phase == ASKING && sid != NOBODY);
     token = x;
     assert(clientAcked <= y && y <= clientHi);
     clientAcked = y;
     clientNext = y + 1;
     phase = LIVE;
     client_ack()
  :: kind == CREATED ->
     assert(phase == ASKING);
     assert(sid == NOBODY); /* I6: else a session was lost, and nothing here may lose one */
     sid = attempt;
     token = x;
     clientNext = 1;
     phase = LIVE;
     client_ack()
  :: kind == ACK ->
     assert(phase == LIVE);
     client_counts(x, y)
  :: kind == DATA ->
     assert(phase == LIVE);
     assert(x == clientRx + 1); /* I1 */
     clientRx = x
  :: kind == SUPERSEDED -> assert(false) /* nobody else has the token: this client would be stranded */
  :: kind == STALE -> assert(false)      /* this attempt is the newest there is */
  fi;
  kind = 0; x = 0; y = 0; z = 0
}

#define everythingDone \
  (clientAcked == UP && clientRx == DOWN && session[sid].rx == UP && session[sid].acked == DOWN)

proctype Client() {
  mtype kind; byte x; byte y; byte z;
end:
  do
  :: atomic { attempt < ATTEMPTS -> client_dial() }
  :: atomic { attempt > 0 && nempty(down[PIPE(attempt)]) -> client_read() }
  :: atomic { phase == LIVE && clientNext <= UP ->
       put(up[PIPE(attempt)], upDead[PIPE(attempt)], DATA, clientNext, 0, 0);
       if
       :: clientHi < clientNext -> clientHi = clientNext
       :: else
#ifdef WITNESS
          -> clientResent = true
#endif
       fi;
       clientNext++
     }
  :: atomic { phase == LIVE && clientRx > clientTold -> client_ack() }
  :: atomic { timeout -> /* nothing can happen any more: I9, over a link that stays up everything has arrived */
       if
       :: !upDead[ATTEMPTS - 1] && !downDead[ATTEMPTS - 1] ->
          assert(phase == LIVE);
          assert(everythingDone);
          assert(session[sid].shown && session[sid].confirmed && session[sid].bound == ATTEMPTS)
#ifdef WITNESS
          /* No property of the protocol: shows that the search comes as far as the lines above, the hard way. */
          ; assert(sid == ATTEMPTS || !clientResent || !serverResent)
#endif
       :: else
       fi;
       break
     }
  od
}

/* ---- server ---- */

inline server_close(c) {
  link[PIPE(c)] = CLOSED;
  upDead[PIPE(c)] = true;
  empty_out(up[PIPE(c)])
}

inline tell_application(which) {
  if
  :: !session[which].shown ->
     assert(which == sid); /* 4.5: the application never hears of a session that the client does not know */
     session[which].shown = true
  :: else
  fi
}

/* WELCOME and the ACK right after it (4.3). */
inline welcome(via, who, answer, sent) {
  put(down[PIPE(via)], downDead[PIPE(via)], answer, session[who].tok, session[who].rx, 0);
  put(down[PIPE(via)], downDead[PIPE(via)], ACK, session[who].rx, sent, 0);
  session[who].told = session[who].rx
}

inline server_create(c) {
  session[c].exists = true;
  session[c].att = c;
  session[c].tok = c;
  session[c].bound = c;
  session[c].next = 1;
  belongsTo[PIPE(c)] = c;
#ifdef SHOWN_EARLY
  tell_application(c);
#endif
  welcome(c, c, CREATED, 0)
}

/* 4.2 step 7 */
inline server_resume(c, s, presented, acceptedByClient) {
#ifndef NO_FENCE
  if
  :: session[s].bound != 0 ->
     old = session[s].bound;
     put(down[PIPE(old)], downDead[PIPE(old)], SUPERSEDED, 0, 0, 0);
     server_close(old);
     old = 0
  :: else
  fi;
#endif
  assert(session[s].acked <= acceptedByClient && acceptedByClient <= session[s].hi); /* step 6 never applies between honest ends */
  session[s].att = c;
#ifdef PREVIOUS_IS_LAST_ISSUED
  session[s].previous = session[s].tok;
#else
  session[s].previous = presented;
#endif
  session[s].tok = c;
  session[s].confirmed = false;
  session[s].bound = c;
  session[s].acked = acceptedByClient;
  session[s].next = acceptedByClient + 1;
  belongsTo[PIPE(c)] = s;
  tell_application(s);
  welcome(c, s, RESUMED, acceptedByClient)
}

#ifdef NO_GRACE
#define tokenIsGood(s, t) (t == session[s].tok)
#else
#define tokenIsGood(s, t) (t == session[s].tok || (!session[s].confirmed && t == session[s].previous))
#endif

#ifdef NO_ATTEMPT_ORDER
#define isStale(c, s) (false)
#else
#define isStale(c, s) (c <= session[s].att)
#endif

/* 4.2: x = sid, y = token, z = rx */
inline server_hello(c) {
  link[PIPE(c)] = MET;
  if
  :: x == NOBODY -> server_create(c) /* step 1 */
  :: x != NOBODY ->
     assert(session[x].exists);
     if
     :: isStale(c, x) -> /* step 4 */
        put(down[PIPE(c)], downDead[PIPE(c)], STALE, 0, 0, 0);
        server_close(c)
     :: !isStale(c, x) && !tokenIsGood(x, y) -> server_create(c) /* step 5 */
     :: else -> server_resume(c, x, y, z)
     fi
  fi
}

inline server_frame(c, s) {
#ifndef NO_FENCE
  assert(session[s].bound == c); /* I4 */
#endif
  /* Any frame after WELCOME confirms (4.4). */
  if
  :: !session[s].confirmed ->
     session[s].confirmed = true;
     session[s].previous = NO_TOKEN;
     tell_application(s)
  :: else
  fi;
  if
  :: kind == ACK ->
     assert(y == session[s].rx);
     assert(session[s].acked <= x && x < session[s].next);
     session[s].acked = x
  :: kind == DATA ->
     assert(x == session[s].rx + 1); /* I1 */
     session[s].rx = x
  fi
}

inline server_read(c) {
  up[PIPE(c)]?kind, x, y, z;
  if
  :: kind == HELLO -> server_hello(c)
  :: else -> server_frame(c, belongsTo[PIPE(c)])
  fi;
  kind = 0; x = 0; y = 0; z = 0
}

#define isBound(c) (link[PIPE(c)] == MET && session[belongsTo[PIPE(c)]].bound == c)

/* 6.1: the end of a connection only detaches. */
inline server_lose(c) {
  if
  :: isBound(c) ->
     session[belongsTo[PIPE(c)]].bound = 0;
#ifdef UNCONFIRMED_DROPPED
     session[belongsTo[PIPE(c)]].exists = session[belongsTo[PIPE(c)]].shown;
#endif
  :: else
  fi;
  server_close(c)
}

inline server_data(c, s) {
  put(down[PIPE(c)], downDead[PIPE(c)], DATA, session[s].next, 0, 0);
  if
  :: session[s].hi < session[s].next -> session[s].hi = session[s].next
  :: else
#ifdef WITNESS
     -> serverResent = true
#endif
  fi;
  session[s].next++
}

inline server_ack(c, s) {
  put(down[PIPE(c)], downDead[PIPE(c)], ACK, session[s].rx, session[s].next - 1, 0);
  session[s].told = session[s].rx
}

/* The server's end of connection c. */
proctype Link(byte c) {
  mtype kind; byte x; byte y; byte z; byte old;
end:
  do
  :: atomic { link[PIPE(c)] != CLOSED && nempty(up[PIPE(c)]) -> server_read(c) }
  :: atomic { isBound(c) && session[belongsTo[PIPE(c)]].shown && session[belongsTo[PIPE(c)]].next <= DOWN ->
       server_data(c, belongsTo[PIPE(c)])
     }
  :: atomic { isBound(c) && session[belongsTo[PIPE(c)]].rx > session[belongsTo[PIPE(c)]].told ->
       server_ack(c, belongsTo[PIPE(c)])
     }
     /* It learns that the connection is broken or was left; the other end may be reading still, or writing. */
  :: atomic { link[PIPE(c)] != CLOSED && attempt >= c && (attempt > c || upDead[PIPE(c)] || downDead[PIPE(c)]) ->
       server_lose(c); break
     }
  :: atomic { link[PIPE(c)] == CLOSED -> break }
  od
}

init {
  byte c;
  atomic {
    for (c : 1 .. ATTEMPTS) { link[PIPE(c)] = AWAITING }
    if
    :: skip /* the client is new */
    :: sid = FIRST; token = FIRST_TOKEN; /* or comes back to a session that has been live */
       session[FIRST].exists = true;
       session[FIRST].shown = true;
       session[FIRST].confirmed = true;
       session[FIRST].tok = FIRST_TOKEN;
       session[FIRST].next = 1
    fi;
    run Client();
    for (c : 1 .. ATTEMPTS) { run Link(c) }
    c = 0
  }
}
