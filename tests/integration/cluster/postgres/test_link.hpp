// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/deadline.hpp"
#include "support/process.hpp"
#include "support/wire_client.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hookd::test {

struct link_options {
    int lease_ms = 15'000;
    std::string instance{};  ///< empty: a new one
};

/// A `hookd-postgres --link` and the hookd at its other end, played by hand. What it sends is kept until it is asked
/// for, by method.
class test_link {
public:
    /// Says hello; does not wait for anything.
    test_link(const std::string& url, const std::string& host, link_options options = {});

    /// The next notification `cluster.METHOD` (of those with `"MEMBER": "VALUE"` where that is given).
    wire_message await(std::string_view method, deadline limit = deadline{});
    wire_message await(
        std::string_view method, std::string_view member, std::string_view value, deadline limit = deadline{});
    /// The state's report, once it is `state`; those before are dropped.
    wire_message await_state(std::string_view state, deadline limit = deadline{}) {
        return await("state", "state", state, limit);
    }
    /// Whether such a notification has come; reads what has arrived, without waiting.
    bool has(std::string_view method);

    void send(std::string_view method, const std::string& params) {
        hookd_.notify(std::string{"cluster."} + std::string{method}, params);
    }
    /// Makes a session visible and waits until it is.
    void add_session(int number, const std::string& name, const std::string& event, bool responds = true);
    void send_session(int number, const std::string& name, const std::string& event, bool responds = true);
    /// Both return the hook_event_id.
    std::string ask(const std::string& event, const std::string& payload = "{}", int timeout_ms = 20'000,
        const std::string& policy = "veto");
    std::string tell(int request, const std::string& event, const std::string& payload = "{}");
    void reply(
        const std::string& origin, const std::string& id, const std::string& result = "{}", bool decides = false);
    void close(const std::string& id);

    [[nodiscard]] child_process& process() noexcept { return *process_; }
    [[nodiscard]] const std::string& instance() const noexcept { return instance_; }
    /// hookd ends.
    void hang_up() { hookd_.close(); }

private:
    wire_message take_first(
        const std::string& what, const std::function<bool(const wire_message&)>& wanted, deadline limit);

    std::string instance_;
    wire_client hookd_;
    std::unique_ptr<child_process> process_;
    std::deque<wire_message> kept_{};
};

/// A UUID that no other call returns.
[[nodiscard]] std::string new_id();

}  // namespace hookd::test
