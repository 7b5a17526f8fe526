// SPDX-License-Identifier: BSL-1.0
#include "resolved_command.hpp"

#include <algorithm>
#include <system_error>

#include <unistd.h>

namespace hookd::base {

namespace {

namespace fs = std::filesystem;

bool is_regular(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

/// Whether `word` is a path, whatever is there: one that is not there yet counts from the same directory as one that
/// is.
bool is_relative_path(std::string_view word) { return word.starts_with("./") || word.starts_with("../"); }

std::string found_program(const std::string& name, const fs::path& directory, std::string_view path) {
    if (name.find('/') != std::string::npos) {
        return (directory / name).lexically_normal().string();
    }
    for (;;) {
        const auto end = std::min(path.find(':'), path.size());
        const auto candidate = (directory / path.substr(0, end) / name).lexically_normal();
        if (is_regular(candidate) && ::access(candidate.c_str(), X_OK) == 0) {
            return candidate.string();
        }
        if (end == path.size()) {
            return name;
        }
        path.remove_prefix(end + 1);
    }
}

}  // namespace

std::array<std::string_view, 2> file_names_in(std::string_view word) noexcept {
    const bool is_option = word.starts_with('-');
    const auto slash = word.find('/');
    const auto equals = word.find('=');
    std::string_view value;
    if (equals < slash) {
        value = word.substr(equals + 1);
    } else if (is_option && slash != std::string_view::npos) {
        value = word.substr(slash);
    }
    return {is_option ? std::string_view{} : word, value};
}

std::vector<std::string> resolved_command(
    std::vector<std::string> words, const fs::path& directory, std::string_view path) {
    words.front() = found_program(words.front(), directory, path);
    for (auto word = std::next(words.begin()); word != words.end(); ++word) {
        for (const auto name : file_names_in(*word)) {
            const bool may_be_file = !name.empty() && name.front() != '/';
            if (may_be_file && (is_relative_path(name) || is_regular(directory / name))) {
                word->replace(word->size() - name.size(), name.size(), (directory / name).lexically_normal().string());
                break;
            }
        }
    }
    return words;
}

}  // namespace hookd::base
