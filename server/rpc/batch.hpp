// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "byte_chain.hpp"

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

/// The answers to a JSON-RPC batch (JSON-RPC 2.0, section 6): one array, sent when all of them are there, in parts that
/// are never joined: there may be megabytes of them. Charged to `memory` until it goes.
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
        return elements * sizeof(byte_chain);
    }

    /// Whether an answer of so many bytes may be kept. Only errors are kept without asking.
    [[nodiscard]] bool has_room_for(std::size_t bytes) const noexcept { return memory_->has_room_for(bytes); }

    /// Element `index` has its answer; an empty one for a notification. Returns whether it was the last.
    [[nodiscard]] bool complete(std::size_t index, byte_chain answer) {
        memory_->take(answer.size());
        charged_ += answer.size();
        if (!answer.empty()) {
            array_bytes_ += answer.size() + 1;  // with the bracket or the comma before it
        }
        parts_[index] = std::move(answer);
        return --missing_ == 0;
    }

    /// Bytes of the array; 0 where there were notifications only, which get none.
    [[nodiscard]] std::size_t array_bytes() const noexcept { return array_bytes_ == 0 ? 0 : array_bytes_ + 1; }
    /// Appends the array, which is not empty, in the order of the requests. Once.
    void take(byte_chain& out) {
        char before = '[';
        for (auto& each : parts_) {
            if (!each.empty()) {
                out.tail() += std::exchange(before, ',');
                out.append(std::move(each));
            }
        }
        out.tail() += ']';
    }

private:
    std::shared_ptr<batch_memory> memory_;
    std::vector<byte_chain> parts_;
    std::size_t missing_;
    std::size_t charged_;
    std::size_t array_bytes_ = 0;  // without its end
};

}  // namespace hookd::server::rpc
