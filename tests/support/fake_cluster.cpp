// SPDX-License-Identifier: BSL-1.0
#include "fake_cluster.hpp"

#include "deadline.hpp"

#include <base/posix/unique_fd.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <poll.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hookd::test {

namespace {

// Bytes of the link to those of a socket of the test's.
constexpr const char* relay =
    "#!/bin/sh\necho the helper runs >&2\nexec socat FD:3 \"UNIX-CONNECT:$HOOKD_TEST_LINK\"\n";

// Of one that reads nothing, and lives.
constexpr auto between_pongs = 200ms;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

fake_link::fake_link(base::unique_fd socket) : peer_(std::move(socket)), reader_([this] { run(); }) {}

fake_link::~fake_link() {
    hang_up();
    reader_.join();
}

void fake_link::run() {
    try {
        for (;;) {
            {
                std::unique_lock lock{mutex_};
                while (!changed_.wait_for(lock, between_pongs, [this] { return reads_ || ended_; })) {
                    peer_.notify("cluster.pong");
                }
                if (ended_) {
                    return;
                }
            }
            auto message = peer_.receive();
            const std::lock_guard lock{mutex_};
            if (message.method() != "cluster.ping") {
                messages_.push_back(std::move(message));
            } else if (answers_pings_) {
                peer_.notify("cluster.pong");
            }
            changed_.notify_all();
        }
    } catch (const std::exception&) {
        // Over.
    }
    const std::lock_guard lock{mutex_};
    ended_ = true;
    changed_.notify_all();
}

wire_message fake_link::next(std::string_view method) {
    const auto wanted = "cluster." + std::string{method};
    std::unique_lock lock{mutex_};
    wire_message found;
    const bool came = changed_.wait_for(lock, patience, [&] {
        const auto at = std::find_if(
            messages_.begin(), messages_.end(), [&](const wire_message& each) { return each.method() == wanted; });
        if (at == messages_.end()) {
            return ended_;
        }
        found = std::move(*at);
        messages_.erase(at);
        return true;
    });
    if (!came || found.text.empty()) {
        throw std::runtime_error("the daemon did not send " + wanted);
    }
    return found;
}

std::size_t fake_link::waiting(std::string_view method) {
    const auto wanted = "cluster." + std::string{method};
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(std::count_if(
        messages_.begin(), messages_.end(), [&](const wire_message& each) { return each.method() == wanted; }));
}

void fake_link::send(std::string_view method, std::string_view params) {
    const std::lock_guard lock{mutex_};
    peer_.notify("cluster." + std::string{method}, params);
}

void fake_link::send_raw(std::string_view bytes) {
    const std::lock_guard lock{mutex_};
    peer_.send_raw(bytes);
}

wire_message fake_link::come_up() {
    auto hello = next("hello");
    send("state", R"({"state":"up","engine":"Fake 1.0"})");
    return hello;
}

std::string fake_link::take_question(std::string_view hosts) {
    const auto id = next("ask").string("/params/hook_event_id");
    send("asked", R"({"hook_event_id":")" + id + R"(","hosts":[)" + std::string{hosts} + "]}");
    return id;
}

void fake_link::settle(std::string_view host, std::string_view id, std::string_view replies, std::string_view more) {
    send("settled", R"({"host":")" + std::string{host} + R"(","hook_event_id":")" + std::string{id} +
                        R"(","result":{"replies":[)" + std::string{replies} + "]," + std::string{more} + "}}");
}

void fake_link::fall_silent() {
    const std::lock_guard lock{mutex_};
    answers_pings_ = false;
}

void fake_link::stop_reading() {
    const std::lock_guard lock{mutex_};
    reads_ = false;
}

void fake_link::hang_up() {
    ::shutdown(peer_.native_handle(), SHUT_RDWR);
    const std::lock_guard lock{mutex_};
    ended_ = true;
    changed_.notify_all();
}

void fake_link::wait_until_ended() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [this] { return ended_; })) {
        throw std::runtime_error("the daemon did not end the link");
    }
}

fake_cluster::fake_cluster() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (directory_ / "link").c_str(), sizeof address.sun_path - 1);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), 8) != 0) {
        fail("cannot listen for the helper");
    }
    for (const char* program : {"hookd-postgres", "hookd-nats"}) {
        write_file(directory_ / program, relay);
        ::chmod((directory_ / program).c_str(), 0700);
    }
    write_file(url_file(), "postgresql://user:secret@db.example/hooks\n");
    ::chmod(url_file().c_str(), 0600);
}

std::vector<std::string> fake_cluster::arguments(const std::string& events) const {
    return {"--cluster", url_file() + (events.empty() ? "" : ",events=" + events), "--cluster-host", "a"};
}

spawn_options fake_cluster::environment() const {
    spawn_options options;
    options.environment["HOOKD_LIBEXEC"] = directory_.path();
    options.environment["HOOKD_TEST_LINK"] = directory_ / "link";
    return options;
}

std::unique_ptr<fake_link> fake_cluster::accept() {
    pollfd polled{listener_.get(), POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(patience.count())) != 1) {
        throw std::runtime_error("no helper was started");
    }
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
        fail("cannot accept the helper");
    }
    return std::make_unique<fake_link>(base::unique_fd{socket});
}

}  // namespace hookd::test
