// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "scanner.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::base {

/// JSON pointers (RFC 6901) that are looked up in one text together: it is walked once, however many they are and
/// however deep they lead.
///
/// Thread-safety: none. May throw std::bad_alloc.
class pointer_set {
public:
    [[nodiscard]] bool empty() const noexcept { return nodes_.size() == 1; }
    /// Returns its number, by which value_of() is asked; the same for the same pointer. Nothing: it is no pointer.
    std::optional<std::size_t> add(std::string_view pointer);
    /// Looks all of them up in `text`, which is valid JSON and must outlive the answers. Once.
    void look_up(std::string_view text);
    /// The bytes of the value that it leads to, as find_value() gives them; nothing where it leads nowhere.
    [[nodiscard]] std::optional<std::string_view> value_of(std::size_t number) const noexcept;

private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    // A place that pointers lead to, or through. It has a value if it was entered, and whatever it is in has not been
    // entered again since: of a repeated member the last one counts.
    struct node {
        std::size_t parent = 0;
        boost::unordered_flat_map<std::string, std::size_t, text_hash, std::equal_to<>> members{};
        std::vector<std::pair<std::size_t, std::size_t>> elements{};  // index and node; ascending from look_up() on
        std::uint64_t entered = 0;
        std::uint64_t parent_entered = 0;
        std::string_view value{};
    };

    [[nodiscard]] std::size_t child(std::size_t parent, std::string_view token);
    const char* walk(json_scanner& scanner, const char* at, std::size_t place);
    const char* walk_members(json_scanner& scanner, const char* at, std::size_t place);
    const char* walk_elements(json_scanner& scanner, const char* at, std::size_t place);

    std::vector<node> nodes_ = std::vector<node>(1);  // the first is the whole text
    std::uint64_t entries_ = 0;
};

}  // namespace hookd::base
