// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_service.hpp"

#include <hookd/protocol/message.hpp>

#include <memory>

namespace hookd::server::rpc {

/// The checks that a request needs and that take longer than a turn: they run on a thread of their own (check_threads).
///
/// Lifetime: when it goes, the checks are given up; what a thread has not begun keeps no text.
class schema_check {
public:
    schema_check(const schema_check&) = delete;
    schema_check& operator=(const schema_check&) = delete;
    ~schema_check();

    /// Checks what `call` of `client`, whose texts lie in `memory`, has to check, as long as a turn may take:
    /// broker.checked() has what was found. Where that is too short, the rest has begun when this returns, and keeps
    /// the memory; null: nothing is left.
    template <class Memory>
    [[nodiscard]] static std::unique_ptr<schema_check> begin(broker_service& broker, const core::client& client,
        const protocol::request& call, const std::shared_ptr<Memory>& memory) {
        return broker.events() == nullptr ? nullptr : begin_checks(broker, client, call, memory);
    }

    /// Whether it is over. Then broker.checked() has what was found.
    [[nodiscard]] bool is_over(broker_service& broker);

private:
    struct work;

    [[nodiscard]] static std::unique_ptr<schema_check> begin_checks(broker_service& broker, const core::client& client,
        const protocol::request& call, const std::shared_ptr<const char[]>& memory);
    explicit schema_check(std::shared_ptr<work> rest) : work_(std::move(rest)) {}

    std::shared_ptr<work> work_;
};

}  // namespace hookd::server::rpc
