// SPDX-License-Identifier: BSL-1.0
#include "link_host.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

namespace hookd::test {
namespace {

std::string quoted(std::string_view text) { return json_string(text); }

}  // namespace

link_host::link_host(settings own) : own_(std::move(own)) { start_link(); }

link_host::~link_host() {
    const std::string said = process_->err();
    for (const char* mark :
        {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:"}) {
        if (said.find(mark) != std::string::npos) {
            BOOST_ERROR("a sanitizer has found a fault in the link of " + own_.name + ":\n" + said);
        }
    }
}

void link_host::start_link() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    file_descriptor ours{ends[0]};
    const file_descriptor theirs{ends[1]};
    spawn_options options;
    options.listen_fds = {theirs.get()};
    process_ = std::make_unique<child_process>(std::vector<std::string>{own_.program, "--link"}, options);
    channel_ = std::make_unique<wire_client>(std::move(ours), framing::length);
    kept_.clear();
    send("hello", R"({"protocol":1,"url":)" + quoted(own_.url) + R"(,"host":)" + quoted(own_.name) + R"(,"instance":)" +
                      quoted(own_.instance) + R"(,"lease_ms":)" + std::to_string(own_.lease_ms) + "}");
}

wire_message link_host::next_message(
    std::string_view method, const std::function<bool(const wire_message&)>& wanted, deadline limit) {
    const std::string name = "cluster." + std::string{method};
    const bool replaces = method == "state" || method == "hosts";
    for (std::size_t at = 0;; ++at) {
        if (at == kept_.size()) {
            kept_.push_back(channel_->next_notification(limit));
        }
        if (kept_[at].method() == name && wanted(kept_[at])) {
            wire_message found = std::move(kept_[at]);
            const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(at);
            const auto old = replaces ? std::remove_if(kept_.begin(), end,
                                            [&name](const wire_message& each) { return each.method() == name; })
                                      : end;
            kept_.erase(old, end + 1);
            return found;
        }
    }
}

boost::json::value link_host::next(
    std::string_view method, const std::function<bool(const boost::json::value&)>& wanted) {
    return next_message(method, [&wanted](const wire_message& got) { return wanted(got.at("/params")); }).at("/params");
}

boost::json::value link_host::next(std::string_view method) {
    return next(method, [](const boost::json::value&) { return true; });
}

boost::json::value link_host::wait_for_state(std::string_view state) {
    return next("state", [state](const boost::json::value& params) { return text_at(params, "/state") == state; });
}

boost::json::value link_host::wait_until_up() { return wait_for_state("up"); }

void link_host::wait_for_hosts(std::size_t count) {
    next("hosts", [count](const boost::json::value& params) { return size_at(params, "/hosts") == count; });
}

void link_host::add_session(int number, std::string_view name, std::string_view pattern, bool responds) {
    send("session", R"({"session":)" + std::to_string(number) + R"(,"name":)" + quoted(name) +
                        R"(,"uid":0,"responds":)" + (responds ? "true" : "false") + R"(,"events":[)" + quoted(pattern) +
                        R"(],"on_failure":"open","order":0,"kind":"session"})");
    next("session_ready", [number](const boost::json::value& params) { return int_at(params, "/session") == number; });
}

void link_host::add_hook(int number, std::string_view name, std::string_view pattern) {
    add_session(number, name, pattern, true);
}

void link_host::add_listener(int number, std::string_view name, std::string_view pattern) {
    add_session(number, name, pattern, false);
}

void link_host::ask(std::string_view id, std::string_view event, std::string_view payload, int timeout_ms) {
    send("ask", R"({"hook_event_id":)" + quoted(id) + R"(,"event":)" + quoted(event) + R"(,"payload":)" +
                    std::string{payload} + R"(,"timeout_ms":)" + std::to_string(timeout_ms) +
                    R"(,"policy":"veto","emitted_at":1764498000000})");
}

std::string link_host::next_asked(std::string_view id) {
    const auto params =
        next("asked", [id](const boost::json::value& got) { return text_at(got, "/hook_event_id") == id; });
    std::vector<std::string> hosts;
    for (const auto& host : value_at(params, "/hosts").as_array()) {
        std::string text = text_at(host, "/host") + "[";
        for (const auto& each : value_at(host, "/responders").as_array()) {
            text += (text.ends_with('[') ? "" : ",") + text_at(each, "/name");
        }
        hosts.push_back(text + "]");
    }
    std::sort(hosts.begin(), hosts.end());
    std::string joined;
    for (const std::string& each : hosts) {
        joined += (joined.empty() ? "" : " ") + each;
    }
    return joined;
}

void link_host::answer(
    const boost::json::value& event, std::string_view responder, std::string_view response, bool decides) {
    send("reply", R"({"origin":)" + quoted(text_at(event, "/host")) + R"(,"hook_event_id":)" +
                      quoted(text_at(event, "/hook_event_id")) + R"(,"result":{"replies":[{"response":)" +
                      std::string{response} + R"(,"responder":)" + quoted(responder) +
                      R"(,"uid":0,"elapsed_ns":1}],"missing":[],"abstained":[],"passed":[]},"decides":)" +
                      (decides ? "true" : "false") + "}");
}

void link_host::restart_link() {
    process_->signal(SIGKILL);
    process_->wait();
    start_link();
}

int link_host::end() {
    channel_->close();
    return process_->wait();
}

}  // namespace hookd::test
