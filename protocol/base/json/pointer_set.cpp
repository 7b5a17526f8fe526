// SPDX-License-Identifier: BSL-1.0
#include "pointer_set.hpp"

#include "pointer.hpp"
#include "skipper.hpp"
#include "text.hpp"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace hookd::base {

pointer_set::place pointer_set::add(std::string_view pointer) {
    auto at = pointers_.lower_bound(pointer);
    if (at == pointers_.end() || at->first != pointer) {
        at = pointers_.emplace_hint(at, pointer, 0);
    }
    ++at->second;
    return &*at;
}

void pointer_set::remove(place known) noexcept {
    const auto at = pointers_.find(known->first);
    if (--at->second == 0) {
        pointers_.erase(at);
    }
}

// Goes into a container only where pointers lead into it, and only once: into the last of members of one name.
class pointer_set::walk {
public:
    walk(const counts& pointers, std::string_view text, std::size_t& steps_left, values& found) noexcept
        : pointers_(pointers),
          skipper_(text, steps_left),
          search_steps_(steps_of_search * static_cast<std::size_t>(std::bit_width(pointers.size()))),
          found_(found) {}

    // The value of the whole text, or of the place that path_ leads to.
    [[nodiscard]] bool visit(const char* value, const char* after) {
        const auto at = pointers_.lower_bound(path_);
        if (at != pointers_.end() && at->first == path_) {
            found_.emplace(&*at, std::string_view{value, static_cast<std::size_t>(after - value)});
        }
        if ((*value != '{' && *value != '[') || !leads_further()) {
            return true;
        }
        return *value == '{' ? visit_members(value) : visit_elements(value);
    }

    [[nodiscard]] bool visit_text(std::string_view text) {
        const auto value = trimmed_json(text);
        return visit(value.data(), value.data() + value.size());
    }

private:
    static constexpr std::size_t steps_of_search = 5;  // each time that the number of pointers doubles

    using extent = std::pair<const char*, const char*>;

    // Whether pointers begin with path_ and go on from there.
    [[nodiscard]] bool leads_further() {
        path_ += '/';
        const auto at = pointers_.lower_bound(path_);
        const bool result = at != pointers_.end() && at->first.starts_with(path_);
        path_.pop_back();
        return result;
    }

    [[nodiscard]] bool is_wanted() {
        const auto at = pointers_.lower_bound(path_);
        return at != pointers_.end() && at->first.starts_with(path_) &&
               (at->first.size() == path_.size() || leads_further());
    }

    [[nodiscard]] bool visit_members(const char* object) {
        const auto here = path_.size();
        boost::unordered_flat_map<std::string, extent> last;  // of each that is wanted, by its part of the path
        const bool is_walked =
            skipper_.walk_object(object, [&](std::string_view name, const char* value, const char* after) {
                append_token(json_string{name});
                if (skipper_.take_steps(search_steps_) && is_wanted()) {
                    last.insert_or_assign(path_.substr(here), extent{value, after});
                }
                path_.resize(here);
            });
        return is_walked && std::all_of(last.begin(), last.end(), [&](const auto& each) {
            path_ += each.first;
            const bool has_steps = visit(each.second.first, each.second.second);
            path_.resize(here);
            return has_steps;
        });
    }

    [[nodiscard]] bool visit_elements(const char* array) {
        const auto wanted = wanted_elements();
        if (wanted.empty() || skipper_.has_given_up()) {
            return !skipper_.has_given_up();
        }
        auto next = wanted.begin();
        const auto here = path_.size();
        return skipper_.walk_array(array, [&, index = std::size_t{0}](const char* value, const char* after) mutable {
            if (next->first == index++) {
                path_ += next->second;
                (void)visit(value, after);
                path_.resize(here);
                ++next;
            }
            return next != wanted.end();
        }) && !skipper_.has_given_up();
    }

    // Those elements of the array at path_ that pointers lead to or through, with their parts of the path.
    [[nodiscard]] std::map<std::size_t, std::string> wanted_elements() {
        std::map<std::size_t, std::string> result;
        path_ += '/';
        const auto begin = path_.size();
        for (auto at = pointers_.lower_bound(path_); at != pointers_.end() && at->first.starts_with(path_); ++at) {
            if (!skipper_.take_steps(search_steps_)) {
                break;
            }
            const auto token = std::string_view{at->first}.substr(begin, at->first.find('/', begin) - begin);
            if (const auto index = element_index(token)) {
                result.try_emplace(*index, "/" + std::string{token});
            }
        }
        path_.pop_back();
        return result;
    }

    // As a reference token (RFC 6901, section 3).
    void append_token(const json_string& name) {
        path_ += '/';
        const bool is_plain = std::none_of(
            name.raw.begin(), name.raw.end(), [](char each) { return each == '\\' || each == '~' || each == '/'; });
        if (is_plain) {
            path_ += name.raw;
            return;
        }
        for (const char each : name.decode()) {
            if (each == '~' || each == '/') {
                path_ += '~';
            }
            path_ += each == '~' ? '0' : each == '/' ? '1' : each;
        }
    }

    const counts& pointers_;
    json_skipper skipper_;
    std::size_t search_steps_;  // of one search among all pointers
    values& found_;
    std::string path_{};
};

bool pointer_set::look_up(std::string_view text, std::size_t& steps_left, values& found) const {
    return walk{pointers_, text, steps_left, found}.visit_text(text);
}

}  // namespace hookd::base
