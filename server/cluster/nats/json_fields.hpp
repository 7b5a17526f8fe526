// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/fields.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// The members of a JSON object that another host has sent: what is absent or of another type is empty, 0 or false.
/// Lifetime: spans of the text.
class json_fields {
public:
    /// Nothing where `text` is not a JSON object of link::member_index::capacity members at most, with content that
    /// hookd takes inside a message.
    [[nodiscard]] static std::optional<json_fields> read(std::string_view text);

    /// The value as it stands; empty if absent.
    [[nodiscard]] std::string_view raw(std::string_view name) const noexcept { return members_.find(name); }
    /// An array of strings, decoded; what else is in it is left out.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    /// A string, decoded; empty if absent or no string.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// 0 if absent or not an integer of 0 and more.
    [[nodiscard]] std::uint64_t number(std::string_view name) const noexcept;
    [[nodiscard]] std::int64_t signed_number(std::string_view name) const noexcept;
    [[nodiscard]] bool flag(std::string_view name) const noexcept { return raw(name) == "true"; }

private:
    json_fields() = default;

    link::member_index members_;
};

}  // namespace hookd::nats
