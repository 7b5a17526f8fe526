// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/text.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hookd::link {

/// Writes a JSON object, member by member. Names are plain text without quotes, backslashes and control characters.
class object_writer {
public:
    object_writer() = default;
    /// Goes on with a text that ends in the `{` of the object.
    explicit object_writer(std::string begun) : out_(std::move(begun)) {}

    /// Begins a member: whoever calls it appends the value to what it returns.
    std::string& value_of(std::string_view name) {
        out_ += out_.back() == '{' ? "\"" : ",\"";
        out_ += name;
        out_ += "\":";
        return out_;
    }
    /// `json`: a JSON text.
    object_writer& raw(std::string_view name, std::string_view json) {
        value_of(name) += json;
        return *this;
    }
    object_writer& raw_if_any(std::string_view name, std::string_view json) {
        return json.empty() ? *this : raw(name, json);
    }
    object_writer& text(std::string_view name, std::string_view plain) {
        base::append_json_string(value_of(name), plain);
        return *this;
    }
    object_writer& text_if_any(std::string_view name, std::string_view plain) {
        return plain.empty() ? *this : text(name, plain);
    }
    template <class Number>
    object_writer& number(std::string_view name, Number value) {
        static_assert(std::is_integral_v<Number> && !std::is_same_v<Number, bool>);
        value_of(name) += std::to_string(value);
        return *this;
    }
    object_writer& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    /// An array, with what `append(text, element)` writes for each element.
    template <class Elements, class Append>
    object_writer& array(std::string_view name, const Elements& elements, Append append) {
        auto& text = value_of(name) += '[';
        for (bool first = true; const auto& each : elements) {
            text += std::exchange(first, false) ? "" : ",";
            append(text, each);
        }
        text += ']';
        return *this;
    }

    [[nodiscard]] std::string take() { return std::move(out_ += '}'); }

private:
    std::string out_ = "{";
};

/// Begins the notification `cluster.METHOD` in a frame of the native framing: its params are written to what it
/// returns, and frame_of() makes the frame.
[[nodiscard]] object_writer begin_notification(std::string_view method);
[[nodiscard]] std::string frame_of(object_writer& params);
[[nodiscard]] inline std::string frame_of(object_writer&& params) { return frame_of(params); }

/// The JSON text in such a frame.
[[nodiscard]] std::string_view body_of(std::string_view frame) noexcept;

}  // namespace hookd::link
