// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "pointer.hpp"
#include "text.hpp"

#include <base/text/number.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace hookd::base {

/// A value in a JSON text that is known to be valid, or none: a span of the text. Members and elements are read from it
/// as they are asked for; nothing is built, kept or allocated, however many there are, so that an object that a peer
/// made up costs no memory and each walk takes time in proportion to its bytes.
///
/// Thread-safety: as a const std::string_view. Lifetime: valid as long as the text.
class value_view {
public:
    /// No value, as of a member that is absent.
    value_view() noexcept = default;
    /// `text`: one valid JSON value, with white space around it or not; empty: no value.
    explicit value_view(std::string_view text) noexcept : text_(trimmed_json(text)) {}

    /// As sent, without the white space around it; empty if there is none.
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    operator std::string_view() const noexcept {
        return text_;
    }  // NOLINT(google-explicit-constructor): a span of the text
    /// As sent: `1.0` is not `1`.
    [[nodiscard]] friend bool operator==(const value_view& value, std::string_view text) noexcept {
        return value.text_ == text;
    }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    [[nodiscard]] bool is(json_kind kind) const noexcept { return !text_.empty() && kind_of(text_) == kind; }

    /// A string, decoded; nothing for any other value.
    [[nodiscard]] std::optional<std::string> as_string() const {
        const auto token = as_token();
        return token ? std::optional{token->decode()} : std::nullopt;
    }
    /// The same, empty for any other value.
    [[nodiscard]] std::string string() const {
        const auto token = as_token();
        return token ? token->decode() : std::string{};
    }
    /// A string as sent, without its quotes; nothing for any other value.
    [[nodiscard]] std::optional<json_string> as_token() const noexcept {
        return is(json_kind::string) ? std::optional{json_string{text_.substr(1, text_.size() - 2)}} : std::nullopt;
    }
    [[nodiscard]] std::optional<bool> as_boolean() const noexcept {
        return is(json_kind::boolean) ? std::optional{text_.front() == 't'} : std::nullopt;
    }
    [[nodiscard]] bool is_true() const noexcept { return text_ == "true"; }
    /// A number that `Number` holds exactly as it is written; nothing for 1.0 as an integer, and for any other value.
    template <class Number>
    [[nodiscard]] std::optional<Number> as_number() const noexcept {
        return parse_number<Number>(text_);
    }

    /// The member of that name, the last one if it is repeated, as parsers have it; none of what is no object. Walks
    /// the whole object.
    [[nodiscard]] value_view operator[](std::string_view name) const noexcept;
    /// The element at that place, from 0; none of a shorter array, and of what is no array.
    [[nodiscard]] value_view element(std::size_t index) const noexcept;

private:
    template <class Item>
    class walk;

public:
    /// The members of an object, in order, for a range-based for; none of any other value.
    [[nodiscard]] walk<json_member> members() const noexcept;
    /// The elements of an array; none of any other value.
    [[nodiscard]] walk<value_view> elements() const noexcept;

private:
    std::string_view text_{};
};

/// A walk through one container.
template <class Item>
class value_view::walk {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Item;
        using difference_type = std::ptrdiff_t;
        using pointer = const Item*;
        using reference = const Item&;

        iterator() noexcept : rest_(std::string_view{}) {}
        explicit iterator(std::string_view container) noexcept : rest_(container) { ++*this; }

        [[nodiscard]] reference operator*() const noexcept { return item_; }
        [[nodiscard]] pointer operator->() const noexcept { return &item_; }
        iterator& operator++() noexcept {
            const auto next = rest_.next();
            at_end_ = !next;
            if (next) {
                if constexpr (std::is_same_v<Item, json_member>) {
                    item_ = *next;
                } else {
                    item_.text_ = next->value;
                }
            }
            return *this;
        }
        iterator operator++(int) noexcept {
            auto before = *this;
            ++*this;
            return before;
        }
        /// Two iterators of one walk differ by whether they are at its end.
        [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.at_end_ == b.at_end_;
        }

    private:
        json_cursor rest_;
        Item item_{};
        bool at_end_ = true;
    };

    explicit walk(std::string_view container) noexcept : container_(container) {}

    [[nodiscard]] iterator begin() const noexcept { return container_.empty() ? iterator{} : iterator{container_}; }
    [[nodiscard]] iterator end() const noexcept { return {}; }
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(std::distance(begin(), end())); }
    /// Precondition: not empty().
    [[nodiscard]] Item front() const noexcept { return *begin(); }
    [[nodiscard]] bool empty() const noexcept { return begin() == end(); }

private:
    std::string_view container_;
};

inline value_view::walk<json_member> value_view::members() const noexcept {
    return walk<json_member>{is(json_kind::object) ? text_ : std::string_view{}};
}

inline value_view::walk<value_view> value_view::elements() const noexcept {
    return walk<value_view>{is(json_kind::array) ? text_ : std::string_view{}};
}

inline value_view value_view::operator[](std::string_view name) const noexcept {
    value_view found;
    for (const auto& each : members()) {
        if (each.key.equals(name)) {
            found.text_ = each.value;
        }
    }
    return found;
}

inline value_view value_view::element(std::size_t index) const noexcept {
    for (const auto& each : elements()) {
        if (index-- == 0) {
            return each;
        }
    }
    return {};
}

}  // namespace hookd::base
