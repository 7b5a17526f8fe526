// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"
#include "fan_out_progress.hpp"
#include "workloads.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>

namespace hookd::bench {
namespace {

/// The subscribers: one process, one epoll, one buffer to read into. What a connection has of a frame that is not whole
/// stays with it.
class subscribers {
public:
    subscribers(const load_options& options, progress& shared) : options_(options), shared_(shared) {
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        for (unsigned i = 0; i < options.subscribers; ++i) {
            auto speech = make_dialect(options.dialect);
            client_ends ends = speech->open(options.hook_address(i), role::listener, event_topic);
            epoll_event what{};
            what.events = EPOLLIN;
            what.data.u32 = i;
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, ends.in.native_handle(), &what);
            all_.push_back({std::move(speech), std::move(ends), {}, 0});
        }
    }

    [[noreturn]] void run() {
        shared_.ready = 1;
        epoll_event ready[64];
        for (;;) {
            const int count = ::epoll_wait(epoll_, ready, 64, -1);
            std::uint64_t deliveries = 0;
            for (int i = 0; i < count; ++i) {
                deliveries += take(all_[ready[i].data.u32]);
            }
            if (deliveries == 0) {
                continue;
            }
            const auto slowest = std::min_element(
                all_.begin(), all_.end(), [](const one& a, const one& b) { return a.events < b.events; });
            report_progress(shared_, deliveries, slowest->events);
        }
    }

private:
    struct one {
        std::unique_ptr<dialect> speech;
        client_ends ends;
        std::string rest;
        std::uint64_t events;
    };

    std::uint64_t take(one& from) {
        std::memcpy(buffer_.get(), from.rest.data(), from.rest.size());
        const ssize_t got =
            ::recv(from.ends.in.native_handle(), buffer_.get() + from.rest.size(), buffer_size - from.rest.size(), 0);
        if (got <= 0) {
            throw std::runtime_error("a subscriber lost its connection");
        }
        std::string_view bytes{buffer_.get(), from.rest.size() + static_cast<std::size_t>(got)};
        const std::uint64_t before = from.events;
        frame found;
        while (from.speech->next(bytes, 0, found)) {
            if (found.type == frame::kind::event) {
                if (options_.check && !(from.speech->read(found) && has_number(found.payload, from.events))) {
                    ++shared_.disordered;
                }
                ++from.events;
            } else if (found.body.find("closed") != std::string_view::npos) {
                throw std::runtime_error("a subscriber was closed: " + std::string{found.body});
            }
            bytes.remove_prefix(found.size);
        }
        from.rest = bytes;
        return from.events - before;
    }

    static bool has_number(std::string_view payload, std::uint64_t number) {
        char digits[number_offset + number_digits];
        put_number(digits, number);
        return payload.substr(number_offset).starts_with(std::string_view{digits + number_offset, number_digits});
    }

    static constexpr std::size_t buffer_size = 128 * 1024;
    const load_options& options_;
    progress& shared_;
    int epoll_ = -1;
    std::deque<one> all_{};
    std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(buffer_size);
};

}  // namespace

void run_fan_out(const load_options& options) {
    auto& shared = make_shared_between_processes<progress>();
    const forked receivers{[&] { subscribers{options, shared}.run(); }};
    await_flag(shared.ready, receivers);
    const auto speech = make_dialect(options.dialect);
    client_ends ends = speech->open(options.address, role::emitter, {});
    std::string payload = make_payload(options.shape, options.size);
    std::string bytes;
    measure_fan_out(options, shared, receivers, [&](std::uint64_t first, std::uint64_t count) {
        bytes.clear();
        for (std::uint64_t i = 0; i < count; ++i) {
            if (options.check) {
                put_number(payload.data(), first + i);
            }
            speech->append_event(bytes, payload);
        }
        ends.out().write(bytes);
        if (speech->confirms_events()) {
            ends.out().discard();
        }
    });
}

void run_crowd(const load_options& options) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    std::deque<client_ends> crowd;
    for (std::uint64_t i = 0; i < options.count; ++i) {
        crowd.push_back(
            make_dialect(options.dialect)->open(options.address, role::listener, "idle_" + std::to_string(i)));
    }
    std::puts("ready");
    std::fflush(stdout);
    for (;;) {
        ::pause();
    }
}

}  // namespace hookd::bench
