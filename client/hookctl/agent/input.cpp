// SPDX-License-Identifier: BSL-1.0
#include "input.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/terminal/byte_text.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/value_view.hpp>
#include <base/text/utf8.hpp>
#include <hookd/protocol/limits.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

using base::json_kind;

bool is_white(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view without_byte_order_mark(std::string_view bytes) {
    return bytes.starts_with(base::byte_order_mark) ? bytes.substr(base::byte_order_mark.size()) : bytes;
}

std::string with_valid_utf8(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const auto size = base::front_character_size(text);
        result.append(size == 0 ? "\xef\xbf\xbd" : text.substr(0, size));
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return result;
}

std::string json_fault_text(std::string_view text) {
    const auto fault = base::find_json_fault(text);
    return fault ? std::string(fault->reason) + ", at byte " + std::to_string(fault->offset) : std::string();
}

}  // namespace

std::string_view json_member_of(std::string_view object, std::string_view name) {
    const auto found = base::value_view(object)[name];
    return found.is(json_kind::null) ? std::string_view() : found;
}

std::string merged_json(std::string_view base, std::string_view over) {
    if (!base::value_view(base).is(json_kind::object)) {
        return std::string(over);
    }
    base::object_writer merged;
    const auto add = [&merged](const base::json_member& member) { merged.raw(member.key.decode(), member.value); };
    const auto others = base::value_view(over).members();
    for (const auto& each : base::value_view(base).members()) {
        const auto name = each.key.decode();
        if (std::none_of(others.begin(), others.end(), [&](const auto& other) { return other.key.equals(name); })) {
            add(each);
        }
    }
    std::for_each(others.begin(), others.end(), add);
    return merged.finish();
}

std::string json_text_of(std::string_view value) { return base::value_view(value).string(); }

json_outline::state json_outline::scan(std::string_view text) {
    for (; at_ < text.size() && state_ <= state::inside; ++at_) {
        const char c = text[at_];
        if (state_ == state::before) {
            if (c == '{') {
                state_ = state::inside;
                depth_ = 1;
            } else if (!is_white(c)) {
                state_ = state::not_an_object;
            }
        } else if (!in_string_) {
            structural(text, c);
        } else if (escaped_) {
            escaped_ = false;
        } else if (c == '\\') {
            escaped_ = true;
        } else if (c == '"') {
            string_ended(at_);
        }
    }
    return state_;
}

void json_outline::begin_value(std::size_t at) noexcept {
    if (depth_ == 1 && after_colon_ && value_begin_ == 0) {
        value_begin_ = at;
    }
}

void json_outline::end_value(std::string_view text, std::size_t end) {
    if (value_begin_ != 0) {
        while (end > value_begin_ && is_white(text[end - 1])) {
            --end;
        }
        members_.push_back({key_, {value_begin_, end}});
    }
    value_begin_ = 0;
    after_colon_ = false;
}

void json_outline::string_ended(std::size_t end) noexcept {
    in_string_ = false;
    if (depth_ == 1 && !after_colon_) {
        key_ = {string_begin_ + 1, end};
    }
}

void json_outline::structural(std::string_view text, char c) {
    if (is_white(c)) {
        return;
    }
    if (depth_ == 1 && c == ':' && !after_colon_) {
        after_colon_ = true;
        return;
    }
    if (depth_ == 1 && (c == ',' || c == '}')) {
        end_value(text, at_);
    } else {
        begin_value(at_);
    }
    if (c == '"') {
        in_string_ = true;
        string_begin_ = at_;
    } else if (c == '{' || c == '[') {
        ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
        state_ = state::complete;
    }
}

agent_input::agent_input(std::string_view bytes) : had_mark_(bytes.starts_with(base::byte_order_mark)) {
    bytes = without_byte_order_mark(bytes);
    json_outline outline;
    const auto state = outline.scan(bytes);
    bytes = bytes.substr(0, outline.end());
    text_ = bytes.substr(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
    if (state == json_outline::state::not_an_object) {
        fault_ = "it is not a JSON object";
        return;
    }
    fault_ = json_fault_text(text_);
    if (!fault_.empty()) {
        auto repaired = with_valid_utf8(text_);
        if (json_fault_text(repaired).empty()) {
            text_ = std::move(repaired);
            fault_.clear();
        }
    }
    json_outline own;
    own.scan(text_);
    members_ = own.members();
}

agent_input agent_input::unreadable(std::string why) {
    agent_input none;
    none.fault_ = std::move(why);
    return none;
}

std::string_view agent_input::raw(std::string_view name) const {
    const std::string_view all = text_;
    for (auto each = members_.rbegin(); each != members_.rend(); ++each) {
        const base::json_string key{all.substr(each->key.begin, each->key.end - each->key.begin)};
        if (key.equals(name)) {
            const auto value = all.substr(each->value.begin, each->value.end - each->value.begin);
            return base::kind_of(value) == json_kind::null ? std::string_view() : value;
        }
    }
    return {};
}

std::string_view agent_input::raw(std::string_view name, json_kind wanted) const {
    const auto value = raw(name);
    return !value.empty() && base::kind_of(value) == wanted ? value : std::string_view();
}

std::string agent_input::text(std::string_view name) const { return json_text_of(raw(name)); }

std::string read_one_json_object(std::chrono::milliseconds timeout) {
    using std::chrono::steady_clock;
    const auto end = steady_clock::now() + timeout;
    std::string text;
    json_outline outline;
    std::array<char, std::size_t{64} * 1024> chunk;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
        pollfd readable{STDIN_FILENO, POLLIN, 0};
        // A writer that never stops is readable at any time.
        if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) == 0) {
            return text;  // what is not whole by then can't be used, which is for the caller to say
        }
        const auto count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
        if (count == 0) {
            return text;
        }
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            throw usage_error("can't read standard input: " + std::generic_category().message(errno));
        }
        if (count > 0 && text.size() <= protocol::max_max_frame_bytes) {
            text.append(chunk.data(), static_cast<std::size_t>(count));
            const bool mark_is_cut =
                text.size() < base::byte_order_mark.size() && base::byte_order_mark.starts_with(text);
            if (!mark_is_cut && outline.scan(without_byte_order_mark(text)) > json_outline::state::inside) {
                return text;
            }
        }
    }
}

}  // namespace hookd::hookctl
