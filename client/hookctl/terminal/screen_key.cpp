// SPDX-License-Identifier: BSL-1.0
#include "screen_key.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

using key_kind = screen_key::kind;

/// The length of an escape sequence at the front (ECMA-48: CSI, parameters, a final byte; or SS3 and a byte).
std::size_t sequence_length(std::string_view sent) {
    if (sent.size() < 2 || (sent[1] != '[' && sent[1] != 'O')) {
        return 1;
    }
    const auto is_final = [](char c) { return c >= '@' && c <= '~'; };
    const auto end = std::find_if(sent.begin() + 2, sent.end(), is_final);
    return static_cast<std::size_t>(end - sent.begin()) + (end == sent.end() ? 0 : 1);
}

key_kind kind_of_sequence(std::string_view sequence) {
    constexpr std::array<std::pair<std::string_view, key_kind>, 7> known{
        {{"\x1b", key_kind::escape}, {"\x1b[A", key_kind::up}, {"\x1bOA", key_kind::up}, {"\x1b[B", key_kind::down},
            {"\x1bOB", key_kind::down}, {"\x1b[5~", key_kind::page_up}, {"\x1b[6~", key_kind::page_down}}};
    const auto found =
        std::find_if(known.begin(), known.end(), [sequence](const auto& each) { return each.first == sequence; });
    return found == known.end() ? key_kind::other : found->second;
}

/// Of UTF-8: the first byte says how many follow.
std::size_t character_length(unsigned char first) { return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

screen_key key_of(const std::string& bytes) {
    const char first = bytes.front();
    if (first == '\x1b') {
        return {kind_of_sequence(bytes), {}};
    }
    if (first == '\r' || first == '\n') {
        return {key_kind::enter, {}};
    }
    if (first == '\x7f' || first == '\b') {
        return {key_kind::backspace, {}};
    }
    const bool is_control = static_cast<unsigned char>(first) < ' ';
    return {is_control ? key_kind::other : key_kind::character, is_control ? std::string() : bytes};
}

}  // namespace

std::optional<screen_key> take_key(std::string& sent) {
    if (sent.empty()) {
        return std::nullopt;
    }
    const auto length =
        sent.front() == '\x1b' ? sequence_length(sent) : character_length(static_cast<unsigned char>(sent.front()));
    const auto bytes = sent.substr(0, length);
    sent.erase(0, length);
    return key_of(bytes);
}

}  // namespace hookd::hookctl
