// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "text.hpp"

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hookd::base {

/// Writes a JSON object member by member, in that order, either into a text of its own or at the end of another one.
/// Names are written as JSON strings, whatever is in them; no name is looked up, so that a caller must not repeat one.
///
/// Thread-safety: none. Lifetime: a text that is appended to must outlive it, and must not be touched but by member().
class object_writer {
public:
    /// A text of its own; finish() gives it.
    object_writer() : own_("{") {}
    /// The same behind `begun`: finish() gives both.
    explicit object_writer(std::string&& begun) : own_(std::move(begun)) { own_ += '{'; }
    /// Appends to `out`; end() completes it.
    explicit object_writer(std::string& out) : out_(&out) { out += '{'; }

    /// The text to whose end the value of `name` is to be appended, before anything else is called.
    std::string& member(std::string_view name) {
        auto& out = text_written();
        if (!std::exchange(is_empty_, false)) {
            out += ',';
        }
        append_json_string(out, name);
        out += ':';
        return out;
    }
    /// `json`: one JSON value, as it is.
    object_writer& raw(std::string_view name, std::string_view json) {
        member(name) += json;
        return *this;
    }
    object_writer& text(std::string_view name, std::string_view plain) {
        append_json_string(member(name), plain);
        return *this;
    }
    object_writer& number(std::string_view name, std::integral auto value) { return raw(name, std::to_string(value)); }
    object_writer& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    /// An array: `append(out, element)` appends the JSON text of each element to `out`.
    template <class Elements, class Append>
    object_writer& array(std::string_view name, const Elements& elements, Append append) {
        auto& out = member(name);
        out += '[';
        for (std::string_view separator; const auto& each : elements) {
            out += separator;
            append(out, each);
            separator = ",";
        }
        out += ']';
        return *this;
    }
    /// An array of strings.
    template <class Texts>
    object_writer& texts(std::string_view name, const Texts& all) {
        return array(name, all, [](std::string& out, std::string_view each) { append_json_string(out, each); });
    }

    // Left out if there is nothing to say: an empty text, an absent number, false.
    object_writer& optional_raw(std::string_view name, std::string_view json) {
        return json.empty() ? *this : raw(name, json);
    }
    object_writer& optional_text(std::string_view name, std::string_view plain) {
        return plain.empty() ? *this : text(name, plain);
    }
    template <std::integral Number>
    object_writer& optional_number(std::string_view name, std::optional<Number> value) {
        return value ? number(name, *value) : *this;
    }
    object_writer& optional_flag(std::string_view name, bool value) { return value ? flag(name, value) : *this; }
    template <class Texts>
    object_writer& optional_texts(std::string_view name, const Texts& all) {
        return all.empty() ? *this : texts(name, all);
    }

    /// Makes room for that many more bytes at once.
    object_writer& reserve(std::size_t bytes) {
        auto& out = text_written();
        out.reserve(out.size() + bytes);
        return *this;
    }
    [[nodiscard]] bool empty() const noexcept { return is_empty_; }
    /// Completes the object in the text that it was appended to.
    void end() { text_written() += '}'; }
    /// Completes the object and gives its own text away; nothing may be called afterwards.
    [[nodiscard]] std::string finish() { return std::move(own_ += '}'); }

private:
    [[nodiscard]] std::string& text_written() noexcept { return out_ != nullptr ? *out_ : own_; }

    std::string own_{};
    std::string* out_ = nullptr;
    bool is_empty_ = true;
};

}  // namespace hookd::base
