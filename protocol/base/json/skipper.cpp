// SPDX-License-Identifier: BSL-1.0
#include "skipper.hpp"

#include "scanner.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace hookd::base {
namespace {

constexpr std::size_t block_size = 64;
constexpr std::size_t block_steps = 9;

// Of a block of 64 bytes, one bit a byte, the first byte's lowest.
struct block_bits {
    std::uint64_t quotes = 0;
    std::uint64_t backslashes = 0;
    std::uint64_t opening = 0;  // of objects and arrays
    std::uint64_t closing = 0;
};

// '[' and '{', ']' and '}' differ in this bit alone, and nothing else becomes one of them by it.
constexpr char bracket_bit = 0x20;

#if defined(__SSE2__)
block_bits bits_of(const char* block) noexcept {
    block_bits result;
    for (unsigned part = 0; part < block_size; part += 16) {
        __m128i bytes{};
        std::memcpy(&bytes, block + part, sizeof bytes);
        const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(bracket_bit));
        const auto bits_where = [part](__m128i found) {
            return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << part;
        };
        result.quotes |= bits_where(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
        result.backslashes |= bits_where(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        result.opening |= bits_where(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')));
        result.closing |= bits_where(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
    }
    return result;
}
#else
block_bits bits_of(const char* block) noexcept {
    block_bits result;
    for (unsigned i = 0; i < block_size; ++i) {
        const char byte = block[i];
        const char folded = static_cast<char>(byte | bracket_bit);
        result.quotes |= static_cast<std::uint64_t>(byte == '"') << i;
        result.backslashes |= static_cast<std::uint64_t>(byte == '\\') << i;
        result.opening |= static_cast<std::uint64_t>(folded == '{') << i;
        result.closing |= static_cast<std::uint64_t>(folded == '}') << i;
    }
    return result;
}
#endif

// The bits of the bytes that a backslash escapes. `is_escaped`: whether the block's first byte is; then whether that of
// the next block is.
std::uint64_t escaped_bits(std::uint64_t backslashes, bool& is_escaped) noexcept {
    constexpr std::uint64_t even = 0x5555555555555555U;
    const std::uint64_t first = is_escaped ? 1U : 0U;
    backslashes &= ~first;
    if (backslashes == 0) {
        is_escaped = false;
        return first;
    }
    // Of a run of backslashes each second one is escaped, and so is what follows a run of odd length. Adding a run's
    // first bit to it carries past its end: where that is tells whether the length was odd (the way of simdjson).
    const std::uint64_t follows = (backslashes << 1U) | first;
    const std::uint64_t odd_starts = backslashes & ~even & ~follows;
    const std::uint64_t carried = odd_starts + backslashes;
    is_escaped = carried < backslashes;
    return (even ^ (carried << 1U)) & follows;
}

// Each bit: whether an odd number of `bits` are set up to it, itself included.
std::uint64_t parity_up_to(std::uint64_t bits) noexcept {
    for (unsigned shift = 1; shift < 64; shift *= 2) {
        bits ^= bits << shift;
    }
    return bits;
}

// Calls `visit(block, size)` for each block from `at` on, the last one filled up with spaces, until that returns a
// place.
template <class Visit>
const char* find_in_blocks(const char* at, const char* end, Visit visit) noexcept {
    for (; static_cast<std::size_t>(end - at) >= block_size; at += block_size) {
        if (const auto found = visit(at); found != block_size) {
            return found < block_size ? at + found : nullptr;
        }
    }
    std::array<char, block_size> last{};
    last.fill(' ');
    std::copy(at, end, last.begin());
    const auto found = visit(last.data());
    return found < block_size ? at + found : nullptr;
}

constexpr std::size_t goes_on = block_size;
constexpr std::size_t gives_up = block_size + 1;

}  // namespace

bool json_skipper::take_steps(std::size_t steps) noexcept {
    const bool fits = steps < steps_left_;
    steps_left_ = fits ? steps_left_ - steps : 0;
    return fits;
}

const char* json_skipper::skip_space(const char* at) const noexcept {
    while (at != end_ && is_space(*at)) {
        ++at;
    }
    return at;
}

const char* json_skipper::skip_string(const char* at) noexcept {
#if defined(__SSE2__)
    if (end_ - at > 16) {  // most strings are short and plain
        const unsigned found = special_bits(at + 1);
        if (const char* const stop = at + 1 + std::countr_zero(found); found != 0 && *stop == '"') {
            return stop + 1;
        }
    }
#endif
    bool is_escaped = false;
    const char* const quote = find_in_blocks(at + 1, end_, [&](const char* block) {
        if (!take_steps(block_steps)) {
            return gives_up;
        }
        const auto bits = bits_of(block);
        const auto quotes = bits.quotes & ~escaped_bits(bits.backslashes, is_escaped);
        return quotes == 0 ? goes_on : static_cast<std::size_t>(std::countr_zero(quotes));
    });
    return quote == nullptr ? nullptr : quote + 1;
}

const char* json_skipper::skip_value(const char* at) noexcept {
    switch (*at) {
        case '"':
            return skip_string(at);
        case '{':
        case '[':
            return skip_container(at);
        default:
            while (at != end_ && *at != ',' && *at != '}' && *at != ']' && !is_space(*at)) {
                ++at;
            }
            return at;
    }
}

const char* json_skipper::skip_container(const char* at) noexcept {
    bool is_escaped = false;
    std::uint64_t in_string = 0;  // all bits, or none: whether the block begins within a string
    std::size_t level = 0;
    const char* const last = find_in_blocks(at, end_, [&](const char* block) {
        if (!take_steps(block_steps)) {
            return gives_up;
        }
        const auto bits = bits_of(block);
        const auto strings = parity_up_to(bits.quotes & ~escaped_bits(bits.backslashes, is_escaped)) ^ in_string;
        in_string = 0 - (strings >> 63U);
        const auto opening = bits.opening & ~strings;
        const auto closing = bits.closing & ~strings;
        const auto closed = static_cast<std::size_t>(std::popcount(closing));
        if (closed < level) {  // it does not end here
            level += static_cast<std::size_t>(std::popcount(opening)) - closed;
            return goes_on;
        }
        for (auto left = opening | closing; left != 0; left &= left - 1) {
            if (!take_steps(1)) {
                return gives_up;
            }
            const auto place = static_cast<std::size_t>(std::countr_zero(left));
            level = ((opening >> place) & 1U) != 0 ? level + 1 : level - 1;
            if (level == 0) {
                return place;
            }
        }
        return goes_on;
    });
    return last == nullptr ? nullptr : last + 1;
}

}  // namespace hookd::base
