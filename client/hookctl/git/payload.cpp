// SPDX-License-Identifier: BSL-1.0
#include "payload.hpp"

#include "environment.hpp"
#include "files.hpp"
#include "hookctl/arguments.hpp"
#include "hookctl/terminal/byte_text.hpp"
#include "place.hpp"
#include "url.hpp"

#include <base/json/object_writer.hpp>
#include <base/posix/read_file.hpp>
#include <base/text/utf8.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <span>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

// A message beyond that is no text that somebody wrote; its path is there for the rest.
constexpr std::size_t max_message_bytes = std::size_t{1024} * 1024;

std::string environment_json() {
    base::object_writer result;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view variable(*each);
        const auto name = variable.substr(0, variable.find('='));
        if (name.size() < variable.size() && is_git_variable(name)) {
            const auto value = variable.substr(name.size() + 1);
            // `git pull URL` has its words there.
            add_bytes(
                result, name, name == "GIT_REFLOG_ACTION" ? words_without_credentials(value) : std::string(value));
        }
    }
    return result.finish();
}

/// The fields of a line, parted by spaces. The first, or the last, of them may have spaces inside.
std::vector<std::string_view> fields_of(std::string_view line, std::size_t count, bool first_is_free) {
    std::vector<std::string_view> fields(count);
    for (std::size_t left = count; left > 1; --left) {
        const auto space = first_is_free ? line.rfind(' ') : line.find(' ');
        if (space == std::string_view::npos) {
            return {};
        }
        fields[first_is_free ? left - 1 : count - left] =
            first_is_free ? line.substr(space + 1) : line.substr(0, space);
        line = first_is_free ? line.substr(0, space) : line.substr(space + 1);
    }
    fields[first_is_free ? 0 : count - 1] = line;
    return fields;
}

/// One line of the hook's input; nothing where it is not what git writes.
std::optional<std::string> update_json(git_input form, std::string_view line) {
    constexpr std::array<std::string_view, 4> pushes{"local_ref", "local_oid", "remote_ref", "remote_oid"};
    constexpr std::array<std::string_view, 3> updates{"old_oid", "new_oid", "ref"};
    constexpr std::array<std::string_view, 3> transactions{"old_value", "new_value", "ref"};
    constexpr std::array<std::string_view, 3> rewrites{"old_oid", "new_oid", "extra"};

    std::span<const std::string_view> members = updates;
    if (form == git_input::pushes) {
        members = pushes;
    } else if (form == git_input::transactions) {
        members = transactions;
    } else if (form == git_input::rewrites) {
        members = rewrites;
    }
    auto fields = fields_of(line, members.size(), form == git_input::pushes);
    if (fields.empty() && form == git_input::rewrites) {
        fields = fields_of(line, members.size() - 1, false);
    }
    base::object_writer result;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].empty()) {
            return std::nullopt;
        }
        add_bytes(result, members[i], fields[i]);
    }
    return fields.empty() ? std::nullopt : std::optional(result.finish());
}

void add_input(base::object_writer& payload, git_input form, std::string_view input) {
    std::string updates = "[";
    std::vector<std::string_view> unread;
    while (!input.empty()) {
        const auto line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(input.size(), line.size() + 1));
        if (const auto update = update_json(form, line)) {
            updates.append(updates.size() > 1 ? "," : "").append(*update);
        } else {
            unread.push_back(line);
        }
    }
    payload.raw("updates", updates += ']');
    if (!unread.empty()) {
        add_all_bytes(payload, "unread_lines", unread);
    }
}

/// What is under the line that `git commit -v` puts above the changes is no part of the message: git itself takes it
/// off (git-commit(1),
/// --cleanup). It is whole but for that where it begins with a comment's character, whichever that is.
std::string_view without_changes(std::string_view message) {
    constexpr std::string_view scissors = " ------------------------ >8 ------------------------\n";
    for (auto at = message.find(scissors); at != std::string_view::npos; at = message.find(scissors, at + 1)) {
        const auto line = message.rfind('\n', at) + 1;  // 0 where there is none
        const auto comment = message.substr(line, at - line);
        if (!comment.empty() && comment.find(' ') == std::string_view::npos &&
            message.substr(at + scissors.size()).starts_with(comment)) {
            return message.substr(0, line);
        }
    }
    return message;
}

void add_message(base::object_writer& payload, const fs::path& path) {
    const auto text = base::read_front(path, max_message_bytes + 1);
    if (!text) {
        return;
    }
    const auto message = without_changes(*text);
    add_bytes(payload, "message", base::cut_at_character(message, max_message_bytes));
    if (message.size() > max_message_bytes) {
        payload.flag("message_cut", true);
    }
}

