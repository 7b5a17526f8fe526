// SPDX-License-Identifier: BSL-1.0
#include "json_layout.hpp"

#include "hookctl/terminal/output.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>

namespace hookd::hookctl {

namespace {

using base::json_kind;

/// Appends lines for the value; its first characters continue the last line. `depth`: of the line that it begins on.
void lay_out(std::vector<std::string>& lines, std::string_view value, std::size_t depth) {
    const auto kind = base::kind_of(value);
    const bool is_object = kind == json_kind::object;
    if (!is_object && kind != json_kind::array) {
        lines.back() += escaped_controls(value);
        return;
    }
    bool is_empty = true;
    lines.back() += is_object ? "{" : "[";
    for (base::json_cursor members(value); const auto member = members.next();) {
        lines.back() += is_empty ? "" : ",";
        is_empty = false;
        lines.emplace_back(2 * (depth + 1), ' ');
        if (is_object) {
            std::string key;
            base::append_json_string(key, member->key.decode());
            lines.back() += escaped_controls(key) + ": ";
        }
        lay_out(lines, member->value, depth + 1);
    }
    if (!is_empty) {
        lines.emplace_back(2 * depth, ' ');
    }
    lines.back() += is_object ? "}" : "]";
}

}  // namespace

std::vector<std::string> laid_out(std::string_view json) {
    std::vector<std::string> lines(1);
    lay_out(lines, base::trimmed_json(json), 0);
    return lines;
}

}  // namespace hookd::hookctl
