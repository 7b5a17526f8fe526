// SPDX-License-Identifier: BSL-1.0
#include "turn_clock.hpp"

#include <time.h>

namespace hookd::server::rpc {
namespace {

turn_clock::clock::time_point coarse_now() noexcept {
    timespec coarse{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse);
    return turn_clock::clock::time_point{
        std::chrono::seconds{coarse.tv_sec} + std::chrono::nanoseconds{coarse.tv_nsec}};
}

}  // namespace

bool turn_clock::is_over(clock::time_point turn_began, bool is_alone) noexcept {
    const bool is_exact = ++asked_ % exact_every == 0;
    return (is_exact ? clock::now() : coarse_now()) - turn_began > (is_alone ? longest_turn_alone : longest_turn);
}

}  // namespace hookd::server::rpc
