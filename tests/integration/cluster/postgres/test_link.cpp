// SPDX-License-Identifier: BSL-1.0
#include "test_link.hpp"

#include "postgres_engine.hpp"
#include "support/raw_json.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <utility>

namespace hookd::test {
namespace {

std::pair<file_descriptor, file_descriptor> make_socket_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::runtime_error("socketpair failed");
    }
    return {file_descriptor{ends[0]}, file_descriptor{ends[1]}};
}

std::unique_ptr<child_process> start(const file_descriptor& other_end) {
    spawn_options options;
    options.listen_fds = {other_end.get()};
    return std::make_unique<child_process>(std::vector<std::string>{hookd_postgres_binary(), "--link"}, options);
}

constexpr const char* emitted_at = R"("2026-11-30T10:00:00.000000000Z")";

}  // namespace

std::string new_id() {
    static const unsigned run = std::random_device{}();
    static unsigned long count = 0;
    char text[40];
    std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012lx", run, ++count);
    return text;
}

test_link::test_link(const std::string& url, const std::string& host, link_options options)
    : instance_(options.instance.empty() ? new_id() : options.instance), hookd_(file_descriptor{}) {
    auto [ours, theirs] = make_socket_pair();
    process_ = start(theirs);
    hookd_ = wire_client{std::move(ours)};
    send("hello", R"({"protocol":1,"url":)" + json_string(url) + R"(,"host":)" + json_string(host) +
                      R"(,"instance":")" + instance_ + R"(","lease_ms":)" + std::to_string(options.lease_ms) + "}");
}

wire_message test_link::take_first(
    const std::string& what, const std::function<bool(const wire_message&)>& wanted, deadline limit) {
    for (;;) {
        const auto found = std::find_if(kept_.begin(), kept_.end(), wanted);
        if (found != kept_.end()) {
            auto message = std::move(*found);
            kept_.erase(found);
            return message;
        }
        try {
            kept_.push_back(hookd_.next_notification(limit));
        } catch (const std::runtime_error& failure) {
            std::string kept;
            for (const auto& each : kept_) {
                kept += "\n  " + each.text.substr(0, 300);
            }
            throw std::runtime_error(
                "no " + what + ": " + failure.what() + "; kept:" + kept + "\nits stderr: " + process_->err());
        }
    }
}

wire_message test_link::await(std::string_view method, deadline limit) {
    const auto name = "cluster." + std::string{method};
    return take_first(
        name, [&name](const wire_message& each) { return each.method() == name; }, limit);
}

wire_message test_link::await(
    std::string_view method, std::string_view member, std::string_view value, deadline limit) {
    const auto name = "cluster." + std::string{method};
    const auto pointer = "/params/" + std::string{member};
    auto found = take_first(
        name + " with " + std::string{value},
        [&](const wire_message& each) {
            return each.method() == name && each.has({"params", member}) && each.string(pointer) == value;
        },
        limit);
    if (method == "state") {
        kept_.erase(std::remove_if(kept_.begin(), kept_.end(),
                        [&name](const wire_message& each) { return each.method() == name; }),
            kept_.end());
    }
    return found;
}

bool test_link::has(std::string_view method) {
    while (hookd_.has_message()) {
        kept_.push_back(hookd_.next_notification());
    }
    const auto name = "cluster." + std::string{method};
    return std::any_of(kept_.begin(), kept_.end(), [&name](const wire_message& each) { return each.method() == name; });
}

void test_link::send_session(int number, const std::string& name, const std::string& event, bool responds) {
    send("session", R"({"session":)" + std::to_string(number) + R"(,"name":)" + json_string(name) +
                        R"(,"uid":1000,"kind":"session","responds":)" + (responds ? "true" : "false") +
                        R"(,"events":[)" + json_string(event) + R"(],"on_failure":"closed","order":7})");
}

void test_link::add_session(int number, const std::string& name, const std::string& event, bool responds) {
    send_session(number, name, event, responds);
    while (await("session_ready").integer("/params/session") != number) {
    }
}

std::string test_link::ask(
    const std::string& event, const std::string& payload, int timeout_ms, const std::string& policy) {
    const auto id = new_id();
    send("ask", R"({"hook_event_id":")" + id + R"(","event":)" + json_string(event) + R"(,"payload":)" + payload +
                    R"(,"timeout_ms":)" + std::to_string(timeout_ms) + R"(,"policy":)" + json_string(policy) +
                    R"(,"emitted_at":)" + emitted_at + "}");
    return id;
}

std::string test_link::tell(int request, const std::string& event, const std::string& payload) {
    const auto id = new_id();
    send("tell", R"({"request":)" + std::to_string(request) + R"(,"hook_event_id":")" + id + R"(","event":)" +
                     json_string(event) + R"(,"payload":)" + payload + R"(,"cause":["made@a"],"emitted_at":)" +
                     emitted_at + "}");
    return id;
}

void test_link::reply(const std::string& origin, const std::string& id, const std::string& result, bool decides) {
    send("reply", R"({"origin":)" + json_string(origin) + R"(,"hook_event_id":")" + id + R"(","result":)" + result +
                      R"(,"decides":)" + (decides ? "true" : "false") + "}");
}

void test_link::close(const std::string& id) { send("close", R"({"hook_event_id":")" + id + R"("})"); }

}  // namespace hookd::test
