// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// The members of a JSON object, as sent. Lifetime: spans of the text.
class json_fields {
public:
    /// Nothing where `text` is not a JSON object.
    [[nodiscard]] static std::optional<json_fields> read(std::string_view text);

    /// The value as it stands; empty where absent.
    [[nodiscard]] std::string_view raw(std::string_view name) const noexcept;
    /// An array of strings, decoded; what else is in it is left out.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    /// A string, decoded; empty where absent or no string.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// 0 where absent or not an integer of 0 and more.
    [[nodiscard]] std::uint64_t number(std::string_view name) const noexcept;
    [[nodiscard]] std::int64_t signed_number(std::string_view name) const noexcept;
    [[nodiscard]] bool flag(std::string_view name) const noexcept { return raw(name) == "true"; }

private:
    explicit json_fields(std::string_view object) noexcept : object_(object) {}

    std::string_view object_;
};

/// Writes a JSON object.
class json_writer {
public:
    /// `value`: a JSON text. Empty: the member is left out.
    json_writer& raw(std::string_view name, std::string_view value);
    json_writer& text(std::string_view name, std::string_view plain);
    json_writer& text_if_any(std::string_view name, std::string_view plain) {
        return plain.empty() ? *this : text(name, plain);
    }
    json_writer& number(std::string_view name, std::uint64_t value);
    json_writer& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    [[nodiscard]] std::string take() { return std::move(out_ += '}'); }

private:
    void begin(std::string_view name);

    std::string out_ = "{";
};

}  // namespace hookd::nats
