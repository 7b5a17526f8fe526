// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

/// In place of the C library's, for this program: Asio takes the memory of its handlers by aligned_alloc(3), which
/// knows nothing of std::set_new_handler(). A connection's next step can so be queued from what rpc::memory_reserve
/// sets aside, as operator new takes it. What it returns is for free(3), as ever.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    for (;;) {
        void* const memory = ::memalign(alignment, bytes);
        const auto make_room = memory == nullptr ? std::get_new_handler() : nullptr;
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
