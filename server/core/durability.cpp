// SPDX-License-Identifier: BSL-1.0
#include "durability.hpp"

#include <algorithm>
#include <utility>

namespace hookd::core {

void durability::begin(durable_log& log, std::string run) {
    log_ = &log;
    run_ = std::move(run);
}

void durability::end() noexcept { ended_ = true; }

void durability::put(durable_kind kind, std::string_view key, std::string value) {
    if (is_on()) {
        gathered_.push_back({kind, std::string{key}, std::move(value)});
        ++changes_;
    }
}

void durability::erase(durable_kind kind, std::string_view key) {
    if (is_on()) {
        gathered_.push_back({kind, std::string{key}, std::nullopt});
        ++changes_;
    }
}

std::uint64_t durability::write() {
    if (gathered_.empty()) {
        return 0;
    }
    if (!run_.empty()) {  // until a batch with it has been committed
        gathered_.push_back({durable_kind::run, {}, run_});
    }
    log_->write(next_, std::exchange(gathered_, {}));
    return next_++;
}

void durability::committed(std::uint64_t position) noexcept {
    run_.clear();
    committed_ = std::max(committed_, position);
}

void durability::lost() {
    // What was gathered since depends on what is lost, but for what it takes away.
    std::erase_if(gathered_, [](const durable_change& each) { return each.value.has_value(); });
    committed_ = next_ - 1;
    log_->resume();
}

}  // namespace hookd::core
