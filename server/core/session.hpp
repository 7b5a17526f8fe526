// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "budgets.hpp"
#include "event_queue.hpp"
#include "glob.hpp"
#include "responder_records.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The state of the broker, as plain structs that broker's functions work on. Nothing here has behaviour that
/// spans two of them; who owns what is said at each.
namespace hookd::core {

struct client;
struct session;
struct slot;

using steady_time = std::chrono::steady_clock::time_point;

/// The time of a request: core reads no clock.
struct instant {
    steady_time steady{};
    std::chrono::system_clock::time_point wall{};
};

/// Something that is due at a time; sorted in one set, so that one timer serves all.
struct deadline : boost::intrusive::set_base_hook<> {
    enum class kind : std::uint8_t { slot, waiter, bypass };
    explicit deadline(kind what) noexcept : type(what) {}

    steady_time when{};
    kind type;

    friend bool operator<(const deadline& a, const deadline& b) noexcept { return a.when < b.when; }
};

/// No veto of these events counts until it is due. Owned by broker.
struct bypass_in_force : deadline {
    bypass_in_force() noexcept : deadline(kind::bypass) {}

    std::vector<std::string> events{};
    std::string reason{};
    std::uint32_t uid = 0;
    std::uint64_t overridden = 0;  // verdicts so far
};

struct by_slot;
struct by_client;
struct by_owner;
struct by_seq;
using slot_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_slot>>;
using client_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_client>>;
using owner_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_owner>>;
using parked_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_seq>>;

/// A request that waits for a verdict. The caller derives from it what it needs to answer; it makes the waiter and gets
/// it back, exactly once, in a completion.
struct waiter : deadline, slot_hook, client_hook {
    waiter() noexcept : deadline(kind::waiter) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    virtual ~waiter() = default;

    /// Bytes that the caller keeps for it beyond a small constant; charged to the memory limit.
    std::size_t footprint_bytes = 0;

    // Set by broker.
    slot* waits_on = nullptr;
    client* asked_by = nullptr;
    bool extra = false;  // waits on a slot that somebody else, or `emit`, opened
};

/// How a waiter's wait ended. What it passes on lies in the request that ended it: it is to be written, or kept, while
/// that is at hand.
struct completion {
    waiter* who = nullptr;
    std::variant<protocol::wait_result, protocol::error> result{};
};

/// One responder that a slot waits or waited for.
struct responder {
    enum class state : std::uint8_t {
        waiting,
        replied,
        abstained,
        failed,
        left,
        lagged,
        passed,  ///< in a chain: the payload of its turn did not meet its conditions
    };

    std::uint64_t session_id = 0;
    session* from = nullptr;  // only while waiting
    std::shared_ptr<responder_record> record{};
    std::int64_t order = 0;
    std::uint64_t place = not_queued;  // of the event in its client's queue: how many were queued for it before
    std::uint32_t index = 0;           // in from->expected_replies
    state is = state::waiting;
    bool insists = false;         // where it is missing, the operation does not proceed
    std::uint8_t host_bytes = 0;  // of one on another host, whose record is called `host/name`: those of `host/`

    static constexpr std::uint64_t not_queued = std::uint64_t(-1);  // its turn in a chain has not come
    // In place of a session's id, above all of these: of those on other hosts, ascending, and of the one that stands
    // for them.
    static constexpr std::uint64_t first_remote_id = std::uint64_t{1} << 63;
    static constexpr std::uint64_t cluster_id = std::uint64_t(-1);

    [[nodiscard]] const std::string& name() const noexcept { return record->name; }
    [[nodiscard]] bool is_remote() const noexcept { return host_bytes != 0; }
    /// Without its host; and that, empty where it is this one.
    [[nodiscard]] std::string_view own_name() const noexcept {
        return std::string_view{record->name}.substr(host_bytes);
    }
    [[nodiscard]] std::string_view host() const noexcept {
        return {record->name.data(), is_remote() ? host_bytes - std::size_t{1} : 0};
    }
    /// Whether it stands for the hosts that the cluster has yet to name.
    [[nodiscard]] bool is_cluster() const noexcept { return session_id == cluster_id; }
    [[nodiscard]] bool is_asked() const noexcept { return place != not_queued; }
    [[nodiscard]] bool has_spoken() const noexcept { return is == state::replied || is == state::abstained; }
    [[nodiscard]] bool is_lost() const noexcept {
        return is == state::failed || is == state::left || is == state::lagged;
    }
};

/// Of a slot whose responders are asked one after the other.
struct chain {
    event::pointer published{};  // as it was emitted
    std::string payload{};       // the last one that a reply put in its place; empty: none did
};

/// Of a slot that answers a question of another host.
struct foreign_question {
    std::vector<std::string> passed{};  // responders whose conditions the payload does not meet
};

/// The place where replies to one event are kept until somebody has them. Owned by broker.
struct slot : deadline, owner_hook, parked_hook {
    slot() noexcept : deadline(kind::slot) {}

