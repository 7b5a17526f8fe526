// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "deadline.hpp"
#include "event.hpp"
#include "responder.hpp"
#include "waiter.hpp"

#include <hookd/protocol/methods.hpp>

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::core {

/// What a slot is opened for.
struct question {
    const protocol::event_fields& event;
    protocol::wait_policy policy = protocol::wait_policy::first;
    protocol::failure_policy on_failure = protocol::failure_policy::open;
    std::vector<std::string> require{};  ///< names of responders without which it does not proceed
    bool is_foreign = false;             ///< another host asks it: the verdict is that host's
};

/// What the verdict on a reserved event goes by besides the replies: what a catalog says of it.
struct reservation_terms {
    protocol::failure_policy on_failure = protocol::failure_policy::open;
    std::vector<std::string> require{};  ///< as in question
};

struct by_seq;
using parked_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_seq>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

struct by_change;
using pending_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<by_change>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The place where replies to one event are kept until a request has them. Owned by class waits, which alone changes
/// it: this is what others may know of it, and what it says of itself.
///
/// Thread-safety: none (broker's strand).
class slot final : public deadline, public parked_hook, public pending_hook {
public:
    slot(const question& question, instant now, connection_account& account, budgets& budgets);
    slot(const slot&) = delete;
    slot& operator=(const slot&) = delete;

    [[nodiscard]] const protocol::uuid& id() const noexcept { return id_; }
    [[nodiscard]] std::uint64_t seq() const noexcept { return seq_; }
    [[nodiscard]] const std::string& event_name() const noexcept { return event_name_; }
    [[nodiscard]] steady_time emitted() const noexcept { return emitted_; }
    [[nodiscard]] protocol::wait_policy policy() const noexcept { return policy_; }
    [[nodiscard]] bool has_required() const noexcept { return !require_.empty(); }
    /// It answers a question of another host.
    [[nodiscard]] bool is_foreign() const noexcept { return foreign_ != nullptr; }
    /// `emit` opened it: await_response asks for it, and it never gives up early.
    [[nodiscard]] bool is_reserved() const noexcept { return is_reserved_; }
    /// Its responders are asked one after the other.
    [[nodiscard]] bool is_chain() const noexcept { return chain_ != nullptr; }
    [[nodiscard]] bool has_responders() const noexcept { return !responders_.empty(); }
    [[nodiscard]] std::size_t responder_count() const noexcept { return responders_.size(); }
    /// Hosts that work on it are to be told when it is over.
    [[nodiscard]] bool asks_cluster() const noexcept { return asks_cluster_; }
    /// Its event waits for a first responder to subscribe; null: it does not.
    [[nodiscard]] const event::pointer& parked() const noexcept { return parked_; }
    /// It outlives the daemon, and so do the replies to it.
    [[nodiscard]] bool is_durable() const noexcept { return durable_ != nullptr; }
    /// is_durable(): at which what it was last told is durable.
    [[nodiscard]] std::uint64_t durable_position() const noexcept { return durable_->position; }
    /// is_durable(): the user who asked, or reserved.
    [[nodiscard]] std::uint32_t emitter_uid() const noexcept { return durable_->uid; }
    /// Its verdict has been told.
    [[nodiscard]] bool is_concluded() const noexcept { return is_concluded_; }
    /// Whether a session with conditions saw its event, and is to be told its verdict.
    [[nodiscard]] bool is_watched_by(std::uint64_t session_id) const noexcept;

    /// Of a chain: the event as it was emitted.
    [[nodiscard]] const event::pointer& chain_event() const noexcept { return chain_->published; }
    /// Of a chain: the payload that a reply has put in place of the event's; empty: none has.
    [[nodiscard]] const std::string& rewritten_payload() const noexcept { return chain_->payload; }
    /// Of a chain: the payload that the next one gets.
    [[nodiscard]] std::string_view payload_of_turn() const noexcept {
        return chain_->payload.empty() ? chain_->published->payload() : std::string_view{chain_->payload};
    }

    /// Bytes that must be free for `replies` replies to come to a slot that one request waits for.
    [[nodiscard]] static std::size_t room_for(std::size_t replies) noexcept;

private:
    friend class waits;

    struct chain {
        event::pointer published{};
        std::string payload{};
    };
    struct foreign_question {
        std::vector<std::string> passed{};  // responders whose conditions the payload does not meet
    };
    struct failure {
        std::uint64_t session_id = 0;
        std::string why{};
    };
    // What its record says that is kept nowhere else.
    struct durable_part {
        std::uint32_t uid = 0;  // of the user who is charged for it
        std::chrono::system_clock::time_point emitted_at{};
        std::uint32_t replies = 0;   // that have been written
        std::uint64_t position = 0;  // of what was written last
    };

    // --- responders (slot.cpp) ---

    // The one with that session, unless it has left; null.
    [[nodiscard]] responder* find_responder(std::uint64_t session_id) noexcept;
    // In a chain: the one whose turn it is; null while another is at work, or if all have had theirs.
    [[nodiscard]] responder* next_turn() noexcept;
    // The next one of that host and name that is waited for, `but` for those: sessions may share a name. Null: none.
    [[nodiscard]] responder* find_remote(
        std::string_view host, std::string_view name, const std::vector<const responder*>& but = {}) noexcept;
    [[nodiscard]] bool waits_for_host(std::string_view host) const noexcept;
    [[nodiscard]] bool has_spoken(std::string_view name) const noexcept;
    [[nodiscard]] bool waits_for_required() const noexcept;
    [[nodiscard]] bool has_replied(std::uint64_t client_id) const noexcept;
    // Whether `responder` puts a payload in place of the chain's.
    [[nodiscard]] bool is_rewritten_by(
        const responder* responder, const protocol::respond_params& reply) const noexcept {
        return chain_ && responder != nullptr && !reply.payload.empty() && reply.abort.raw.empty();
    }

    // --- replies and memory (slot_memory.cpp) ---

    // Whether a veto has ended the wait.
    [[nodiscard]] bool is_vetoed() const noexcept { return policy_ != protocol::wait_policy::all && !abort_.empty(); }
    // Room for one reply more: adding it does not fail.
    void make_room_for_reply();
    // The newest reply, if it refers to a request's bytes.
    void drop_borrowed_reply() noexcept;
    // Whether the first reply ends the wait.
    [[nodiscard]] bool decides_at_once() const noexcept {
        return policy_ == protocol::wait_policy::first && require_.empty();
    }
    [[nodiscard]] std::size_t replies_to_come() const noexcept;
    [[nodiscard]] std::size_t bytes_needed(std::size_t waiters) const noexcept;
    [[nodiscard]] std::size_t bytes_needed(
        std::size_t more_reply_bytes, std::size_t to_come, bool has_reason) const noexcept;
    // A copy less, or a reply less to come.
    void give_back_room() noexcept {
        if (const auto needed = bytes_needed(waiters_.size()); needed < memory_.bytes()) {
            memory_.resize(needed);
        }
    }
    // It is over: what remembers the result may need the room.
    void give_back_memory() noexcept;

    // --- the verdict (slot_verdict.cpp) ---

    // Takes the replies: the slot ends with this, or has none. Where it fails, it still has them.
    [[nodiscard]] protocol::wait_result describe(protocol::outcome outcome);
    // For a request whose time is over before the slot's, which keeps the replies.
    [[nodiscard]] protocol::wait_result describe_so_far();
    [[nodiscard]] std::shared_ptr<const protocol::wait_result::silent_responders> describe_silent() const;
    // With those that a chain passed over at their turns.
    [[nodiscard]] std::shared_ptr<const protocol::passed_over_hooks> describe_passed_over() const;
    [[nodiscard]] std::string why_missing(const responder& responder, protocol::outcome outcome) const;
    // All that are missing, and of those the ones without which the operation does not proceed.
    struct absence {
        std::vector<protocol::wait_result::absentee> all{};
        std::vector<protocol::wait_result::absentee> decisive{};
    };
    [[nodiscard]] absence find_absent(protocol::outcome outcome) const;
    [[nodiscard]] std::vector<protocol::wait_result::reply> take_replies();
    void count_failures(protocol::outcome outcome) const noexcept;

    protocol::uuid id_;
    std::uint64_t seq_;
    std::string event_name_;
    steady_time emitted_;
    protocol::wait_policy policy_;
    protocol::failure_policy on_failure_;
    bool is_reserved_ = false;
    bool is_concluded_ = false;
    bool asks_cluster_ = false;
    std::optional<protocol::outcome> kept_{};  // reserved, and its result is there before anybody asked
    std::vector<std::string> require_;
    user_account& user_;  // of who opened it: charged for it until it is over
    wait_permit permit_;
    reservation reservation_{};
    memory_charge memory_;  // kept replies, and the room for those to come, for each waiter
    held_event held_{};
    std::optional<protocol::uuid> operation_{};
    event::pointer parked_{};
    std::unique_ptr<chain> chain_{};
    std::unique_ptr<foreign_question> foreign_{};
    std::unique_ptr<durable_part> durable_{};
    std::shared_ptr<const protocol::passed_over_hooks> passed_over_{};
    std::vector<std::uint64_t> watchers_{};  // ids of the sessions with conditions that are to be told its verdict

    boost::container::small_vector<responder, 2> responders_{};  // ascending session_id
    std::size_t waiting_for_ = 0;                                // responders in state waiting
    std::vector<protocol::wait_result::reply> replies_{};
    boost::container::small_vector<std::int64_t, 2> reply_orders_{};  // of each reply
    std::vector<std::uint64_t> outsiders_{};                          // ids of clients that replied unasked
    std::vector<failure> failures_{};
    std::string abort_{};                      // the first non-empty one
    std::size_t reply_bytes_ = 0;              // of replies and failures
    std::vector<reply_charge> reply_users_{};  // named users other than the slot's, and what of reply_bytes_ is theirs
    waiter_queue waiters_{};
};

}  // namespace hookd::core
