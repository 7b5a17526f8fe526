// SPDX-License-Identifier: BSL-1.0
#include "backoff.hpp"

#include <algorithm>

namespace hookd::detail {

using std::chrono::microseconds;

// A pause of 0 would spin: the first is at least a millisecond.
backoff::backoff(std::chrono::milliseconds first, std::chrono::milliseconds last, std::uint32_t seed)
    : first_(std::max(first, std::chrono::milliseconds{1})),
      last_(std::max<microseconds>(last, first_)),
      pause_(first_),
      random_(seed) {}

microseconds backoff::next() {
    const auto full = pause_;
    pause_ = std::min(pause_ * 2, last_);
    std::uniform_int_distribution<microseconds::rep> cut{0, full.count() / 2};
    return full - microseconds{cut(random_)};
}

}  // namespace hookd::detail
