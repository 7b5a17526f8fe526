// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rpc/broker_service.hpp"

#include <hookd/server/log.hpp>

#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

namespace hookd::server::rpc::test {

class silent_logger final : public logger {
public:
    [[nodiscard]] bool wants(log_level) const noexcept override { return false; }
    void write(log_level, std::string_view) noexcept override {}
};

/// The broker's turns without a strand: work runs where it is submitted, and time passes when it is told to.
class memory_broker final : public broker_service {
public:
    using broker_service::broker_service;

    void submit(std::function<void()> work) override { work(); }

    /// Delivers what there is.
    void run_turn() {
        while (state().has_output()) {
            for (auto& each : state().take_completions()) {
                static_cast<wait_operation*>(each.who)->done(std::move(each.result));
            }
            while (auto* const next = state().take_next_ready()) {
                next->on_ready();
            }
        }
        forget_time();
    }

    /// Ends the waits that end within `span`.
    void pass(std::chrono::minutes span) {
        auto later = now();
        later.steady += span;
        later.wall += span;
        while (state().next_deadline() && *state().next_deadline() <= later.steady) {
            state().expire(later);
        }
        run_turn();
    }
};

}  // namespace hookd::server::rpc::test