    protocol::uuid id{};
    std::uint64_t seq = 0;
    std::string event_name{};
    steady_time emitted{};
    std::chrono::system_clock::time_point emitted_at{};  // the same by the wall clock
    protocol::wait_policy policy = protocol::wait_policy::first;
    protocol::failure_policy on_failure = protocol::failure_policy::open;
    std::vector<std::string> require{};       // names of responders without whom it does not proceed
    bool reserved = false;                    // by emit: await_response asks for it, and it never gives up early
    bool concluded = false;                   // its verdict has been told
    std::optional<protocol::outcome> kept{};  // reserved, and its result is there before anybody asked
    client* owner = nullptr;                  // its connection is charged for it; null once that is gone
    account* payer = nullptr;                 // the owner's user, charged for it until it is over
    std::uint32_t payer_uid = 0;
    std::optional<protocol::uuid> operation{};
    event::pointer parked{};                      // waits for a first responder to subscribe
    std::unique_ptr<chain> turns{};               // of policy chain
    std::unique_ptr<foreign_question> foreign{};  // of a question of another host
    bool asks_cluster = false;                    // hosts that work on it are to be told when it is over
    std::size_t held_bytes = 0;                   // of events that it keeps from being forgotten
    std::vector<std::uint64_t> watchers{};        // ids of the sessions with a `where` that are to be told its verdict
    event::pointer continued{};                   // of an earlier process: for those that it asked, when they are back
    std::uint64_t position = 0;                   // of its event: at which that is durable
    bool is_durable = false;                      // it outlives the daemon, with its replies
    std::uint32_t durable_replies = 0;            // that have been written

    boost::container::small_vector<responder, 2> responders{};  // ascending session_id
    std::size_t waiting_for = 0;                                // responders in state waiting
    std::vector<protocol::wait_result::reply> replies{};
    boost::container::small_vector<std::int64_t, 2> reply_orders{};  // of each reply
    std::vector<std::uint64_t> outsiders{};  // ids of clients that replied without being waited for
    std::vector<std::pair<std::uint64_t, std::string>> failures{};  // session_id and why
    std::string abort{};                                            // the first non-empty one
    std::size_t reply_bytes = 0;                                    // of replies and failures
    std::size_t charged_bytes = 0;  // of the memory limit: the above, and room for the replies to come, for each waiter
    std::vector<std::pair<account*, std::size_t>>
        repliers{};  // named users other than the payer, and what of reply_bytes is theirs
    boost::intrusive::list<waiter, boost::intrusive::base_hook<slot_hook>> waiters{};
};

/// A slot that waits for a session's reply: where in the slot.
struct expected_reply {
    slot* to = nullptr;
    std::uint32_t responder = 0;
};

/// A question that a shadow was asked: what it replies is recorded, even when the wait is over.
struct shadow_question {
    protocol::uuid hook_event_id{};
    steady_time emitted{};
};

/// A push session. Owned by its client.
///
/// One that lagged stays where it is when its end has been told: what it was handed it still owes, and what it would
/// have been asked counts it as missing, until the client subscribes again, which goes on with the same object, or is
/// gone.
struct session {
    std::uint64_t id = 0;  // ascending, never another client's
    client* of = nullptr;
    std::shared_ptr<responder_record> record{};
    std::vector<std::string> patterns{};
    bool has_globs = false;
    std::size_t pattern_bytes = 0;  // topic_table's: of patterns that are compared with each new name
    bool responds = true;
    bool asked_only = false;
    bool insists = false;
    bool shadow = false;
    bool cancellations = false;
    bool verdicts = false;
    bool spans_cluster = false;  // of scope cluster
    std::int64_t order = 0;
    std::vector<protocol::payload_condition> where{};
    std::optional<protocol::close_reason> closing{};  // set: takes no more events; told once its queue is out
    bool told = false;                                // its end is told: it is only there for what it owes
    std::uint64_t last_seq = 0;                       // highest one handed to the connection, or where it began
    std::vector<expected_reply> expected_replies{};   // slots that wait for it
    std::list<shadow_question> shadow_questions{};    // oldest first

