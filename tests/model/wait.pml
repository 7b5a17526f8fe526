// SPDX-License-Identifier: BSL-1.0
/* One wait: the emitter, its slot, and two responders that reply, abstain, fail, lag or leave in any order, with a time-out, a cancellation and
 * an emitter that goes away. The broker handles one message at a time, as its strand does; everything else is interleaved freely.
 *
 * Holds, for each policy:
 *   once      the emitter gets exactly one result, unless it went away;
 *   first     under `first` at most one reply is accepted;
 *   heard     an accepted veto is in the verdict;
 *   owed      a responder that was handed the event is waited for through a lag, and its reply is accepted as before;
 *   missing   under a closed failure policy no wait proceeds while a responder neither replied nor abstained;
 *   once each a responder's word is taken once, and stays as it was taken;
 *   bounded   no slot is open once its time-out has been handled;
 *   stopped   a responder that still works when the wait ends is notified, and only such a one.
 *
 * Build with -DPOLICY=1 (first), 2 (veto) or 3 (all), and -DCLOSED=1 for the closed failure policy. -DFAULT=N breaks one rule on purpose: check_model
 * expects each of these to be found.
 */
#ifndef POLICY
#define POLICY 2
#endif
#ifndef CLOSED
#define CLOSED 0
#endif
#ifndef FAULT
#define FAULT 0
#endif

#define FIRST 1
#define VETO 2
#define ALL 3

#define RESPONDERS 2

mtype = { m_emit, m_cancel, m_gone, m_reply, m_veto, m_abstain, m_fail, m_lag, m_leave, m_expire };
mtype = { r_idle, r_waiting, r_replied, r_vetoed, r_abstained, r_failed, r_left, r_lagged };

chan to_broker = [2] of { mtype, byte };

/* The slot and what it knows of each responder. */
bool is_open = false, has_ended = false;
mtype state[RESPONDERS] = r_idle;
byte accepted = 0;
byte words[RESPONDERS] = 0;    /* replies taken from each */
bool vetoed = false;           /* a veto has been accepted */

/* The emitter's view. */
byte results = 0;
bool was_vetoed = false;       /* the verdict's abort */
bool is_gone = false;
bool timed_out = false;

/* A responder's view. */
bool is_handed[RESPONDERS] = false;      /* it has the event */
bool is_done[RESPONDERS] = false;        /* it has sent all that it will */
bool is_cancelled[RESPONDERS] = false;   /* it was notified that the wait is over */

inline count_waiting(n) {
    n = (state[0] == r_waiting -> 1 : 0) + (state[1] == r_waiting -> 1 : 0);
}

#define has_started (is_open || has_ended)
#define MISSING(r) (state[r] == r_failed || state[r] == r_left || state[r] == r_lagged || state[r] == r_waiting)

inline notify(r) {
    if
    :: state[r] == r_waiting && is_handed[r] && FAULT != 9 -> assert(!is_cancelled[r]); is_cancelled[r] = true
    :: else -> assert(!(state[r] == r_waiting && is_handed[r]))
    fi
}

/* Ends the wait; `decided`: one reply decided it. */
inline finish(decided) {
    assert(is_open);
    is_open = (FAULT == 8);
    has_ended = true;
    notify(0);
    notify(1);
    if
    :: !is_gone ->
        results++;
        assert(results == 1);
        was_vetoed = (vetoed && FAULT != 1) || (CLOSED && !decided && (MISSING(0) || MISSING(1)) && FAULT != 2);
        assert(!vetoed || was_vetoed);
        assert(!CLOSED || decided || !(MISSING(0) || MISSING(1)) || was_vetoed)
    :: else -> skip
    fi
}

inline end_if_nobody_is_left() {
    count_waiting(n);
    if
    :: is_open && n == 0 -> finish(false)
    :: else -> skip
    fi
}

inline settle(r, as) {
    if
    :: is_open && (state[r] == r_waiting || (FAULT == 3 && state[r] == r_replied)) ->
        assert(words[r] == 0);
        state[r] = as;
        end_if_nobody_is_left()
    :: else -> skip
    fi
}