void add_argument(
    base::object_writer& payload, const git_argument& argument, const std::string& value, const fs::path& directory) {
    switch (argument.form) {
        case git_argument_form::flag:
            payload.flag(argument.member, value == "1");
            break;
        case git_argument_form::text:
        case git_argument_form::url:
            if (!value.empty()) {
                add_bytes(payload, argument.member, value);
            }
            break;
        case git_argument_form::path:
        case git_argument_form::message:
            add_bytes(payload, argument.member, (directory / value).string());
            if (argument.form == git_argument_form::message) {
                add_message(payload, directory / value);
            }
            break;
        case git_argument_form::rest:
            break;  // add_arguments
    }
}

void add_arguments(
    base::object_writer& payload, const git_hook& hook, std::span<const std::string> given, const fs::path& directory) {
    for (const auto& argument : hook.arguments) {
        if (argument.form == git_argument_form::rest) {
            add_all_bytes(payload, argument.member, given);
            return;
        }
        if (argument.member.empty() || given.empty()) {
            return;
        }
        add_argument(payload, argument, given.front(), directory);
        given = given.subspan(1);
    }
}

/// The arguments as they go out: a URL without what opens it.
std::vector<std::string> told_arguments(const git_hook& hook, std::vector<std::string> given) {
    for (std::size_t i = 0; i < given.size() && i < hook.arguments.size(); ++i) {
        if (hook.arguments[i].form == git_argument_form::url) {
            given[i] = without_credentials(given[i]);
        }
    }
    return given;
}

void add_files(base::object_writer& payload, const git_files& found) {
    add_all_bytes(payload, "files", found.names);
    payload.flag("files_cut", found.cut);
}

void add_place(base::object_writer& payload, const git_place& place) {
    const auto add = [&payload](std::string_view key, const std::string& value) {
        if (!value.empty()) {
            add_bytes(payload, key, value);
        }
    };
    add("git_dir", place.git_dir.string());
    add("common_dir", place.common_dir.string());
    add("work_tree", place.work_tree.string());
    add("branch", place.branch);
}

/// Which of a series of patches this is: git says so in variables.
void add_series(base::object_writer& payload) {
    const auto number = [](const char* name) {
        const char* value = std::getenv(name);
        const std::string_view digits = value != nullptr ? value : "";
        return digits.size() < 10 && digits.find_first_not_of("0123456789") == std::string_view::npos
                   ? digits
                   : std::string_view();
    };
    const auto counter = number("GIT_SENDEMAIL_FILE_COUNTER");
    const auto total = number("GIT_SENDEMAIL_FILE_TOTAL");
    if (!counter.empty() && !total.empty()) {
        payload.raw("patch_number", counter).raw("patch_total", total);
    }
}

void add_push_options(base::object_writer& payload) {
    const char* count = std::getenv("GIT_PUSH_OPTION_COUNT");
    if (count == nullptr) {
        return;
    }
    std::vector<std::string> options;
    while (const char* option = std::getenv(("GIT_PUSH_OPTION_" + std::to_string(options.size())).c_str())) {
        options.emplace_back(option);
    }
    add_all_bytes(payload, "push_options", options);
}

}  // namespace

void check_git_arguments(const git_hook& hook, const std::vector<std::string>& arguments) {
    if (arguments.size() < hook.required) {
        throw usage_error("git gives " + std::string(hook.name) + " at least " + std::to_string(hook.required) +
                          (hook.required == 1 ? " argument" : " arguments") + ", not " +
                          std::to_string(arguments.size()));
    }
}

std::string git_payload(const git_hook& hook, const std::vector<std::string>& arguments, std::string_view input,
    const git_place& place, bool with_files) {
    const auto directory = fs::current_path();
    const auto named = told_arguments(hook, arguments);
    base::object_writer payload;
    payload.text("hook", hook.name);
    add_all_bytes(payload, "args", named);
    add_bytes(payload, "cwd", directory.string());
    add_place(payload, place);
    add_arguments(payload, hook, named, directory);
    if (hook.input != git_input::none) {
        add_input(payload, hook.input, input);
    }
    if (with_files && has_files(hook)) {
        add_files(payload, find_git_files(hook, named.empty() ? std::string_view() : named.front(), input));
    }
    add_push_options(payload);
    add_series(payload);
    return payload.raw("env", environment_json()).finish();
}

}  // namespace hookd::hookctl
