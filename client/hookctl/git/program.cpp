// SPDX-License-Identifier: BSL-1.0
#include "program.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/terminal/run_to_end.hpp"

#include <base/exec/command_runner.hpp>

#include <algorithm>
#include <array>
#include <iterator>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

std::string without_line_end(std::string text) {
    text.resize(text.find_last_not_of('\n') + 1);
    return text;
}

base::command command_of(git_question question) {
    base::command command;
    command.argv = {"git"};
    if (!question.directory.empty()) {
        command.argv.insert(command.argv.end(), {"-C", question.directory});
    }
    std::move(question.arguments.begin(), question.arguments.end(), std::back_inserter(command.argv));
    for (char** each = environ; *each != nullptr; ++each) {
        if (question.directory.empty() || !names_a_repository(*each)) {
            command.environment.emplace_back(*each);
        }
    }
    command.input = std::move(question.input);
    command.timeout = question.timeout;
    return command;
}

}  // namespace

bool names_a_repository(std::string_view variable) {
    constexpr std::array names{"GIT_DIR=", "GIT_COMMON_DIR=", "GIT_WORK_TREE=", "GIT_PREFIX="};
    return std::any_of(names.begin(), names.end(), [variable](const char* each) { return variable.starts_with(each); });
}

git_answer ask_git(git_question question) {
    using ending = base::command_result::ending;
    auto result = run_to_end(command_of(std::move(question)));
    if (result.how != ending::exited && result.how != ending::timed_out) {
        throw usage_error("git could not be run: install it, or put it in PATH");
    }
    git_answer answer;
    answer.status = result.how == ending::exited ? result.code : -1;
    answer.whole = result.how == ending::exited && !result.output.cut;
    answer.output = without_line_end(std::move(result.output.text));
    answer.errors = without_line_end(std::move(result.errors.text));
    return answer;
}

}  // namespace hookd::hookctl
