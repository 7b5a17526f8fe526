// SPDX-License-Identifier: BSL-1.0
#include "top_feed.hpp"
#include "hookctl/on/serve_events.hpp"

#include <hookd/error.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <exception>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

constexpr std::size_t most_unread = 4096;  // while the screen is not drawn

hook_runner_options options_for(const invocation& call) {
    auto options = runner_options_for(call);
    options.name = top_session_name;
    options.as_responder.asked_only = true;
    options.wait_for_daemon = true;
    return options;
}

/// The time of the day, UTC.
std::string time_now() {
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%H:%M:%S", &parts)};
}

}  // namespace

top_feed::top_feed(const invocation& call, secret_members secrets)
    : secrets_(std::move(secrets)), events_(options_for(call)) {
    ready_fd_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ready_fd_) {
        throw std::system_error(errno, std::generic_category(), "can't watch for events");
    }
    events_.listen("*", [this](const event& received) {
        if (received.expects_response()) {
            top_model::open_wait wait{received.seq(), received.name(), shown_payload(received), top_model::clock::now(),
                received.timeout(), {}};
            add([&](news& unread) { unread.questions.emplace_back(received.hook_event_id(), std::move(wait)); });
        }
    });
    events_.on_verdict([this](const verdict_notice& decided) {
        top_model::past_verdict past{decided.how.seq.value_or(0), decided.how.hook_event_id, time_now(), decided.event,
            {}, decided.how, decided.elapsed};
        add([&](news& unread) { unread.verdicts.push_back(std::move(past)); });
    });
    events_.on_notice([this](const notice& reported) {
        if (reported.type == notice::kind::disconnected) {
            add([](news& unread) { unread.was_disconnected = true; });
        }
    });
    thread_ = std::thread([this] {
        try {
            events_.run();
        } catch (const std::exception&) {
            // The counters say why: they are asked for over another connection.
        }
    });
}

std::string top_feed::shown_payload(const event& received) const {
    constexpr std::size_t longest_payload = std::size_t{16} * 1024;
    return received.payload().size() > longest_payload ? std::string()
                                                       : secrets_.without_secrets(received.name(), received.payload());
}

top_feed::~top_feed() {
    events_.stop();
    thread_.join();
}

template <class Change>
void top_feed::add(Change change) {
    const std::lock_guard lock(mutex_);
    if (unread_.questions.size() + unread_.verdicts.size() < most_unread) {
        change(unread_);
        ::eventfd_write(ready_fd_.get(), 1);
    }
}

top_feed::news top_feed::take() {
    const std::lock_guard lock(mutex_);
    eventfd_t ignored = 0;
    (void)::eventfd_read(ready_fd_.get(), &ignored);
    return std::exchange(unread_, {});
}

}  // namespace hookd::hookctl