    [[nodiscard]] const std::string& name() const noexcept { return record->name; }
    [[nodiscard]] bool matches(glob_subject& event_name) const noexcept;
    /// Whether emitters wait for it.
    [[nodiscard]] bool decides() const noexcept { return responds && !shadow; }
};

/// A text that counts as bytes of events while it lives.
class charged_text {
public:
    charged_text(std::string text, event_ledger& ledger) : text_(std::move(text)), ledger_(ledger) {
        ledger_.live_bytes += text_.size();
    }
    charged_text(const charged_text&) = delete;
    charged_text& operator=(const charged_text&) = delete;
    ~charged_text() { ledger_.live_bytes -= text_.size(); }

    [[nodiscard]] std::string_view view() const noexcept { return text_; }

private:
    std::string text_;
    event_ledger& ledger_;
};

/// What a session is told besides its events: that a wait is over.
struct notice {
    std::uint64_t after = 0;  // how many events were queued for the client before it: they go first
    protocol::uuid hook_event_id{};
    protocol::refusal reason = protocol::refusal::none;  // of `cancelled`
    std::shared_ptr<const charged_text> verdict{};       // the notification `verdict`; null: this is `cancelled`
    std::uint64_t position = 0;                          // what it says is durable then
};

/// Who is at the other end.
struct peer {
    std::int64_t pid = 0;  ///< 0: the kernel gives none
    std::uint32_t uid = 0;
    bool is_named = false;  // by the configuration, and held to a share: neither the daemon's own user nor root
    std::string program{};  ///< its name, for those who read the journal; empty: unknown
};

/// Who pulls a client's output, and is told that there is some. Called on the broker's strand.
class event_sink {
public:
    virtual void on_ready() = 0;

protected:
    ~event_sink() = default;
};

/// A connection, or an embedder, as the broker sees it. Owned by broker; valid from attach() to detach().
struct client {
    std::uint64_t id = 0;
    peer who{};
    account* user = nullptr;
    event_sink* owner = nullptr;  // the caller's; handed back by take_next_ready()
    bool requests_stay =
        false;  // the caller's: what it sends stays at hand until the completions that it causes have been handed out
    frame_memory* reads_from =
        nullptr;  // the caller's: what its request lies in, while it is carried out; null: events take copies
    std::unique_ptr<session> push{};
    /// Events that wait for it, the first `peeked` of them in the hands of its connection.
    event_queue outbox{};
    std::size_t peeked = 0;
    std::uint64_t sent = 0;        // events that have left the outbox by its front
    std::list<notice> notices{};   // oldest first
    std::size_t waiting = 0;       // requests that wait, its reserved slots included
    std::size_t in_flight = 0;     // answers to its requests that are made asynchronously
    std::size_t held_answers = 0;  // that wait for the durable log
    bool awaits_commit = false;    // what is next for it is not durable yet
    bool ready = false;            // listed for take_next_ready()
    bool held_back = false;        // what is next for it is not handed out, since too much is handed out already
    bool must_read = false;        // it holds memory that others wait for: see broker::must_read()
    bool may_use_set_aside_names = false;  // the caller's: it is a hook that the daemon runs itself
    bool muted = false;        // nothing is handed out to it until it has been told that its session is open
    bool half_closed = false;  // it has shut its sending side down: it will never reply

    /// How many events had been queued for it when the next one that is to be handed out was.
    [[nodiscard]] std::uint64_t next_place() const noexcept { return sent + peeked; }
    boost::intrusive::list<waiter, boost::intrusive::base_hook<client_hook>> waiters{};
    boost::intrusive::list<slot, boost::intrusive::base_hook<owner_hook>> slots{};
};

/// What a client is called that has given no name: `pid 12`, or `peer 3`, its number, where there is no pid.
[[nodiscard]] inline std::string default_name(const client& who) {
    return who.who.pid > 0 ? "pid " + std::to_string(who.who.pid) : "peer " + std::to_string(who.id);
}

}  // namespace hookd::core
