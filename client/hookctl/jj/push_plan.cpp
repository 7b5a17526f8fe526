// SPDX-License-Identifier: BSL-1.0
#include "push_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hookd::hookctl {

namespace {

struct action_text {
    std::string_view text;  ///< as jj writes it in brackets; capitalised at the beginning of a line
    std::string_view name;
};

// Longest first: "move" begins "move forward".
constexpr std::array actions{action_text{"move forward", "move_forward"}, action_text{"move backward", "move_backward"},
    action_text{"move sideways", "move_sideways"}, action_text{"move", "move"}, action_text{"force", "force"},
    action_text{"add", "add"}, action_text{"delete", "delete"}};

constexpr std::array<std::string_view, 3> kinds{"bookmark", "branch", "tag"};

bool take(std::string_view& text, std::string_view prefix) {
    const bool found = text.starts_with(prefix);
    text.remove_prefix(found ? prefix.size() : 0);
    return found;
}

// Takes the end ` WORD ID` off the text; returns the id, or nothing.
std::string_view take_id(std::string_view& text, std::string_view word) {
    const auto begin = text.rfind(word);
    if (begin == std::string_view::npos) {
        return {};
    }
    const auto id = text.substr(begin + word.size());
    if (id.empty() || id.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
        return {};
    }
    text = text.substr(0, begin);
    return id;
}

bool take_action(std::string_view& text, bool is_capitalised, std::string& action) {
    for (const auto& each : actions) {
        std::string word(each.text);
        if (is_capitalised) {
            word[0] = static_cast<char>(word[0] - 'a' + 'A');
        }
        if (take(text, word)) {
            action = each.name;
            return true;
        }
    }
    return false;
}

bool take_kind(std::string_view& text, std::string_view before, std::string_view after, std::string& kind) {
    for (const auto each : kinds) {
        if (take(text, std::string(before) + std::string(each) + std::string(after))) {
            kind = each;
            return true;
        }
    }
    return false;
}

// `Move forward bookmark main from ID to ID`
bool read_sentence(std::string_view line, jj_change& change) {
    if (!take_action(line, true, change.action) || !take_kind(line, " ", " ", change.kind)) {
        return false;
    }
    change.to = take_id(line, " to ");
    change.from = take_id(line, " from ");
    change.name = line;
    return true;
}

// `bookmark: main [move forward from ID to ID]`
bool read_entry(std::string_view line, jj_change& change) {
    if (!take_kind(line, "", ": ", change.kind) || !line.ends_with(']')) {
        return false;
    }
    const auto bracket = line.rfind(" [");
    if (bracket == std::string_view::npos) {
        return false;
    }
    auto details = line.substr(bracket + 2, line.size() - bracket - 3);
    change.to = take_id(details, " to ");
    change.from = take_id(details, " from ");
    change.name = line.substr(0, bracket);
    return take_action(details, false, change.action) && details.empty();
}

bool is_complete(const jj_change& change) {
    return !change.name.empty() && change.to.empty() == (change.action == "delete") &&
           (change.from.empty() == (change.action == "add"));
}

// `Changes to push to REMOTE:`, before jj 0.23 with `Branch changes`.
std::string_view remote_of_heading(std::string_view line) {
    constexpr std::string_view heading = "hanges to push to ";
    const auto found = line.find(heading);
    const bool is_heading = (found == 1 || found == std::string_view("Branch c").size()) && line.ends_with(':');
    return is_heading ? line.substr(found + heading.size(), line.size() - found - heading.size() - 1)
                      : std::string_view();
}

}  // namespace

std::optional<std::vector<jj_change>> read_push_plan(std::string_view output) {
    std::vector<jj_change> changes;
    std::string_view remote;
    bool nothing_changed = false;
    while (!output.empty()) {
        const auto end = std::min(output.find('\n'), output.size());
        auto line = output.substr(0, end);
        output.remove_prefix(std::min(end + 1, output.size()));
        nothing_changed = nothing_changed || line == "Nothing changed.";
        if (const auto found = remote_of_heading(line); !found.empty()) {
            remote = found;
        } else if (!remote.empty() && take(line, "  ")) {
            jj_change change{.remote = std::string(remote)};
            if ((!read_sentence(line, change) && !read_entry(line, change)) || !is_complete(change)) {
                return std::nullopt;
            }
            changes.push_back(std::move(change));
        }
    }
    if (changes.empty() && !nothing_changed) {
        return std::nullopt;
    }
    return changes;
}

}  // namespace hookd::hookctl
