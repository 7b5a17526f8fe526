// SPDX-License-Identifier: BSL-1.0
#include "hooks/launch.hpp"

#include "hooks/program_file.hpp"

#include <base/text/shell_word.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <stdexcept>

namespace hookd::server {
namespace {

/// Puts a private copy in the place of the file that the word at `word` names. False where the file is not the one that
/// was trusted any more.
bool replace_by_copy(launch& start, std::size_t word, const file_pin& pin, private_copies& copies) {
    auto copy = copies.of(pin);
    if (!copy) {
        return false;
    }
    if (start.directory.empty()) {
        start.directory = std::filesystem::path(pin.path).parent_path().string();
    }
    auto& argument = start.argv[word];
    argument.replace(argument.size() - pin.path.size(), pin.path.size(), *copy);
    start.copies.push_back(std::move(*copy));
    return true;
}

bool use_copies(launch& start, const registered_hook& hook, private_copies& copies) {
    std::size_t word = 0;
    for (const auto& pin : hook.pins) {
        // Pins are in the order of the words (pin_files).
        word = static_cast<std::size_t>(
            std::find_if(start.argv.begin() + static_cast<std::ptrdiff_t>(word), start.argv.end(),
                [&pin](const std::string& each) { return names_file(each, pin); }) -
            start.argv.begin());
        const bool is_started_by_descriptor = word == 0 && start.program;
        if (!pin.sha256.empty() && !is_started_by_descriptor && !replace_by_copy(start, word, pin, copies)) {
            return false;
        }
        ++word;
    }
    if (!start.program) {
        // Of the copy: the file itself may have another first line by now.
        const auto interpreter = read_program_head(start.argv.front()).interpreter;
        start.argv.insert(start.argv.begin(), interpreter.begin(), interpreter.end());
    }
    return true;
}

}  // namespace

bool launch::is_complete() const noexcept {
    return std::all_of(
        copies.begin(), copies.end(), [](const std::string& each) { return ::access(each.c_str(), R_OK) == 0; });
}

std::shared_ptr<const base::unique_fd> launch::open_program() const {
    base::unique_fd opened(::open(argv.front().c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!opened || !is_unchanged(opened)) {
        return nullptr;
    }
    return std::make_shared<const base::unique_fd>(std::move(opened));
}

bool launch::is_unchanged(const base::unique_fd& opened) const noexcept {
    return stamp_of_file(opened.get()) == program;
}

std::optional<launch> prepare_launch(const registered_hook& hook, private_copies& copies, trust_result& trust) {
    launch result;
    result.argv = hook.definition.command;
    if (read_program_head(hook.definition.command.front()).is_binary && trust.stamps.front()) {
        result.program = trust.stamps.front()->stamp;
    }
    try {
        if (use_copies(result, hook, copies)) {
            return result;
        }
        trust.state = protocol::hook_state::untrusted;
        trust.why = "a file of its command changes while it is looked at: run hookctl trust " +
                    base::shell_word(hook.definition.name);
    } catch (const std::runtime_error& failure) {
        trust.state = protocol::hook_state::missing;
        trust.why = std::string{"could not start it: "} + failure.what();
    }
    return std::nullopt;
}

}  // namespace hookd::server
