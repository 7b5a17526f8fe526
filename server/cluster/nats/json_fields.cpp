// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/json_fields.hpp"

#include "cluster/link/messages.hpp"

#include <hookd/protocol/json_text.hpp>

#include <charconv>

namespace hookd::nats {

namespace {

std::string to_plain(std::string_view value) {
    const bool is_string = value.size() >= 2 && value.front() == '"';
    return is_string ? protocol::json_string{value.substr(1, value.size() - 2)}.decode() : std::string{};
}

template <typename Number>
Number to_number(std::string_view value) noexcept {
    Number number = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    return fault == std::errc{} && end == value.data() + value.size() ? number : 0;
}

}  // namespace

std::optional<json_fields> json_fields::read(std::string_view text) {
    return text.starts_with('{') && link::is_json(text) ? std::optional{json_fields{text}} : std::nullopt;
}

std::string_view json_fields::raw(std::string_view name) const noexcept {
    protocol::json_cursor members{object_};
    while (const auto each = members.next()) {
        if (each->key.equals(name)) {
            return each->value;
        }
    }
    return {};
}

std::string json_fields::text(std::string_view name) const { return to_plain(raw(name)); }

std::vector<std::string> json_fields::texts(std::string_view name) const {
    const std::string_view value = raw(name);
    std::vector<std::string> found;
    if (value.starts_with('[')) {
        for (protocol::json_cursor elements{value}; const auto each = elements.next();) {
            if (protocol::kind_of(each->value) == protocol::json_kind::string) {
                found.push_back(to_plain(each->value));
            }
        }
    }
    return found;
}

std::uint64_t json_fields::number(std::string_view name) const noexcept { return to_number<std::uint64_t>(raw(name)); }

std::int64_t json_fields::signed_number(std::string_view name) const noexcept {
    return to_number<std::int64_t>(raw(name));
}

json_writer& json_writer::raw(std::string_view name, std::string_view value) {
    if (!value.empty()) {
        begin(name);
        out_ += value;
    }
    return *this;
}

json_writer& json_writer::text(std::string_view name, std::string_view plain) {
    begin(name);
    protocol::append_json_string(out_, plain);
    return *this;
}

json_writer& json_writer::number(std::string_view name, std::uint64_t value) {
    return raw(name, std::to_string(value));
}

void json_writer::begin(std::string_view name) {
    if (out_.size() > 1) {
        out_ += ',';
    }
    protocol::append_json_string(out_, name);
    out_ += ':';
}

}  // namespace hookd::nats
