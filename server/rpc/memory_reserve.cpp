// SPDX-License-Identifier: BSL-1.0
#include "memory_reserve.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace hookd::server::rpc {
namespace {

// By malloc(3), which calls no handler.
std::array<std::atomic<void*>, memory_reserve::blocks> reserve{};
std::atomic<bool> is_complete{true};

void hand_out_block() {
    is_complete.store(false, std::memory_order_relaxed);
    for (auto& each : reserve) {
        if (void* const block = each.exchange(nullptr); block != nullptr) {
            std::free(block);
            return;
        }
    }
    throw std::bad_alloc{};
}

bool fill() noexcept {
    for (auto& each : reserve) {
        if (each.load(std::memory_order_relaxed) != nullptr) {
            continue;
        }
        void* const block = std::malloc(memory_reserve::block_bytes);
        if (block == nullptr) {
            return false;
        }
        void* none = nullptr;
        if (!each.compare_exchange_strong(none, block)) {
            std::free(block);  // another thread was first
        }
    }
    is_complete.store(true, std::memory_order_relaxed);
    return true;
}

}  // namespace

void memory_reserve::set_aside() {
    if (!fill()) {
        give_back();
        throw std::bad_alloc{};
    }
    std::set_new_handler(hand_out_block);
}

void memory_reserve::give_back() noexcept {
    std::set_new_handler(nullptr);
    for (auto& each : reserve) {
        std::free(each.exchange(nullptr));
    }
    is_complete.store(true, std::memory_order_relaxed);
}

bool memory_reserve::is_short() noexcept { return !is_complete.load(std::memory_order_relaxed) && !fill(); }

bool memory_reserve::is_low() noexcept {
    return is_short() && std::count_if(reserve.begin(), reserve.end(), [](const std::atomic<void*>& each) {
        return each.load(std::memory_order_relaxed) != nullptr;
    }) < static_cast<std::ptrdiff_t>(blocks / 2);
}

protocol::error memory_reserve::refusal() {
    return protocol::limit_error(
        "memory", blocks * block_bytes, "the system has no memory for this request: retry later");
}

}  // namespace hookd::server::rpc
