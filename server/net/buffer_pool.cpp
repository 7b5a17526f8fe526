// SPDX-License-Identifier: BSL-1.0
#include "buffer_pool.hpp"

#include <base/posix/large_pages.hpp>

#include <cstdlib>
#include <new>
#include <utility>

namespace hookd::server {
namespace {

// Knows where the memory is, which realloc(3) may move.
struct memory_release {
    char* memory;

    void operator()(char*) const noexcept { std::free(memory); }
};

char* resize(char* memory, std::size_t bytes) {
    auto* const result = static_cast<char*>(std::realloc(memory, bytes));
    if (result == nullptr) {
        throw std::bad_alloc{};
    }
    base::ask_for_large_pages(result, bytes);
    return result;
}

}  // namespace

buffer buffer::of(std::size_t capacity) {
    char* const memory = resize(nullptr, capacity);
    return {std::shared_ptr<char[]>{memory, memory_release{memory}}, capacity};
}

void buffer::grow(std::size_t larger) {
    auto& release = *std::get_deleter<memory_release>(bytes);
    release.memory = resize(release.memory, larger);
    bytes = std::shared_ptr<char[]>{std::move(bytes), release.memory};
    capacity = larger;
}

buffer buffer_pool::take() {
    {
        const std::lock_guard lock{mutex_};
        if (!spare_.empty()) {
            buffer last = std::move(spare_.back());
            spare_.pop_back();
            spare_bytes_ -= last.capacity;
            return last;
        }
        spare_.reserve(most_spare);
    }
    return buffer::of(usual_bytes);
}

void buffer_pool::give_back(buffer used) noexcept {
    if (used.capacity == 0) {
        return;
    }
    const std::lock_guard lock{mutex_};
    if (spare_.size() < spare_.capacity() && spare_bytes_ + used.capacity <= most_spare_bytes) {
        spare_bytes_ += used.capacity;
        spare_.push_back(std::move(used));
    }
}

}  // namespace hookd::server
