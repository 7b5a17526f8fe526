// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hookd::server::rpc {

/// What all unfinished batches hold together. Without a bound, one request that waits would keep the answers of 999
/// others for a day, in each of a thousand batches. Atomic: the last to hold a batch may be on any thread.
class batch_memory {
public:
    static constexpr std::size_t limit = std::size_t{64} << 20;

    [[nodiscard]] bool has_room_for(std::size_t bytes) const noexcept {
        const auto held = bytes_.load(std::memory_order_relaxed);
        return held < limit && bytes <= limit - held;
    }
    void take(std::size_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
    void give_back(std::size_t bytes) noexcept { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

private:
    std::atomic<std::size_t> bytes_{0};
};

/// The answers to a JSON-RPC batch (JSON-RPC 2.0, section 6): one array, sent when all of them are there. Charged to
/// `memory` until it goes.
///
/// Thread-safety: none (broker's strand), save that it may go on any thread.
class batch {
public:
    batch(std::size_t elements, std::shared_ptr<batch_memory> memory)
        : memory_(std::move(memory)), parts_(elements), missing_(elements), charged_(footprint_of(elements)) {
        memory_->take(charged_);
    }
    batch(const batch&) = delete;
    batch& operator=(const batch&) = delete;
    ~batch() { memory_->give_back(charged_); }

    [[nodiscard]] static constexpr std::size_t footprint_of(std::size_t elements) {
        return elements * sizeof(std::string);
    }

    /// Whether an answer of so many bytes may be kept. Only errors are kept without asking.
    [[nodiscard]] bool has_room_for(std::size_t bytes) const noexcept { return memory_->has_room_for(bytes); }

    /// Element `index` has its answer; an empty one for a notification. Returns whether it was the last.
    [[nodiscard]] bool complete(std::size_t index, std::string answer) {
        memory_->take(answer.size());
        charged_ += answer.size();
        parts_[index] = std::move(answer);
        return --missing_ == 0;
    }

    /// The array, in the order of the requests; empty where there were notifications only. Once.
    [[nodiscard]] std::string take() {
        std::string array;
        for (auto& each : parts_) {
            const auto part = std::exchange(each, {});  // two copies at a time are enough
            if (!part.empty()) {
                array += array.empty() ? '[' : ',';
                array += part;
            }
        }
        if (!array.empty()) {
            array += ']';
        }
        return array;
    }

private:
    std::shared_ptr<batch_memory> memory_;
    std::vector<std::string> parts_;
    std::size_t missing_;
    std::size_t charged_;
};

}  // namespace hookd::server::rpc
