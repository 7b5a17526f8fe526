// SPDX-License-Identifier: BSL-1.0
#include "transcript.hpp"

#include <algorithm>
#include <iterator>
#include <regex>
#include <utility>

namespace hookd::test::docs {
namespace {

constexpr const char* uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

// What a document may show of things that vary, by the group of the expression that finds it.
enum variable : std::size_t { any_text = 1, id, time, clock, elapsed, duration, pid_member, pid_word };

const std::regex& variables() {
    static const std::regex expression{
        std::string{"(…)|("} + uuid + R"()|(\d{4}-\d\d-\d\dT[0-9:.]+Z)|(\b\d\d:\d\d:\d\d\.\d{3}\b))" +
        R"(|("elapsed_ms":\d[0-9.eE+]*)|(\b\d+(?:\.\d+)? ms\b)|("[pu]id":\d+)|(\bpid \d+))"};
    return expression;
}

std::string escaped(const std::string& text) {
    static const std::regex special{R"([.^$|()\[\]{}*+?\\])"};
    return std::regex_replace(text, special, R"(\$&)");
}

}  // namespace

const std::string* id_book::find(const std::string& shown) const {
    const auto found = real_by_shown_.find(shown);
    return found == real_by_shown_.end() ? nullptr : &found->second;
}

bool id_book::bind(const std::string& shown, const std::string& real) {
    const auto by_shown = real_by_shown_.find(shown);
    const auto by_real = shown_by_real_.find(real);
    if (by_shown == real_by_shown_.end() && by_real == shown_by_real_.end()) {
        real_by_shown_[shown] = real;
        shown_by_real_[real] = shown;
        return true;
    }
    return by_shown != real_by_shown_.end() && by_shown->second == real;
}

std::string id_book::translate(std::string_view text) const {
    std::string result{text};
    for (const auto& [shown, real] : real_by_shown_) {
        for (auto at = result.find(shown); at != std::string::npos; at = result.find(shown, at + real.size())) {
            result.replace(at, shown.size(), real);
        }
    }
    return result;
}

bool line_matches(const std::string& shown, const std::string& printed, id_book& ids) {
    std::string expression;
    std::vector<std::string> new_ids;
    auto rest = shown.cbegin();
    for (std::sregex_iterator each{shown.begin(), shown.end(), variables()}, end; each != end; ++each) {
        const auto& found = *each;
        expression += escaped({rest, found[0].first});
        rest = found[0].second;
        if (found[any_text].matched) {
            expression += ".*";
        } else if (found[id].matched) {
            if (const auto* real = ids.find(found.str())) {
                expression += *real;
            } else {
                new_ids.push_back(found.str());
                expression += std::string{"("} + uuid + ")";
            }
        } else if (found[time].matched) {
            expression += R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)";
        } else if (found[clock].matched) {
            expression += R"(\d\d:\d\d:\d\d\.\d{3})";
        } else if (found[elapsed].matched) {
            expression += R"re("elapsed_ms":\d[0-9.eE+-]*)re";
        } else if (found[duration].matched) {
            expression += R"(\d+(?:\.\d+)? m?s)";
        } else {
            expression += found[pid_member].matched ? R"re("[pu]id":\d+)re" : R"(pid \d+)";
        }
    }
    expression += escaped({rest, shown.cend()});

    std::smatch groups;
    if (!std::regex_match(printed, groups, std::regex{expression})) {
        return false;
    }
    auto written = ids;
    for (std::size_t i = 0; i < new_ids.size(); ++i) {
        if (!written.bind(new_ids[i], groups.str(i + 1))) {
            return false;
        }
    }
    ids = std::move(written);
    return true;
}

transcript::transcript(std::vector<std::string> shown, bool any_order, id_book& ids)
    : left_(std::move(shown)), any_order_(any_order), ids_(ids) {}

bool transcript::take(const std::string& printed) {
    const auto last = any_order_ ? left_.end() : left_.begin() + std::min<std::ptrdiff_t>(1, std::ssize(left_));
    const auto found =
        std::find_if(left_.begin(), last, [&](const auto& shown) { return line_matches(shown, printed, ids_); });
    if (found == last) {
        unexpected_.push_back(printed);
        return false;
    }
    left_.erase(found);
    return true;
}

}  // namespace hookd::test::docs
