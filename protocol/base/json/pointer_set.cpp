// SPDX-License-Identifier: BSL-1.0
#include "pointer_set.hpp"

#include "pointer.hpp"

#include <base/text/number.hpp>

#include <algorithm>

namespace hookd::base {

std::optional<std::size_t> pointer_set::add(std::string_view pointer) {
    std::size_t place = 0;
    while (!pointer.empty()) {
        if (pointer.front() != '/') {
            return std::nullopt;
        }
        place = child(place, take_pointer_token(pointer));
    }
    return place;
}

std::size_t pointer_set::child(std::size_t parent, std::string_view token) {
    if (const auto known = nodes_[parent].members.find(token); known != nodes_[parent].members.end()) {
        return known->second;
    }
    const auto added = nodes_.size();
    nodes_.push_back({.parent = parent});
    nodes_[parent].members.emplace(std::string{token}, added);
    if (const auto index = element_index(token)) {
        nodes_[parent].elements.emplace_back(*index, added);
    }
    return added;
}

void pointer_set::look_up(std::string_view text) {
    for (auto& each : nodes_) {
        std::sort(each.elements.begin(), each.elements.end());
    }
    json_scanner scanner{text};
    (void)walk(scanner, scanner.skip_space(text.data()), 0);
}

std::optional<std::string_view> pointer_set::value_of(std::size_t number) const noexcept {
    for (std::size_t place = number; place != 0; place = nodes_[place].parent) {
        const node& next = nodes_[place];
        if (next.entered == 0 || next.parent_entered != nodes_[next.parent].entered) {
            return std::nullopt;
        }
    }
    return nodes_[number].value;
}

const char* pointer_set::walk(json_scanner& scanner, const char* at, std::size_t place) {
    node& here = nodes_[place];
    here.entered = ++entries_;
    here.parent_entered = nodes_[here.parent].entered;
    const char* end = nullptr;
    if (scanner.is(at, '{') && !here.members.empty()) {
        end = walk_members(scanner, at, place);
    } else if (scanner.is(at, '[') && !here.elements.empty()) {
        end = walk_elements(scanner, at, place);
    } else {
        end = scanner.skip_value(at);
    }
    here.value = end == nullptr ? std::string_view{} : std::string_view{at, static_cast<std::size_t>(end - at)};
    return end;
}

const char* pointer_set::walk_members(json_scanner& scanner, const char* at, std::size_t place) {
    const auto& members = nodes_[place].members;
    return scanner.walk_object(at, [&](const json_string& key, const char* value) {
        const auto wanted = key.has_escapes() ? members.find(key.decode()) : members.find(key.raw);
        return wanted == members.end() ? scanner.skip_value(value) : walk(scanner, value, wanted->second);
    });
}

const char* pointer_set::walk_elements(json_scanner& scanner, const char* at, std::size_t place) {
    auto next = nodes_[place].elements.begin();
    const auto end = nodes_[place].elements.end();
    return scanner.walk_array(at, [&, index = std::size_t{0}](const char* value) mutable {
        const bool is_wanted = next != end && next->first == index++;
        return is_wanted ? walk(scanner, value, (next++)->second) : scanner.skip_value(value);
    });
}

}  // namespace hookd::base
