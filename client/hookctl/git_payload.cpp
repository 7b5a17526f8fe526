#include "git_payload.hpp"

#include "arguments.hpp"
#include "json_object.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <system_error>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

// A message file beyond that is no text that somebody wrote; whoever wants it finds its path.
constexpr std::size_t max_message_bytes = std::size_t{1024} * 1024;

/// Variables that say what git is doing and for whom. Not all of GIT_*: credentials travel in some (GIT_CONFIG_PARAMETERS).
bool matters(std::string_view variable) {
    constexpr std::array exact{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
                               "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_NAMESPACE", "GIT_PREFIX",
                               "GIT_EDITOR", "GIT_REFLOG_ACTION", "REMOTE_USER", "REMOTE_ADDR"};
    constexpr std::array beginnings{"GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_PUSH_OPTION_", "GIT_PUSH_CERT"};
    for (const std::string_view each : exact) {
        if (variable == each) {
            return true;
        }
    }
    for (const std::string_view each : beginnings) {
        if (variable.starts_with(each)) {
            return true;
        }
    }
    return false;
}

std::string environment_json() {
    json_object result;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view variable(*each);
        const auto name = variable.substr(0, variable.find('='));
        if (name.size() < variable.size() && matters(name)) {
            result.text(name, variable.substr(name.size() + 1));
        }
    }
    return result.finish();
}

/// The first `limit` bytes of a file, one more where there are more; nothing where it can't be read.
std::optional<std::string> read_up_to(const fs::path& path, std::size_t limit) {
    std::ifstream file(path, std::ios::binary);
    std::string text(limit + 1, '\0');
    if (!file || (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && file.bad())) {
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string first_line_after(std::string_view prefix, const fs::path& path) {
    const auto text = read_up_to(path, 4096);
    if (!text || !text->starts_with(prefix)) {
        return {};
    }
    return text->substr(prefix.size(), text->find('\n') - prefix.size());
}

/// Where the repository is. Asking git would cost a process for each hook; it has told all that is needed.
fs::path git_directory(const fs::path& here) {
    if (const char* given = std::getenv("GIT_DIR"); given != nullptr && *given != '\0') {
        return here / given;
    }
    std::error_code ignored;
    if (const auto file = here / ".git"; fs::exists(file, ignored)) {
        const auto elsewhere = fs::is_directory(file, ignored) ? std::string() : first_line_after("gitdir: ", file);
        return elsewhere.empty() ? file : here / elsewhere;
    }
    return here;
}

/// The fields of a line, parted by spaces. The first, or the last, of them may have spaces inside.
std::vector<std::string_view> fields_of(std::string_view line, std::size_t count, bool first_is_free) {
    std::vector<std::string_view> fields(count);
    for (std::size_t left = count; left > 1; --left) {
        const auto space = first_is_free ? line.rfind(' ') : line.find(' ');
        if (space == std::string_view::npos) {
            return {};
        }
        fields[first_is_free ? left - 1 : count - left] = first_is_free ? line.substr(space + 1) : line.substr(0, space);
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
    json_object result;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].empty()) {
            return std::nullopt;
        }
        result.text(members[i], fields[i]);
    }
    return fields.empty() ? std::nullopt : std::optional(result.finish());
}

void add_input(json_object& payload, git_input form, std::string_view input) {
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
        payload.texts("unread_lines", unread);
    }
}

void add_arguments(json_object& payload, const git_hook& hook, std::span<const std::string> given, const fs::path& here) {
    for (const auto& argument : hook.arguments) {
        if (argument.form == git_argument_form::rest) {
            payload.texts(argument.member, given);
            return;
        }
        if (argument.member.empty() || given.empty()) {
            return;
        }
        const auto& value = given.front();
        given = given.subspan(1);
        if (argument.form == git_argument_form::flag) {
            payload.flag(argument.member, value == "1");
        } else if (argument.form == git_argument_form::text) {
            if (!value.empty()) {
                payload.text(argument.member, value);
            }
        } else {
            const auto path = here / value;
            payload.text(argument.member, path.string());
            if (argument.form == git_argument_form::message) {
                const auto message = read_up_to(path, max_message_bytes);
                if (message && message->size() <= max_message_bytes) {
                    payload.text("message", *message);
                }
            }
        }
    }
}

void add_push_options(json_object& payload) {
    const char* count = std::getenv("GIT_PUSH_OPTION_COUNT");
    if (count == nullptr) {
        return;
    }
    std::vector<std::string> options;
    while (const char* option = std::getenv(("GIT_PUSH_OPTION_" + std::to_string(options.size())).c_str())) {
        options.emplace_back(option);
    }
    payload.texts("push_options", options);
}

}  // namespace

std::string git_payload(const git_hook& hook, const std::vector<std::string>& arguments, std::string_view input) {
    if (arguments.size() < hook.required) {
        throw usage_error("git gives " + std::string(hook.name) + " at least " + std::to_string(hook.required) +
                          (hook.required == 1 ? " argument" : " arguments") + ", not " + std::to_string(arguments.size()));
    }
    const auto here = fs::current_path();
    const auto resolved = [&here](const fs::path& path) {
        std::error_code unresolved;
        auto real = fs::canonical(here / path, unresolved);
        return unresolved ? here : real;
    };
    const auto repository = resolved(git_directory(here));

    json_object payload;
    payload.text("hook", hook.name).texts("args", arguments).text("cwd", here.string()).text("git_dir", repository.string());
    if (const char* tree = std::getenv("GIT_WORK_TREE"); tree != nullptr && *tree != '\0') {
        payload.text("work_tree", resolved(tree).string());
    } else if (repository != here) {
        payload.text("work_tree", here.string());  // git starts hooks at its top, or in the repository itself
    }
    const auto branch = first_line_after("ref: refs/heads/", repository / "HEAD");
    if (!branch.empty() && branch != ".invalid") {
        payload.text("branch", branch);
    }
    add_arguments(payload, hook, arguments, here);
    if (hook.input != git_input::none) {
        add_input(payload, hook.input, input);
    }
    add_push_options(payload);
    return payload.raw("env", environment_json()).finish();
}

}  // namespace hookd::hookctl
