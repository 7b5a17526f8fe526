// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/uuid_text.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace hookd::core {

/// Mints random UUIDs (RFC 4122, version 4) from the kernel's random source, asked for many at a time: an id is what
/// entitles an outsider to respond, so it must not be guessable.
///
/// Thread-safety: none. Throws std::system_error where the kernel gives no random bytes.
class id_source {
public:
    [[nodiscard]] protocol::uuid next();

private:
    static constexpr std::size_t ids_per_refill = 256;

    std::array<std::uint8_t, ids_per_refill * 16> bytes_{};
    std::size_t used_ = ids_per_refill * 16;
};

}  // namespace hookd::core
