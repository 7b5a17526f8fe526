// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace hookd::server {

/// Memory to read into. Uninitialised. Shared, since a large event may keep what it was read into.
struct buffer {
    std::shared_ptr<char[]> bytes{};
    std::size_t capacity = 0;

    /// May throw std::bad_alloc.
    [[nodiscard]] static buffer of(std::size_t capacity);
    /// Keeps what is in it. Megabytes are not copied, but mapped elsewhere. Precondition: nobody else has a share in
    /// it. May throw std::bad_alloc; nothing has changed then.
    void grow(std::size_t larger);
};

/// Lends read buffers, so that a connection has one only while there is something in it. Keeps a few for the next one:
/// pages that are given back and taken anew cost more than the copy into them.
///
/// Thread-safety: all members may be called from any thread.
class buffer_pool {
public:
    /// A payload of 64 KiB and what is around it.
    static constexpr std::size_t usual_bytes = std::size_t{68} << 10;

    /// A buffer of at least usual_bytes; may throw std::bad_alloc.
    [[nodiscard]] buffer take();
    /// Nobody else may have a share in it.
    void give_back(buffer used) noexcept;

private:
    static constexpr std::size_t most_spare = 8;
    static constexpr std::size_t most_spare_bytes = std::size_t{8} << 20;

    std::mutex mutex_{};
    std::vector<buffer> spare_{};
    std::size_t spare_bytes_ = 0;
};

}  // namespace hookd::server
