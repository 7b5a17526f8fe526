// SPDX-License-Identifier: BSL-1.0
#include "json_edit.hpp"

#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

/// An element, or a member from its key on; offsets into the text.
struct child {
    std::size_t begin;
    std::size_t value;
    std::size_t end;
};

/// The text with blanks in the place of its comments.
std::string without_comments(std::string text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                at += text[at] == '\\' ? 1 : 0;
            }
            continue;
        }
        const auto rest = std::string_view(text).substr(at);
        auto end = std::string_view::npos;
        if (rest.starts_with("//")) {
            end = std::min(rest.find('\n'), rest.size());
        } else if (rest.starts_with("/*") && rest.find("*/", 2) != std::string_view::npos) {
            end = rest.find("*/", 2) + 2;
        } else {
            continue;
        }
        for (const auto last = at + end; at < last; ++at) {
            text[at] = text[at] == '\n' ? '\n' : ' ';
        }
        --at;
    }
    return text;
}

std::vector<child> children_of(std::string_view text, std::string_view container) {
    std::vector<child> all;
    base::json_cursor each(container);
    while (const auto found = each.next()) {
        const auto value = static_cast<std::size_t>(found->value.data() - text.data());
        const bool is_member = container.front() == '{';
        const auto begin = is_member ? static_cast<std::size_t>(found->key.raw.data() - text.data()) - 1 : value;
        all.push_back({begin, value, value + found->value.size()});
    }
    return all;
}

void add(json_document& document, std::string_view container, const std::string& piece) {
    const auto text = document.view();
    const auto all = children_of(text, container);
    const auto inside = static_cast<std::size_t>(container.data() - text.data()) + 1;
    if (all.empty()) {
        document.insert(inside, piece);
        return;
    }
    // Apart from the one before as that is from what is before it.
    const auto before = all.size() > 1 ? text.find(',', all[all.size() - 2].end) + 1 : inside;
    const std::string space(text.substr(before, all.back().begin - before));
    document.insert(all.back().end, "," + (space.empty() ? " " : space) + piece);
}

}  // namespace

json_document::json_document(std::string text, json_comments comments)
    : text_(std::move(text)), plain_(comments == json_comments::accepted ? without_comments(text_) : text_) {}

void json_document::insert(std::size_t at, std::string_view piece) {
    text_.insert(at, piece);
    plain_.insert(at, piece);
}

void json_document::erase(std::size_t at, std::size_t size) {
    text_.erase(at, size);
    plain_.erase(at, size);
}

std::string_view json_member_view(std::string_view object, std::string_view name) {
    return base::value_view(object)[name];
}

void json_add_member(json_document& text, std::string_view object, std::string_view name, std::string_view value) {
    std::string piece;
    base::append_json_string(piece, name);
    add(text, object, piece.append(": ").append(value));
}

void json_add_element(json_document& text, std::string_view array, std::string_view value) {
    add(text, array, std::string(value));
}

bool json_was_made(std::string_view container) noexcept { return container.size() > 1 && container[1] == '\n'; }

void json_remove(json_document& text, std::string_view container, std::string_view value) {
    const auto* position = value.data();
    bool done = false;  // what moves up to its place stays
    json_remove_if(text, container, [&](std::string_view each) { return !done && (done = each.data() == position); });
}

bool json_remove_if(
    json_document& document, std::string_view container, const std::function<bool(std::string_view value)>& unwanted) {
    const auto begins = static_cast<std::size_t>(container.data() - document.view().data());
    auto size = container.size();
    bool removed = false;
    for (std::size_t i = 0;;) {
        const auto text = document.view();
        const auto all = children_of(text, text.substr(begins, size));
        while (i < all.size() && !unwanted(text.substr(all[i].value, all[i].end - all[i].value))) {
            ++i;
        }
        if (i == all.size()) {
            return removed;
        }
        const bool is_last = i + 1 == all.size();
        const auto begin = i > 0 ? all[i - 1].end : is_last ? begins + 1 : all[i].begin;
        const auto end = i > 0 || is_last ? all[i].end : all[i + 1].begin;
        document.erase(begin, end - begin);
        size -= end - begin;
        removed = true;
    }
}

bool json_is_empty(std::string_view container) { return !base::json_cursor(container).next(); }

}  // namespace hookd::hookctl
