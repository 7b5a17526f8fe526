// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <memory>

#include <sys/mman.h>

namespace hookd::base {

/// A page of 4 KiB that is first written to is an interrupt, and takes longer than copying into it: memory of megabytes
/// gets pages of 2 MiB where the kernel gives such to those who ask (madvise(2)). Leaves errno as it is.
inline void ask_for_large_pages(void* memory, std::size_t bytes) noexcept {
    constexpr std::size_t large_page = std::size_t{2} << 20;
    if (bytes < 2 * large_page) [[likely]] {
        return;
    }
    void* begin = memory;
    std::size_t room = bytes;
    if (std::align(large_page, large_page, begin, room) != nullptr) {
        const int before = errno;
        (void)::madvise(begin, room - room % large_page, MADV_HUGEPAGE);
        errno = before;
    }
}

}  // namespace hookd::base
