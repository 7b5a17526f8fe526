// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/json_fields.hpp"

#include "cluster/link/messages.hpp"

#include <base/json/text.hpp>
#include <base/text/number.hpp>

namespace hookd::nats {

namespace {

std::string to_plain(std::string_view value) {
    return base::kind_of(value) == base::json_kind::string ? link::string_of(value) : std::string{};
}

}  // namespace

std::optional<json_fields> json_fields::read(std::string_view text) {
    std::optional<json_fields> found{json_fields{}};
    if (!found->members_.fill(text, link::content_depth + 1)) {
        found.reset();
    }
    return found;
}

std::string json_fields::text(std::string_view name) const { return to_plain(raw(name)); }

std::vector<std::string> json_fields::texts(std::string_view name) const {
    const std::string_view value = raw(name);
    std::vector<std::string> found;
    if (value.starts_with('[')) {
        for (base::json_cursor elements{value}; const auto each = elements.next();) {
            if (base::kind_of(each->value) == base::json_kind::string) {
                found.push_back(to_plain(each->value));
            }
        }
    }
    return found;
}

std::uint64_t json_fields::number(std::string_view name) const noexcept {
    return base::parse_number<std::uint64_t>(raw(name)).value_or(0);
}

std::int64_t json_fields::signed_number(std::string_view name) const noexcept {
    return base::parse_number<std::int64_t>(raw(name)).value_or(0);
}

}  // namespace hookd::nats
