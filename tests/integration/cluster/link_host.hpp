// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/process.hpp"
#include "support/wire_client.hpp"

#include <boost/json/value.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hookd::test {

/// A hookd with one link program, as far as the link can tell: it speaks the private protocol on a socketpair, by hand.
///
/// All that waits throws after `patience`.
class link_host {
public:
    struct settings {
        std::string program{};
        std::string url{};
        std::string name{};
        std::string instance{"6d4c2a5e-0000-4000-8000-000000000001"};
        int lease_ms = 15'000;
    };

    /// Starts the link and says hello.
    explicit link_host(settings own);
    /// Fails the current test where a sanitizer has said something in the link.
    ~link_host();
    link_host(const link_host&) = delete;
    link_host& operator=(const link_host&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return own_.name; }
    [[nodiscard]] child_process& process() { return *process_; }

    void send(std::string_view method, std::string_view params) {
        channel_->notify("cluster." + std::string{method}, params);
    }
    /// The `params` of the next notification of that name. Others are kept for later; of `state` and `hosts`, of which
    /// each replaces the one before it, those that came earlier are dropped.
    boost::json::value next(std::string_view method);
    /// The next one for which `wanted` holds.
    boost::json::value next(std::string_view method, const std::function<bool(const boost::json::value&)>& wanted);
    wire_message next_message(
        std::string_view method, const std::function<bool(const wire_message&)>& wanted, deadline limit = deadline{});

    /// Waits for state "up"; its parameters.
    boost::json::value wait_until_up();
    boost::json::value wait_for_state(std::string_view state);
    /// Waits until `hosts` names that many.
    void wait_for_hosts(std::size_t count);

    /// A session that answers `pattern`; returns once it is ready.
    void add_hook(int number, std::string_view name, std::string_view pattern = "*");
    void add_listener(int number, std::string_view name, std::string_view pattern = "*");
    void ask(std::string_view id, std::string_view event, std::string_view payload = "{}", int timeout_ms = 30'000);
    /// The next `asked`: "host[responder,…] host[…]", sorted.
    std::string next_asked(std::string_view id);
    /// Answers a foreign event with one reply of `responder`.
    void answer(const boost::json::value& event, std::string_view responder, std::string_view response = "{}",
        bool decides = false);

    /// SIGKILL for the link, then a new one.
    void restart_link();
    /// Closes its end, as a hookd that ends; waits for the link's end. Its exit status.
    int end();

private:
    void start_link();
    void add_session(int number, std::string_view name, std::string_view pattern, bool responds);

    settings own_;
    std::unique_ptr<child_process> process_{};
    std::unique_ptr<wire_client> channel_{};
    std::deque<wire_message> kept_{};
};

}  // namespace hookd::test
