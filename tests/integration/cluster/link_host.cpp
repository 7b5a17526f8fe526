// SPDX-License-Identifier: BSL-1.0
#include "link_host.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <base/posix/unique_fd.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace hookd::test {
namespace {

constexpr std::string_view emitted_at = R"("2026-11-30T10:00:00.000000000Z")";

std::string result_with(std::string_view responder, std::string_view response) {
    return R"({"replies":[{"response":)" + std::string{response} + R"(,"responder":)" + json_string(responder) +
           R"(,"uid":0,"elapsed_ns":1}],"missing":[],"abstained":[],"passed":[]})";
}

std::string sorted_and_joined(std::vector<std::string> texts, const char* between) {
    std::sort(texts.begin(), texts.end());
    std::string joined;
    for (const std::string& each : texts) {
        joined += (joined.empty() ? "" : between) + each;
    }
    return joined;
}

}  // namespace

std::string link_program(const std::string& name) { return std::filesystem::path{hookd_binary()}.parent_path() / name; }

finished_process run_link_program(const std::string& name, const std::string& option, const std::string& url) {
    const temp_directory directory;
    return run_program(
        {link_program(name), option, write_secret(directory / "url", url + "\n# the cluster of a test\n")});
}

std::string new_id() {
    static const unsigned run = std::random_device{}();
    static unsigned long count = 0;
    char text[40];
    std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012lx", run, ++count);
    return text;
}

link_host::link_host(std::string program, std::string url, std::string name, link_options options)
    : program_(std::move(program)), url_(std::move(url)), name_(std::move(name)), options_(std::move(options)) {
    if (options_.instance.empty()) {
        options_.instance = new_id();
    }
    start_link();
}

void link_host::start_link() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    base::unique_fd ours{ends[0]};
    const base::unique_fd theirs{ends[1]};
    auto start = options_.start;
    start.listen_fds = {theirs.get()};
    process_ = std::make_unique<child_process>(std::vector<std::string>{program_, "--link"}, start);
    hookd_ = std::make_unique<wire_client>(std::move(ours));
    kept_.clear();
    send("hello", R"({"protocol":1,"url":)" + json_string(url_) + R"(,"host":)" + json_string(name_) +
                      R"(,"instance":")" + options_.instance + R"(","lease_ms":)" + std::to_string(options_.lease_ms) +
                      "}");
}

wire_message link_host::await(
    std::string_view method, const std::function<bool(const wire_message&)>& wanted, deadline limit) {
    auto& kept = kept_["cluster." + std::string{method}];
    for (std::size_t at = 0;; ++at) {
        while (at == kept.size()) {
            receive_more(method, limit);
        }
        if (wanted(kept[at])) {
            auto found = std::move(kept[at]);
            const bool replaces = method == "state" || method == "hosts";
            const auto here = kept.begin() + static_cast<std::ptrdiff_t>(at);
            kept.erase(replaces ? kept.begin() : here, here + 1);
            return found;
        }
    }
}

void link_host::receive_more(std::string_view awaited, deadline limit) {
    try {
        ping_until_there_is_more(limit);
        keep(hookd_->next_notification(limit));
    } catch (const std::runtime_error& failure) {
        std::string kept;
        for (const auto& [method, messages] : kept_) {
            for (const auto& each : messages) {
                kept += "\n  " + each.text.substr(0, 300);
            }
        }
        throw std::runtime_error(name_ + " got no such cluster." + std::string{awaited} + ": " + failure.what() +
                                 "; kept:" + kept + "\nits stderr: " + process_->err());
    }
}

void link_host::keep(wire_message arrived) { kept_[arrived.method()].push_back(std::move(arrived)); }

// As hookd does, so that the link knows that it lives.
void link_host::ping_until_there_is_more(deadline limit) {
    constexpr int between_pings = 1'000;
    pollfd polled{hookd_->native_handle(), POLLIN, 0};
    while (!hookd_->has_message() && ::poll(&polled, 1, between_pings) == 0 && !limit.passed()) {
        send("ping", "{}");
    }
}

wire_message link_host::await(std::string_view method, deadline limit) {
    return await(
        method, [](const wire_message&) { return true; }, limit);
}

wire_message link_host::await(
    std::string_view method, std::string_view member, std::string_view value, deadline limit) {
    const auto pointer = "/params/" + std::string{member};
    return await(
        method,
        [&](const wire_message& each) {
            return each.has({"params", member}) && each.string(pointer) == value;
        },
        limit);
}

