// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/messages.hpp"
#include "core/operation_table.hpp"

#include <hookd/server/broker.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace hookd::cluster {

/// Runs the questions of other hosts as ordinary waits among the sessions and hooks of scope cluster here, at most
/// `most` at once.
///
/// Thread-safety: all on the broker's strand. Lifetime: shared, by its pending waits, too; the broker must outlive
/// them.
class foreign_questions : public std::enable_shared_from_this<foreign_questions> {
public:
    static constexpr std::size_t most = 512;

    /// Gets the frame that answers a question.
    using answer_handler = std::function<void(std::string frame)>;

    foreign_questions(server::broker& events, answer_handler answer) : events_(events), answer_(std::move(answer)) {}

    void ask(const event_message& question);
    /// The host that asked does not wait any longer.
    void cancel(const uuid& id);
    /// No answer is given any more, and the hooks that work on one are told.
    void forget_all();
    [[nodiscard]] std::uint64_t answered() const noexcept { return answered_; }

private:
    struct wait {
        std::string origin{};
        protocol::wait_policy policy = protocol::wait_policy::first;
        boost::asio::cancellation_signal cancel{};
    };

    void finish(const uuid& id, const boost::system::error_code& failure, protocol::wait_result result);
    void refuse(const event_message& question, const std::string& reason);

    server::broker& events_;
    answer_handler answer_;
    boost::unordered_flat_map<uuid, std::shared_ptr<wait>, core::uuid_hash> waits_{};
    std::uint64_t answered_ = 0;
};

}  // namespace hookd::cluster
