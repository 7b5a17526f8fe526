#pragma once

#include "event_queue.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The state of the broker, as plain structs that broker_state's functions work on. Nothing here has behaviour that spans two of
/// them; who owns what is said at each.
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
    enum class kind : std::uint8_t { slot, waiter };
    explicit deadline(kind what) noexcept : type(what) {}

    steady_time when{};
    kind type;

    friend bool operator<(const deadline& a, const deadline& b) noexcept { return a.when < b.when; }
};

struct by_slot;
struct by_client;
struct by_owner;
struct by_seq;
using slot_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_slot>>;
using client_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_client>>;
using owner_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_owner>>;
using unclaimed_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_seq>>;

/// A request that waits for a verdict. The caller derives from it what it needs to answer; it makes the waiter and gets it back, exactly
/// once, in a completion.
struct waiter : deadline, slot_hook, client_hook {
    waiter() noexcept : deadline(kind::waiter) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    virtual ~waiter() = default;

    /// Bytes that the caller keeps for it beyond a small constant; charged to the memory limit.
    std::size_t footprint_bytes = 0;

    // Set by broker_state.
    slot* waits_on = nullptr;
    client* asked_by = nullptr;
    bool extra = false;  // waits on a slot that somebody else, or `emit`, opened
};

/// How a waiter's wait ended. What it passes on lies in the request that ended it: it is to be written, or kept, while that is at hand.
struct completion {
    waiter* who = nullptr;
    std::variant<protocol::wait_result, protocol::error> result{};
};

/// One responder that a slot waits or waited for.
struct responder {
    enum class state : std::uint8_t { waiting, replied, abstained, failed, left };

    std::uint64_t session_id = 0;
    session* from = nullptr;  // only while waiting
    std::shared_ptr<const std::string> name{};
    std::uint32_t debt = 0;   // index in from->debts
    state is = state::waiting;
};

/// The place where replies to one event are kept until somebody has them. Owned by broker_state.
struct slot : deadline, owner_hook, unclaimed_hook {
    slot() noexcept : deadline(kind::slot) {}

    protocol::uuid id{};
    std::uint64_t seq = 0;
    std::string event_name{};
    steady_time emitted{};
    protocol::wait_policy policy = protocol::wait_policy::first;
    protocol::failure_policy on_failure = protocol::failure_policy::open;
    bool reserved = false;                // by emit: await_response asks for it, and it never gives up early
    std::optional<protocol::outcome> kept{};  // reserved, and its result is there before anybody asked
    client* owner = nullptr;              // charged for it; null once that is gone
    std::optional<protocol::uuid> operation{};
    event::pointer unclaimed{};           // waits for a first responder to subscribe

    boost::container::small_vector<responder, 2> responders{};  // ascending session_id
    std::size_t waiting_for = 0;          // responders in state waiting
    std::vector<protocol::wait_result::reply> replies{};
    std::vector<std::uint64_t> outsiders{};  // ids of clients that replied without being waited for
    std::vector<std::pair<std::uint64_t, std::string>> failures{};  // session_id and why
    std::string abort{};                  // the first non-empty one
    std::size_t reply_bytes = 0;          // of replies and failures
    std::size_t charged_bytes = 0;        // of the memory limit: the above for each waiter
    boost::intrusive::list<waiter, boost::intrusive::base_hook<slot_hook>> waiters{};
};

/// A slot that waits for a session's reply: where in the slot.
struct debt {
    slot* to = nullptr;
    std::uint32_t responder = 0;
};

/// A push session. Owned by its client.
struct session {
    std::uint64_t id = 0;  // ascending, never used twice
    client* of = nullptr;
    std::shared_ptr<const std::string> name{};
    std::vector<std::string> patterns{};
    bool has_globs = false;
    bool responds = true;
    std::optional<protocol::close_reason> closing{};  // set: takes no more events; told once its queue is out
    std::uint64_t last_seq = 0;  // highest one handed to the connection, or where it began
    std::vector<debt> debts{};   // slots that wait for it

    [[nodiscard]] bool matches(std::string_view event_name) const noexcept;
};

/// Who is at the other end.
struct peer {
    std::int64_t pid = 0;  ///< 0: the kernel gives none
    std::uint32_t uid = 0;
};

/// A connection, or an embedder, as the broker sees it. Owned by broker_state; valid from attach() to detach().
struct client {
    std::uint64_t id = 0;
    peer who{};
    void* owner = nullptr;  // the caller's; handed back by take_next_ready()
    bool requests_stay = false;  // the caller's: what it sends stays at hand until the completions that it causes have been handed out
    frame_memory* reads_from = nullptr;  // the caller's: what its request lies in, while it is carried out; null: events take copies
    std::unique_ptr<session> push{};
    /// Events that wait for it, the first `handed_out` of them in the hands of its connection.
    event_queue outbox{};
    std::size_t handed_out = 0;
    std::size_t waiting = 0;  // requests that wait, its reserved slots included
    std::size_t owed = 0;     // answers to its requests that are made elsewhere
    bool ready = false;    // listed for take_next_ready()
    bool may_use_set_aside_names = false;  // the caller's: it is a hook that the daemon runs itself
    bool hung_up = false;  // it has shut its sending side down: it will never reply
    boost::intrusive::list<waiter, boost::intrusive::base_hook<client_hook>> waiters{};
    boost::intrusive::list<slot, boost::intrusive::base_hook<owner_hook>> slots{};
};

/// What a client is called that has given no name: `pid 12`, or `peer 3`, its number, where there is no pid.
[[nodiscard]] inline std::string default_name(const client& who) {
    return who.who.pid > 0 ? "pid " + std::to_string(who.who.pid) : "peer " + std::to_string(who.id);
}

}  // namespace hookd::core