void link_host::await_hosts(std::size_t count) {
    await("hosts", [count](const wire_message& each) { return size_at(each.json(), "/params/hosts") == count; });
}

bool link_host::has(std::string_view method) {
    while (hookd_->has_message()) {
        keep(hookd_->next_notification());
    }
    return !kept_["cluster." + std::string{method}].empty();
}

std::string link_host::next_asked(std::string_view id) {
    const auto params = next_about("asked", id);
    std::vector<std::string> hosts;
    for (const auto& host : value_at(params, "/hosts").as_array()) {
        std::vector<std::string> names;
        for (const auto& each : value_at(host, "/responders").as_array()) {
            names.push_back(text_at(each, "/name"));
        }
        hosts.push_back(text_at(host, "/host") + "[" + sorted_and_joined(std::move(names), ",") + "]");
    }
    return sorted_and_joined(std::move(hosts), " ");
}

void link_host::send_session(int number, const std::string& name, const std::string& event, bool responds) {
    send("session", R"({"session":)" + std::to_string(number) + R"(,"name":)" + json_string(name) +
                        R"(,"uid":1000,"kind":"session","responds":)" + (responds ? "true" : "false") +
                        R"(,"events":[)" + json_string(event) + R"(],"on_failure":"closed","order":7})");
}

void link_host::add_session(int number, const std::string& name, const std::string& event, bool responds) {
    send_session(number, name, event, responds);
    await("session_ready", [number](const wire_message& each) { return each.integer("/params/session") == number; });
}

std::string link_host::ask(
    const std::string& event, const std::string& payload, int timeout_ms, const std::string& policy) {
    const auto id = new_id();
    send("ask", R"({"hook_event_id":")" + id + R"(","event":)" + json_string(event) + R"(,"payload":)" + payload +
                    R"(,"timeout_ms":)" + std::to_string(timeout_ms) + R"(,"policy":)" + json_string(policy) +
                    R"(,"emitted_at":)" + std::string{emitted_at} + "}");
    return id;
}

std::string link_host::tell(int request, const std::string& event, const std::string& payload) {
    const auto id = new_id();
    send("tell", R"({"request":)" + std::to_string(request) + R"(,"hook_event_id":")" + id + R"(","event":)" +
                     json_string(event) + R"(,"payload":)" + payload + R"(,"cause":["made@a"],"emitted_at":)" +
                     std::string{emitted_at} + "}");
    return id;
}

void link_host::reply(const std::string& origin, const std::string& id, const std::string& result, bool decides) {
    send("reply", R"({"origin":)" + json_string(origin) + R"(,"hook_event_id":")" + id + R"(","result":)" + result +
                      R"(,"decides":)" + (decides ? "true" : "false") + "}");
}

void link_host::answer(
    const boost::json::value& event, std::string_view responder, std::string_view response, bool decides) {
    reply(text_at(event, "/host"), text_at(event, "/hook_event_id"), result_with(responder, response), decides);
}

void link_host::close(const std::string& id) { send("close", R"({"hook_event_id":")" + id + R"("})"); }

void link_host::restart_link() {
    process_->signal(SIGKILL);
    process_->wait();
    start_link();
}

int asks_right_after_subscribes(link_host& asker, link_host& hook, int count) {
    constexpr int at_once = 50;
    const std::string expected = hook.name() + "[gate]";
    int right = 0;
    for (int first = 0; first < count; first += at_once) {
        for (int number = first; number < first + at_once; ++number) {
            hook.send_session(number, "gate", "event-" + std::to_string(number));
        }
        std::vector<std::string> asked;
        while (asked.size() < at_once) {
            asked.push_back(
                asker.ask("event-" + std::to_string(hook.await("session_ready").integer("/params/session"))));
        }
        for (const auto& id : asked) {
            if (asker.next_asked(id) == expected) {
                hook.answer(hook.next_about("event", id), "gate");
                asker.next_about("settled", id);
                ++right;
            }
        }
        for (int number = first; number < first + at_once; ++number) {
            hook.send("session_gone", R"({"session":)" + std::to_string(number) + "}");
        }
    }
    return right;
}

int link_host::end() {
    hang_up();
    return process_->wait();
}

}  // namespace hookd::test
