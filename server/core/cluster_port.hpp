// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The broker's side of a cluster.
///
/// To the broker the cluster is one responder that delegates: a question of scope cluster waits for a responder called
/// `cluster`, in whose place come those that the cluster names (broker::delegate), and each host settles its own
/// (broker::record_remote_answer). So policies stay in one place.
///
///     emit_and_wait --ask()--> `cluster` waits --delegate()--> `host/name` wait --record_remote_answer()--> replied,
///     abstained, passed, missing
///                                   |                              |\--host_left()--> left
///                                   \------ fail_delegation() -----/--> failed, and `cluster` is missing
///     ... and close() once the slot is over, whichever way
namespace hookd::core {

class session;

/// An event of scope cluster as the cluster gets it. Valid during the call.
struct cluster_event {
    protocol::uuid id{};
    std::string_view name{};
    std::string_view payload{};
    std::string_view cause{};
    std::chrono::system_clock::time_point emitted_at{};
    std::chrono::milliseconds timeout{};  ///< of a question
    protocol::wait_policy policy =
        protocol::wait_policy::first;  ///< of a question: how another host ends its own wait; never chain
};

/// A responder on another host that has to answer a question.
struct remote_responder {
    std::string host{};
    std::string name{};
    bool insists = false;
    std::int64_t order = 0;
};

/// What another host's own wait for a question came to.
struct remote_answer {
    std::vector<protocol::wait_result::reply> replies{};
    std::vector<protocol::wait_result::absentee> missing{};
    protocol::wait_result::silent_responders silent{};
    std::string failed{};  ///< why there was no wait; empty: there was
};

/// A cluster as the broker sees it. Called on the broker's strand; no call may lead back into the broker before it has
/// returned.
class cluster_port {
public:
    /// Why no cluster takes events of that name; nothing where one does.
    [[nodiscard]] virtual std::optional<std::string> refuse(std::string_view event) const = 0;

    /// Asks the other hosts. broker::delegate() or fail_delegation() follows. Why it cannot, where it cannot:
    /// then neither does.
    [[nodiscard]] virtual std::optional<std::string> ask(const cluster_event& question) = 0;
    /// The wait for that question is over.
    virtual void close(const protocol::uuid& id) = 0;
    /// Tells the other hosts of an event; `handler` is called once, later, with why that failed, or nothing.
    using told_handler = std::function<void(std::optional<std::string> failure)>;
    virtual void tell(const cluster_event& event, told_handler handler) = 0;

    /// A session of scope cluster is there, or what it says of itself has changed.
    virtual void announce(const session& session) = 0;
    /// It is not there any more.
    virtual void withdraw(std::uint64_t session_id) = 0;
    /// Whether an event that is fired on any host from now on finds that session, or nothing can be done about it: the
    /// link is down.
    [[nodiscard]] virtual bool is_known(std::uint64_t session_id) const = 0;
    /// Calls `handler` once that is so, or the session is gone. Only where it is not so yet.
    virtual void when_known(std::uint64_t session_id, std::function<void()> handler) = 0;

    virtual void add_hosts(protocol::cluster_hosts_result& out) const = 0;
    /// The figures of `ping` and `stats`.
    virtual void add_links(std::vector<protocol::stats_result::cluster_link>& out) const = 0;
    /// The responders on other hosts that a question of that name would be asked.
    virtual void add_responders(std::string_view event, protocol::who_result& out) const = 0;

protected:
    ~cluster_port() = default;
};

}  // namespace hookd::core
