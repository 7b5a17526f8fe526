// SPDX-License-Identifier: BSL-1.0
/* One session: events are published, queued, handed out, retained for a while; a reader that is too slow lags, is closed, and resumes where it was
 * told it ended, or starts afresh where that is refused.
 *
 * Holds:
 *   order     events arrive in the order of their numbers, none twice;
 *   gapless   no event is skipped up to `closed`, whose last_seq is the last one delivered;
 *   resume    a session that resumes gets every event after last_seq; where one of them is no longer retained it is refused, never served short.
 *
 * -DFAULT=N breaks one rule on purpose: check_model expects each of these to be found.
 */
#ifndef FAULT
#define FAULT 0
#endif

#define EVENTS 6      /* published in all */
#define CAPACITY 2    /* of the session's queue */
#define RETAINED 3    /* events kept for those who resume */

mtype = { m_event, m_closed };

chan out = [1] of { mtype, byte };   /* what has been handed out and is not read */

byte head = 0;            /* the newest event */
byte queue_first = 1;     /* the queue holds queue_first .. head while subscribed */
bool is_subscribed = false;
bool is_closing = false;  /* lagged: what is queued goes out, then `closed` */
byte queue_end = 0;       /* of a closing session: its last event */
byte handed = 0;          /* the last event handed out */

byte seen = 0;            /* reader: the last event it knows of */
bool has_restarted = false;

#define oldest (head > RETAINED -> head - RETAINED + 1 : 1)

inline subscribe_after(after) {
    /* Complete when each event after it is still retained. */
    if
    :: after + 1 >= oldest || FAULT == 1 ->
        is_subscribed = true;
        is_closing = false;
        handed = after;
        queue_first = (FAULT == 1 && after + 1 < oldest -> oldest : (FAULT == 2 -> after : after + 1));
        if
        :: FAULT == 3 -> queue_first = after + 2
        :: else -> skip
        fi
    :: else -> skip
    fi
}

active proctype broker() {
    do
    :: atomic { head < EVENTS ->
        head++;
        if
        :: is_subscribed && !is_closing && head + 1 - queue_first > CAPACITY ->
            /* The new event does not fit: the session lags. What is queued is still a gapless prefix. */
            is_closing = true;
            queue_end = head - 1;
            if
            :: FAULT == 4 -> queue_end = head; queue_first++
            :: else -> skip
            fi
        :: else -> skip
        fi
       }
    :: atomic { is_subscribed && nfull(out) && queue_first <= (is_closing -> queue_end : head) ->
        out ! m_event, queue_first;
        handed = queue_first;
        queue_first++
       }
    :: atomic { is_closing && nfull(out) && queue_first > queue_end ->
        out ! m_closed, (FAULT == 5 -> handed + 1 : handed);
        is_subscribed = false;
        is_closing = false
       }
    :: atomic { head == EVENTS && is_subscribed && !is_closing && queue_first > head && empty(out) -> break }
    od
}

active proctype reader() {
    byte seq;
    atomic { is_subscribed = true; seen = head; handed = head; queue_first = head + 1 }
    do
    :: out ? m_event, seq ->
        assert(seq == seen + 1);
        seen = seq
    :: out ? m_closed, seq ->
        assert(seq == seen);
        atomic {
            subscribe_after(seq);
            if
            :: is_subscribed -> skip
            :: else ->
                /* Refused: it starts afresh and knows that it missed something. */
                assert(seq + 1 < oldest);
                has_restarted = true;
                is_subscribed = true;
                seen = head;
                handed = head;
                queue_first = head + 1
            fi
        }
    :: atomic { head == EVENTS && is_subscribed && !is_closing && queue_first > head && empty(out) -> break }
    od;
    assert(seen == EVENTS)
}
