// SPDX-License-Identifier: BSL-1.0
#include <hookd/hook_runner.hpp>

#include "answer_state.hpp"
#include "errors.hpp"
#include "hook_session.hpp"
#include "unix_socket.hpp"

namespace hookd {

// --- answer ---------------------------------------------------------------------------------------------------------

void answer::operator()(reply value) const {
    if (state_) {
        state_->put(std::move(value));
    }
}

void answer::state::put(reply value) {
    if (!used_.exchange(true)) {
        box_->put({which_, std::move(value), false});
    }
}

answer::state::~state() {
    if (used_.load()) {
        return;
    }
    try {
        box_->put({which_, failed("the hook ended without an answer"), true});
    } catch (const std::bad_alloc&) {
        // A destructor cannot say so; the emitter's time-out will.
    }
}

// --- hook_runner ----------------------------------------------------------------------------------------------------

class hook_runner::impl {
public:
    explicit impl(hook_runner_options given)
        : options(std::move(given)),
          address(detail::resolve_address(options.path, options.daemon_user)),
          position(options.resume_from) {}

    hook_runner_options options;
    detail::daemon_address address;
    detail::hook_table table;
    std::shared_ptr<detail::answer_box> answers = std::make_shared<detail::answer_box>();
    std::optional<resume_point> position;
};

hook_runner::hook_runner(hook_runner_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
hook_runner::~hook_runner() = default;

hook_runner& hook_runner::on(std::string pattern, hook handler) {
    impl_->table.hooks.push_back({std::move(pattern), std::move(handler)});
    return *this;
}

hook_runner& hook_runner::on(std::string pattern, later_hook handler) {
    impl_->table.hooks.push_back({std::move(pattern), std::move(handler)});
    return *this;
}

hook_runner& hook_runner::listen(std::string pattern, listener handler) {
    impl_->table.listeners.push_back({std::move(pattern), std::move(handler)});
    return *this;
}

hook_runner& hook_runner::on_cancelled(std::function<void(const ended_wait&)> handler) {
    impl_->table.on_cancelled = std::move(handler);
    return *this;
}

hook_runner& hook_runner::on_verdict(std::function<void(const verdict_notice&)> handler) {
    impl_->table.on_verdict = std::move(handler);
    return *this;
}

hook_runner& hook_runner::on_notice(std::function<void(const notice&)> handler) {
    impl_->table.on_notice = std::move(handler);
    return *this;
}

void hook_runner::run() {
    if (impl_->table.empty()) {
        throw detail::invalid_argument_error("hook_runner: register a hook or a listener before run()");
    }
    if (impl_->answers->take_stop()) {
        return;
    }
    detail::hook_session{impl_->options, impl_->address, impl_->table, impl_->answers, impl_->position}.run();
    impl_->answers->take_stop();
}

void hook_runner::stop() noexcept { impl_->answers->request_stop(); }

std::optional<resume_point> hook_runner::position() const { return impl_->position; }

}  // namespace hookd
