// SPDX-License-Identifier: BSL-1.0
#include "fan_out_progress.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <stdexcept>

namespace hookd::bench {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value) {
    const timespec limit{.tv_sec = 0, .tv_nsec = 200'000'000};
    ::syscall(SYS_futex, &word, FUTEX_WAIT, value, &limit, nullptr, 0);
}

void wake(std::atomic<std::uint32_t>& word) { ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

void await_received(progress& shared, std::uint64_t wanted, const forked& receivers) {
    auto last_moved = steady::now();
    std::uint32_t seen = shared.received;
    while (seen < wanted) {
        shared.awaited = static_cast<std::uint32_t>(wanted);
        sleep_while(shared.received, seen);
        const std::uint32_t now = shared.received;
        if (now != seen) {
            last_moved = steady::now();
        } else if (steady::now() - last_moved > std::chrono::seconds{10}) {
            throw std::runtime_error("lost: the slowest subscriber has " + std::to_string(now) + " of " +
                                     std::to_string(wanted) + " events");
        } else {
            receivers.throw_if_ended();
        }
        seen = now;
    }
}

}  // namespace

void report_progress(progress& shared, std::uint64_t deliveries, std::uint64_t slowest) {
    shared.deliveries.fetch_add(deliveries, std::memory_order_relaxed);
    shared.received = static_cast<std::uint32_t>(slowest);
    if (const std::uint32_t awaited = shared.awaited; awaited != 0 && slowest >= awaited) {
        shared.awaited = 0;
        wake(shared.received);
    }
}

void measure_fan_out(const load_options& options, progress& shared, const forked& receivers,
    const std::function<void(std::uint64_t first, std::uint64_t count)>& write) {
    std::uint64_t sent = 0;
    const auto emit_until = [&](std::uint64_t end) {
        while (sent < end) {
            const std::uint64_t now = std::min(options.batch, end - sent);
            if (sent + now > shared.received + options.window) {
                await_received(shared, sent - options.window / 2, receivers);
            }
            write(sent, now);
            sent += now;
        }
        await_received(shared, end, receivers);
    };
    emit_until(options.warm_up);
    const auto cpu = cpu_time(options.broker);
    const auto begin = steady::now();
    emit_until(options.warm_up + options.count);
    const std::chrono::duration<double> took = steady::now() - begin;
    const auto used = static_cast<double>((cpu_time(options.broker) - cpu).count()) / 1000.0;
    const auto deliveries = options.count * options.subscribers;
    const auto expected = deliveries + options.warm_up * options.subscribers;

    result_line result;
    result.add("deliveries", deliveries);
    result.add("lost", expected - std::min<std::uint64_t>(expected, shared.deliveries));
    result.add("disordered", std::uint64_t{shared.disordered});
    result.add("deliveries_per_s", static_cast<double>(deliveries) / took.count());
    result.add("cpu_us_per_delivery", used / static_cast<double>(deliveries));
    result.add("cpu_us_per_event", used / static_cast<double>(options.count));
    result.print();
}

}  // namespace hookd::bench
