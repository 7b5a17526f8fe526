// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sys/uio.h>

namespace hookd::server::rpc {

/// Bytes on their way out, in pieces: a large one is moved in, never copied, and given back as soon as it has been
/// written, so that no step takes longer the more there is.
///
/// Thread-safety: none. May throw std::bad_alloc where something is added; nothing has changed then.
class byte_chain {
public:
    /// A piece of that many bytes is not appended to.
    static constexpr std::size_t full_piece = std::size_t{64} << 10;

    byte_chain() = default;
    byte_chain(byte_chain&& other) noexcept { swap(other); }
    byte_chain& operator=(byte_chain&& other) noexcept {
        byte_chain{std::move(other)}.swap(*this);
        return *this;
    }
    ~byte_chain() = default;

    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return full_bytes_ + last_.size() - taken_; }
    /// Memory that it takes.
    [[nodiscard]] std::size_t held_bytes() const noexcept;

    /// The last piece: small texts are appended to it, and what it had before is left alone.
    [[nodiscard]] std::string& tail() {
        if (last_.size() >= full_piece) [[unlikely]] {
            seal();
        }
        return last_;
    }
    void append(std::string&& piece);
    /// Of `other` nothing has been dropped. Where this throws, a part of it may have been moved.
    void append(byte_chain&& other);

    /// Points `parts` at its front; returns how many of them it used.
    [[nodiscard]] std::size_t gather(iovec* parts, std::size_t room) const noexcept;
    /// The first `bytes` are done with.
    void drop_front(std::size_t bytes);
    /// The first `bytes` stay.
    void truncate(std::size_t bytes) noexcept;
    /// Keeps a little memory.
    void clear() noexcept;
    void swap(byte_chain& other) noexcept;

    /// Calls `visit(std::string_view)` for each piece.
    template <class Visit>
    void for_each(Visit visit) const {
        std::size_t skipped = taken_;
        for (std::size_t i = first_; i <= full_.size(); ++i) {
            const std::string_view piece{i < full_.size() ? full_[i] : last_};
            if (piece.size() > skipped) {
                visit(piece.substr(skipped));
            }
            skipped = 0;
        }
    }

private:
    void seal();
    void drop_first_piece() noexcept;

    std::vector<std::string> full_{};  // those before first_ are empty
    std::size_t first_ = 0;
    std::size_t full_bytes_ = 0;  // of full_
    std::string last_{};
    std::size_t taken_ = 0;  // bytes of the first piece that are done with
};

}  // namespace hookd::server::rpc
