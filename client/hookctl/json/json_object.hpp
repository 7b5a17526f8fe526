// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/json_text.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

/// Writes a JSON object member by member, in that order.
class json_object {
public:
    /// `json` is spliced in as it is: one JSON value.
    json_object& raw(std::string_view key, std::string_view json) {
        out_ += out_.empty() ? '{' : ',';
        protocol::append_json_string(out_, key);
        out_ += ':';
        out_ += json;
        return *this;
    }
    json_object& text(std::string_view key, std::string_view plain) {
        raw(key, {});
        protocol::append_json_string(out_, plain);
        return *this;
    }
    json_object& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    /// An array of strings.
    template <class Texts>
    json_object& texts(std::string_view key, const Texts& all) {
        raw(key, "[");
        for (std::string_view separator; const auto& each : all) {
            out_ += separator;
            protocol::append_json_string(out_, each);
            separator = ",";
        }
        out_ += ']';
        return *this;
    }
    [[nodiscard]] bool empty() const noexcept { return out_.empty(); }
    /// The object; nothing may be added afterwards.
    [[nodiscard]] std::string finish() { return out_.empty() ? "{}" : std::move(out_ += '}'); }

private:
    std::string out_{};
};

}  // namespace hookd::hookctl
