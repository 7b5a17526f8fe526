// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/durable_log.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hookd::core::test {

/// A durable log in memory. Nothing is committed before the test says so; what has been is what a restart finds.
class memory_log final : public durable_log {
public:
    void write(std::uint64_t position, std::vector<durable_change> changes) override {
        batches_.push_back({position, std::move(changes)});
    }
    void resume() override { ++resumed; }

    /// Commits the `count` oldest batches that wait; returns the position of the last one.
    std::uint64_t commit(std::size_t count = SIZE_MAX) {
        std::uint64_t position = 0;
        for (; count > 0 && !batches_.empty(); --count) {
            apply(batches_.front().second);
            position = batches_.front().first;
            batches_.erase(batches_.begin());
        }
        return position;
    }
    /// What waits will not be written, but for what it erases.
    void lose() {
        for (auto& [position, changes] : std::exchange(batches_, {})) {
            std::erase_if(changes, [](const durable_change& each) { return each.value.has_value(); });
            batches_.push_back({position, std::move(changes)});
        }
    }
    [[nodiscard]] std::size_t waiting() const noexcept { return batches_.size(); }
    [[nodiscard]] durable_records records() const {
        durable_records found;
        for (const auto& [key, value] : records_) {
            found.push_back({key.first, key.second, value});
        }
        return found;
    }
    [[nodiscard]] std::size_t count(durable_kind kind) const {
        std::size_t number = 0;
        for (const auto& [key, value] : records_) {
            number += key.first == kind ? 1U : 0U;
        }
        return number;
    }

    int resumed = 0;

private:
    void apply(const std::vector<durable_change>& changes) {
        for (const auto& each : changes) {
            if (each.value) {
                records_[{each.kind, each.key}] = *each.value;
            } else {
                records_.erase({each.kind, each.key});
            }
        }
    }

    std::vector<std::pair<std::uint64_t, std::vector<durable_change>>> batches_{};
    std::map<std::pair<durable_kind, std::string>, std::string> records_{};
};

}  // namespace hookd::core::test
