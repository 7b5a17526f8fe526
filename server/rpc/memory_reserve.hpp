// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/errc.hpp>

#include <cstddef>

namespace hookd::server::rpc {

/// Memory that the process sets aside for when the system has none: what must not fail, as a verdict or the end of a
/// session, gets it then, and requests that would take more are refused until it has been set aside again.
///
/// It is for the process, as operator new is (std::set_new_handler). Where it has never been set aside, nothing is ever
/// short, and operator new throws std::bad_alloc at once.
/// Thread-safety: all functions.
class memory_reserve {
public:
    static constexpr std::size_t block_bytes = std::size_t{256} << 10;
    static constexpr std::size_t blocks = 16;

    /// From now on operator new takes a block after the other before it throws std::bad_alloc. Throws that itself where
    /// there is too little memory for the reserve.
    static void set_aside();
    /// Gives all of it back, for tests.
    static void give_back() noexcept;

    /// Whether some of it is missing and the system has no memory to replace it.
    [[nodiscard]] static bool is_short() noexcept;
    /// Whether it is short and less than half of it is left, which is for those who are connected: no peer is accepted.
    [[nodiscard]] static bool is_low() noexcept;
    /// What a request is refused with meanwhile.
    [[nodiscard]] static protocol::error refusal();
};

}  // namespace hookd::server::rpc
