// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rpc/broker_service.hpp"

#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

namespace hookd::server::rpc::test {

/// Whether this thread is in the code under test, and not in that of the test.
inline thread_local bool is_in_session = false;

/// While it lives, this thread is in the code under test, or in that of the test.
class code_scope {
public:
    explicit code_scope(bool under_test) : before_(std::exchange(is_in_session, under_test)) {}
    ~code_scope() { is_in_session = before_; }
    code_scope(const code_scope&) = delete;
    code_scope& operator=(const code_scope&) = delete;

private:
    bool before_;
};

/// The broker's turns without a strand: work runs where it is submitted, and time passes when it is told to.
class memory_broker final : public broker_service {
public:
    using broker_service::broker_service;

    void submit(std::function<void()> work) override { work(); }

    /// Delivers what there is.
    void run_turn() {
        const code_scope scope{true};
        while (write_changes_and_has_output()) {
            state().advance_pending(now());
            while (state().has_completions()) {
                auto next = state().take_completion();
                next.waiter->done(std::move(next.result));
            }
            while (auto* const next = state().take_next_ready()) {
                next->on_ready();
            }
        }
        forget_time();
    }

    [[nodiscard]] bool write_changes_and_has_output() {
        state().write_changes();
        return state().has_output();
    }

    /// Ends the waits that end within `span`.
    void pass(std::chrono::minutes span) {
        const code_scope scope{true};
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
