// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "check_threads.hpp"

#include <hookd/protocol/message.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace hookd::server::rpc {

/// A message that is so long that to read it at a stretch would keep other peers waiting: a thread of its own
/// (check_threads) reads it.
///
/// Thread-safety: none (broker's strand). Lifetime: when it goes, what the thread has not begun is given up, and the
/// text with it.
class long_message {
public:
    /// Up to here a message is read within a turn: it takes a few milliseconds.
    static constexpr std::size_t most_bytes_in_a_turn = std::size_t{2} << 20;

    /// A whole frame, or an element of a batch.
    enum class part : bool { frame, element };

    /// Begins to read `text`, which lies in `memory`: that is kept until it is over. Throws std::system_error where
    /// there can be no thread.
    long_message(check_threads& threads, std::string_view text, std::shared_ptr<const char[]> memory, part kind);
    long_message(const long_message&) = delete;
    long_message& operator=(const long_message&) = delete;
    ~long_message() = default;

    [[nodiscard]] bool is_over() const noexcept;
    /// What was read, once it is over, as spans of the text. std::bad_alloc where the thread had no memory.
    [[nodiscard]] protocol::message& result() const;

private:
    struct work;

    std::shared_ptr<work> work_;
};

}  // namespace hookd::server::rpc