inline accept(r, is_veto) {
    if
    :: is_open && (state[r] == r_waiting || (FAULT == 4 && state[r] == r_replied)) ->
        accepted++;
        words[r]++;
        assert(words[r] == 1);
        assert(POLICY != FIRST || accepted == 1);
        vetoed = vetoed || is_veto;
        state[r] = (is_veto -> r_vetoed : r_replied);
        if
        :: (POLICY == FIRST && FAULT != 5) || (POLICY == VETO && is_veto) -> finish(true)
        :: else -> end_if_nobody_is_left()
        fi
    :: else ->
        /* The slot is over, or has this responder's word: nothing changes. A responder that was handed the event and has not replied is refused only
         * once the wait has ended, whatever lagged in between. */
        assert(has_ended || state[r] != r_lagged || !is_handed[r])
    fi
}

active proctype broker() {
    byte r, n;
    do
    :: atomic { to_broker ? m_emit, _ ->
        is_open = true;
        state[0] = r_waiting;
        state[1] = r_waiting
       }
    :: atomic { to_broker ? m_reply, r -> accept(r, false) }
    :: atomic { to_broker ? m_veto, r -> accept(r, true) }
    :: atomic { to_broker ? m_abstain, r -> settle(r, r_abstained) }
    :: atomic { to_broker ? m_fail, r -> settle(r, r_failed) }
    :: atomic { to_broker ? m_leave, r -> settle(r, r_left) }
    :: atomic { to_broker ? m_lag, r ->
        /* The session ends. What it was handed it still owes. */
        if
        :: is_handed[r] && FAULT != 6 -> skip
        :: else -> settle(r, r_lagged)
        fi
       }
    :: atomic { to_broker ? m_cancel, _ ->
        if
        :: is_open -> finish(true)
        :: else -> skip
        fi
       }
    :: atomic { to_broker ? m_gone, _ ->
        is_gone = true;
        if
        :: is_open -> finish(true)
        :: else -> skip
        fi
       }
    :: atomic { to_broker ? m_expire, _ ->
        timed_out = true;
        if
        :: is_open && FAULT != 7 -> finish(false)
        :: else -> skip
        fi;
        assert(!is_open)
       }
    /* Hands the event out while the slot is open or not: delivery does not depend on it. */
    :: atomic { has_started && !is_handed[0] && state[0] != r_lagged && state[0] != r_left -> is_handed[0] = true }
    :: atomic { has_started && !is_handed[1] && state[1] != r_lagged && state[1] != r_left -> is_handed[1] = true }
    :: atomic { timed_out && is_done[0] && is_done[1] && empty(to_broker) -> break }
    od;
    assert(results == 1 || is_gone);
    assert(!is_open)
}

active proctype emitter() {
    to_broker ! m_emit, 0;
    if
    :: to_broker ! m_cancel, 0
    :: to_broker ! m_gone, 0
    :: skip
    fi;
    to_broker ! m_expire, 0   /* the timer's, not the emitter's: it comes whatever the emitter did */
}

proctype responder(byte me) {
    has_started;
    if
    :: is_handed[me] ->
        if
        :: to_broker ! m_lag, me
        :: skip
        fi;
        if
        :: to_broker ! m_reply, me; to_broker ! m_veto, me      /* the second is refused */
        :: to_broker ! m_reply, me; to_broker ! m_abstain, me   /* and changes nothing */
        :: to_broker ! m_veto, me
        :: to_broker ! m_abstain, me
        :: to_broker ! m_fail, me
        :: to_broker ! m_leave, me
        :: is_cancelled[me] -> skip                          /* stopped before it had anything to say */
        :: timed_out -> skip
        fi
    :: to_broker ! m_lag, me                                 /* before it was handed the event */
    :: to_broker ! m_leave, me
    fi;
    is_done[me] = true
}

init {
    atomic {
        run responder(0);
        run responder(1)
    }
}
