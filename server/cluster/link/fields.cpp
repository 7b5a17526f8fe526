// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/fields.hpp"

#include <base/json/scanner.hpp>

#include <algorithm>
#include <utility>

namespace hookd::link {
namespace {

using base::json_kind;
using base::kind_of;

[[noreturn]] void refuse_object() {
    throw malformed_message(
        "it is not a valid JSON object of at most " + std::to_string(member_index::capacity) + " members");
}

}  // namespace

std::optional<member_index> member_index::read(std::string_view object, std::size_t depth) {
    std::optional<member_index> found{std::in_place};
    if (!found->fill(object, depth)) {
        found.reset();
    }
    return found;
}

template <class Skip>
const char* member_index::walk(base::json_scanner& scanner, const char* position, Skip skip) {
    return scanner.walk_object(position, [&](base::json_string key, const char* value) {
        const char* const after = count_ < capacity ? skip(key, value) : nullptr;
        if (after != nullptr) {
            members_[count_++] = {key, {value, static_cast<std::size_t>(after - value)}};
        }
        return after;
    });
}

bool member_index::fill(std::string_view object, std::size_t depth) {
    if (!object.starts_with('{')) {
        return false;
    }
    base::json_scanner scanner{object, depth};
    const auto skip = [&scanner](base::json_string, const char* value) { return scanner.skip_value(value); };
    const char* const end = walk(scanner, scanner.begin(), skip);
    return end != nullptr && scanner.expect_end(end) != nullptr;
}

bool member_index::fill_both(std::string_view object, std::string_view name, member_index& inner) {
    if (!object.starts_with('{')) {
        return false;
    }
    base::json_scanner scanner{object};
    const auto skip = [&scanner](base::json_string, const char* value) { return scanner.skip_value(value); };
    bool is_first = true;  // the first of a repeated member counts
    const char* const end = walk(scanner, scanner.begin(), [&](base::json_string key, const char* value) {
        const bool is_inner = scanner.is(value, '{') && key.equals(name) && std::exchange(is_first, false);
        return is_inner ? inner.walk(scanner, value, skip) : scanner.skip_value(value);
    });
    return end != nullptr && scanner.expect_end(end) != nullptr;
}

std::string_view member_index::find(std::string_view name) const noexcept {
    const auto* const end = members_.begin() + count_;
    const auto* const found =
        std::find_if(members_.begin(), end, [name](const base::json_member& each) { return each.key.equals(name); });
    return found == end ? std::string_view{} : found->value;
}

std::string string_of(std::string_view value) { return base::json_string{value.substr(1, value.size() - 2)}.decode(); }

fields::fields(std::string_view object) {
    if (!members_.fill(object)) {
        refuse_object();
    }
}

notification::notification(std::string_view frame) {
    if (!envelope_.members_.fill_both(frame, "params", params_.members_)) {
        refuse_object();
    }
    if (const auto params = envelope_.find("params"); !params.empty() && kind_of(params) != json_kind::object) {
        fields::refuse("params", "is of the wrong type");
    }
}

std::string_view fields::find(std::string_view name) const noexcept {
    const auto value = members_.find(name);
    return kind_of(value) == json_kind::null ? std::string_view{} : value;
}

std::string_view fields::raw(std::string_view name) const {
    const auto value = members_.find(name);
    if (value.empty()) {
        refuse(name, "is missing");
    }
    return value;
}

std::string_view fields::required(std::string_view name, json_kind kind) const {
    const auto value = raw(name);
    if (kind_of(value) != kind) {
        refuse(name, "is of the wrong type");
    }
    return value;
}

std::string fields::text(std::string_view name) const { return string_of(required(name, json_kind::string)); }

std::string fields::text_or_empty(std::string_view name) const {
    return find(name).empty() ? std::string{} : text(name);
}

bool fields::boolean(std::string_view name) const { return required(name, json_kind::boolean) == "true"; }

bool fields::boolean_or_false(std::string_view name) const { return !find(name).empty() && boolean(name); }

std::vector<std::string> fields::texts(std::string_view name) const {
    std::vector<std::string> found;
    each_of(name, [&](std::string_view element) {
        if (kind_of(element) != json_kind::string) {
            refuse(name, "has an element that is not a string");
        }
        found.push_back(string_of(element));
    });
    return found;
}

void fields::refuse(std::string_view name, std::string_view fault) {
    throw malformed_message(std::string{name} + ' ' + std::string{fault});
}

}  // namespace hookd::link
