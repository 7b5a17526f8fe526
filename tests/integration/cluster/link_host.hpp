// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/deadline.hpp"
#include "support/process.hpp"
#include "support/wire_client.hpp"

#include <boost/json/value.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace hookd::test {

struct link_options {
    int lease_ms = 15'000;
    std::string instance{};  ///< empty: a new one
    spawn_options start{};   ///< how the link program is started
};

/// The directory of the programs under test with `name` behind it.
[[nodiscard]] std::string link_program(const std::string& name);

/// Runs `PROGRAM OPTION FILE`, a link program with a file that has `url` in it, to its end.
[[nodiscard]] finished_process run_link_program(
    const std::string& name, const std::string& option, const std::string& url);

/// A link program (`PROGRAM --link`) and the hookd at its other end, played by hand. What the link sends is kept until
/// it is asked for, by method; of `state` and `hosts`, of which each replaces the one before it, those that came
/// earlier are dropped then.
///
/// All that waits throws after a while, with what was kept and what the link has said on stderr.
class link_host {
public:
    /// Says hello; does not wait for anything.
    link_host(std::string program, std::string url, std::string name, link_options options = {});

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& instance() const noexcept { return options_.instance; }
    [[nodiscard]] child_process& process() noexcept { return *process_; }

    void send(std::string_view method, std::string_view params) {
        hookd_->notify("cluster." + std::string{method}, params);
    }

    /// The next notification `cluster.METHOD` for which `wanted` holds.
    wire_message await(
        std::string_view method, const std::function<bool(const wire_message&)>& wanted, deadline limit = deadline{});
    wire_message await(std::string_view method, deadline limit = deadline{});
    /// The next one with `"MEMBER": "VALUE"`.
    wire_message await(
        std::string_view method, std::string_view member, std::string_view value, deadline limit = deadline{});
    wire_message await_state(std::string_view state, deadline limit = deadline{}) {
        return await("state", "state", state, limit);
    }
    wire_message await_up() { return await_state("up"); }
    /// Waits until `hosts` names that many.
    void await_hosts(std::size_t count);
    /// Whether such a notification has come; reads what has arrived, without waiting.
    bool has(std::string_view method);

    /// The params of the next one as a document.
    boost::json::value next(std::string_view method) { return await(method).at("/params"); }
    /// Of the one about that event.
    boost::json::value next_about(std::string_view method, std::string_view id) {
        return await(method, "hook_event_id", id).at("/params");
    }
    /// The next `asked` of that question: "host[responder,…] host[…]", sorted.
    std::string next_asked(std::string_view id);

    /// Makes a session visible and waits until it is.
    void add_session(int number, const std::string& name, const std::string& event = "*", bool responds = true);
    void send_session(int number, const std::string& name, const std::string& event, bool responds = true);
    /// Both return the hook_event_id.
    std::string ask(const std::string& event, const std::string& payload = "{}", int timeout_ms = 20'000,
        const std::string& policy = "veto");
    std::string tell(int request, const std::string& event, const std::string& payload = "{}");
    void reply(
        const std::string& origin, const std::string& id, const std::string& result = "{}", bool decides = false);
    /// Answers an event that has been delivered here, with one reply of `responder`.
    void answer(const boost::json::value& event, std::string_view responder, std::string_view response = "{}",
        bool decides = false);
    void close(const std::string& id);

    /// SIGKILL for the link, then a new one of the same hookd.
    void restart_link();
    /// hookd ends.
    void hang_up() { hookd_->close(); }
    /// The same, and waits for the link's end. Its exit status.
    int end();

private:
    void start_link();
    void receive_more(std::string_view awaited, deadline limit);
    void ping_until_there_is_more(deadline limit);
    void keep(wire_message arrived);

    std::string program_;
    std::string url_;
    std::string name_;
    link_options options_;
    std::unique_ptr<wire_client> hookd_{};
    std::unique_ptr<child_process> process_{};
    std::map<std::string, std::deque<wire_message>> kept_{};  // by method
};

/// Has `hook` subscribe `count` times, fifty at a time, and `asker` ask as soon as each is answered. How many of these
/// questions named the hook that had just subscribed, and were answered by it.
[[nodiscard]] int asks_right_after_subscribes(link_host& asker, link_host& hook, int count);

/// A UUID that no other call returns.
[[nodiscard]] std::string new_id();

}  // namespace hookd::test
