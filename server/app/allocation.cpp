// SPDX-License-Identifier: BSL-1.0
#include "rpc/memory_reserve.hpp"

#include <base/posix/large_pages.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

// In place of the C and C++ libraries' functions, for this program: what is small gets memory from what
// rpc::memory_reserve sets aside when the system has none, and what is large does not. A frame of megabytes would else
// use all of that up, in vain, while a verdict on another thread needs some of it.
namespace {

/// What `allocate` gives, if need be after the new-handler has made room; null: there is no memory.
template <class Allocate>
void* allocate_for(std::size_t bytes, Allocate allocate) noexcept {
    for (;;) {
        void* const memory = allocate();
        const bool is_small = bytes <= hookd::server::rpc::memory_reserve::block_bytes / 4;
        const auto make_room = memory == nullptr && is_small ? std::get_new_handler() : nullptr;
        if (make_room == nullptr) {
            return memory;
        }
        try {
            make_room();
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }
}

}  // namespace

// The sanitizers look at these functions through their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOOKD_IS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HOOKD_IS_SANITIZED
#endif
#endif

#ifndef HOOKD_IS_SANITIZED
void* operator new(std::size_t bytes) {
    void* const memory = allocate_for(bytes, [bytes] { return std::malloc(bytes == 0 ? 1 : bytes); });
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    hookd::base::ask_for_large_pages(memory, bytes);
    return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

/// Asio takes the memory of its handlers by it, and it knows nothing of std::set_new_handler(). What it returns is for
/// free(3), as ever.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    return allocate_for(bytes, [alignment, bytes] { return ::memalign(alignment, bytes); });
}
