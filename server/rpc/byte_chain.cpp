// SPDX-License-Identifier: BSL-1.0
#include "byte_chain.hpp"

#include <algorithm>
#include <utility>

namespace hookd::server::rpc {
namespace {

// Answers come in bursts; a connection that has had one does not keep its memory.
constexpr std::size_t kept_while_empty = 4096;

// A text of up to that many bytes is copied: that costs less than a piece of its own.
constexpr std::size_t most_copied = std::size_t{16} << 10;

void clear_or_free(std::string& bytes) noexcept {
    if (bytes.capacity() > kept_while_empty) {
        std::string{}.swap(bytes);
    } else {
        bytes.clear();
    }
}

}  // namespace

std::size_t byte_chain::held_bytes() const noexcept {
    std::size_t all = last_.capacity();
    for (const auto& each : full_) {
        all += each.capacity();
    }
    return all;
}

void byte_chain::seal() {
    full_.emplace_back();
    full_.back().swap(last_);
    full_bytes_ += full_.back().size();
}

void byte_chain::append(std::string&& piece) {
    if (piece.size() <= most_copied) {
        tail() += piece;
        return;
    }
    if (!last_.empty()) {
        seal();
    }
    last_ = std::move(piece);
}

void byte_chain::append(byte_chain&& other) {
    if (empty()) {
        swap(other);
        other.clear();
        return;
    }
    full_.reserve(full_.size() + other.full_.size() + 2);  // from here on only small texts are copied
    for (auto& each : other.full_) {
        append(std::move(each));
    }
    append(std::move(other.last_));
    other.clear();
}

std::size_t byte_chain::gather(iovec* parts, std::size_t room) const noexcept {
    std::size_t used = 0;
    std::size_t skipped = taken_;
    for (std::size_t i = first_; i <= full_.size() && used < room; ++i) {
        const std::string& piece = i < full_.size() ? full_[i] : last_;
        if (piece.size() > skipped) {
            // writev() does not write to it
            parts[used++] = {const_cast<char*>(piece.data()) + skipped, piece.size() - skipped};
        }
        skipped = 0;
    }
    return used;
}

void byte_chain::drop_front(std::size_t bytes) {
    taken_ += bytes;
    while (first_ < full_.size() && taken_ >= full_[first_].size()) {
        drop_first_piece();
    }
    if (first_ == full_.size() && taken_ == last_.size()) {
        clear_or_free(last_);
        taken_ = 0;
        return;
    }
    // A peer that always leaves something unread would else keep a large piece for its last bytes.
    std::string& piece = first_ < full_.size() ? full_[first_] : last_;
    const std::size_t left = piece.size() - taken_;
    if (taken_ > full_piece && left <= most_copied) {
        std::string{piece, taken_}.swap(piece);
        full_bytes_ -= first_ < full_.size() ? taken_ : 0;
        taken_ = 0;
    }
}

void byte_chain::drop_first_piece() noexcept {
    std::string& first = full_[first_++];
    taken_ -= first.size();
    full_bytes_ -= first.size();
    std::string{}.swap(first);
    if (first_ == full_.size()) {
        std::vector<std::string>{}.swap(full_);
        first_ = 0;
    }
}

void byte_chain::truncate(std::size_t bytes) noexcept {
    while (size() > bytes) {
        const std::size_t excess = std::min(size() - bytes, last_.size());
        last_.resize(last_.size() - excess);
        if (size() > bytes) {
            last_.swap(full_.back());
            full_bytes_ -= last_.size();
            full_.pop_back();
        }
    }
}

void byte_chain::clear() noexcept {
    std::vector<std::string>{}.swap(full_);
    first_ = 0;
    full_bytes_ = 0;
    clear_or_free(last_);
    taken_ = 0;
}

void byte_chain::swap(byte_chain& other) noexcept {
    full_.swap(other.full_);
    std::swap(first_, other.first_);
    std::swap(full_bytes_, other.full_bytes_);
    last_.swap(other.last_);
    std::swap(taken_, other.taken_);
}

}  // namespace hookd::server::rpc
