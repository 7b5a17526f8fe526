// SPDX-License-Identifier: BSL-1.0
// A synced hook is registered as
//
//     /bin/sh -c SCRIPT COMMON_DIR SCRIPT_DIR TOP/.hookd.toml CMD [ARG...]
//
// The hook file is a word of the command, so that the daemon's trust covers it as it covers the script: once the file
// has changed, each hook of it is missing and insists until `sync` has been agreed to. COMMON_DIR tells whose hook it
// is. SCRIPT takes these words off, and says where the hook's own script lies, since for the daemon the first file is
// the script.
#include "hook_repository.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/git/exec.hpp"
#include "hookctl/git/site.hpp"
#include "hookctl/on/hook_params.hpp"
#include "sync_record.hpp"

#include <base/exec/resolved_command.hpp>
#include <base/json/object_writer.hpp>
#include <base/json/value_view.hpp>
#include <base/posix/read_file.hpp>
#include <base/text/shell_word.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_hook_file = std::size_t{1} << 20;
constexpr std::size_t longest_run_script = std::size_t{16} << 20;
constexpr std::string_view shell = "/bin/sh";
constexpr std::string_view take_words_off = R"(export HOOK_DIR="$1"; shift 2; exec "$@")";
constexpr std::size_t common_dir_word = 3;
constexpr std::size_t file_word = 5;
constexpr std::size_t words_around = 6;

bool is_synced(const std::vector<std::string>& command) {
    return command.size() > words_around && command[0] == shell && command[2] == take_words_off;
}

std::vector<std::string> command_words(std::string_view hook) {
    std::vector<std::string> words;
    for (const auto word : base::value_view(hook)["command"].elements()) {
        words.push_back(word.string());
    }
    return words;
}

/// Its name alone if that is what is found in PATH.
std::string typed_program(const std::string& program) {
    const auto name = fs::path(program).filename().string();
    const char* const path = std::getenv("PATH");
    const auto found = base::resolved_command({name}, "/", path != nullptr ? path : "");
    return found.front() == program ? name : program;
}

/// `shop` for /src/shop/.git and for /srv/shop.git.
std::string name_of(const fs::path& common_dir) {
    const auto directory = common_dir.filename() == ".git" ? common_dir.parent_path() : common_dir;
    return directory.extension() == ".git" ? directory.stem().string() : directory.filename().string();
}

bool is_regular(const fs::path& path) {
    std::error_code unknown;
    return fs::is_regular_file(path, unknown);
}

/// The path below `top`; empty if it is not below.
std::string below(const fs::path& top, const fs::path& path) {
    const auto relative = path.lexically_relative(top).string();
    return relative == ".." || relative.starts_with("../") ? std::string() : relative;
}

/// Nothing if there is no such file.
std::optional<std::string> read_file_of(const hook_repository& repository, std::string_view path, std::size_t limit) {
    const auto whole = repository.top / path;
    try {
        return base::read_file(whole, {.max_bytes = limit});
    } catch (const base::read_error& failure) {
        if (failure.why() == base::read_error::reason::absent) {
            return std::nullopt;
        }
        if (failure.why() == base::read_error::reason::too_long) {
            throw usage_error(whole.string() + " has more than " + std::to_string(limit >> 20) +
                              " MiB: run it from a script of the repository");
        }
        throw usage_error(whole.string() + " cannot be read: " + failure.what());
    }
}

/// Where the hook's own script lies: the first file of the repository among the words.
fs::path script_directory(const hook_repository& repository, const wanted_hook& hook) {
    return hook.files.empty() ? repository.top : (repository.top / hook.files.front()).parent_path();
}

void check_program(const std::string& program, const std::string& place) {
    if (program.find('/') == std::string::npos) {
        throw usage_error(
            place + ": there is no program " + program + " in PATH: install it, or give its path as in ./" + program);
    }
    if (!is_regular(program)) {
        throw usage_error(place + ": " + program + " is not there: paths count from the top of the repository");
    }
    if (::access(program.c_str(), X_OK) != 0) {
        throw usage_error(place + ": " + program + " may not be run: chmod +x " + program);
    }
}

std::vector<std::string> command_of(
    const file_hook& hook, const hook_repository& repository, const fs::path& file, wanted_hook& wanted) {
    const char* path = std::getenv("PATH");
    auto argv = base::resolved_command(hook.run, repository.top, path != nullptr ? path : "");
    check_program(argv.front(), file.string() + ": hooks." + hook.name + ".run");
    for (const auto& word : argv) {
        if (const auto relative = below(repository.top, word);
            word.starts_with('/') && !relative.empty() && is_regular(word)) {
            wanted.files.push_back(relative);
        }
    }
    if (hook.git) {
        argv = git_exec_command(std::move(argv));
    }
    std::vector<std::string> command{std::string(shell), "-c", std::string(take_words_off),
        repository.common_dir.string(), script_directory(repository, wanted).string(), file.string()};
    std::move(argv.begin(), argv.end(), std::back_inserter(command));
    return command;
}

std::string params_of(const file_hook& hook, const wanted_hook& wanted, const std::vector<std::string>& command,
    const hook_repository& repository) {
    hook_params params;
    params.name = wanted.name;
    params.command = command;
    params.events = hook.events;
    params.timeout = hook.timeout;
    params.jobs = hook.jobs;
    params.directory = repository.top.string();
    params.environment = hook.environment;
    params.as_responder = hook.as_responder;
    params.as_responder.where.push_back({std::string(common_dir_pointer), path_glob(repository.common_dir.string())});
    return to_json(params);
}

void add_hook(
    std::vector<wanted_hook>& all, const file_hook& hook, const hook_repository& repository, const fs::path& file) {
    wanted_hook wanted;
    wanted.name = repository.name + "/" + hook.name;
    if (!protocol::is_subscriber_name(wanted.name)) {
        throw usage_error(file.string() + ": " + wanted.name +
                          " is too long for a name: give the repository a shorter one, as in repository = \"shop\"");
    }
    const auto command = command_of(hook, repository, file, wanted);
    wanted.params = params_of(hook, wanted, command, repository);
    all.push_back(std::move(wanted));
}

void check_unique(const hook_file& shared, const hook_file& local, const fs::path& path) {
    for (const auto& each : local.hooks) {
        const auto has_name = [&each](const file_hook& other) { return other.name == each.name; };
        if (std::any_of(shared.hooks.begin(), shared.hooks.end(), has_name)) {
            throw usage_error(path.string() + ": hooks." + each.name + " is in " + std::string(hook_file_name) +
                              " already: give it another name");
        }
    }
}

/// The top of the main work tree; empty if there is none, as with a bare repository.
fs::path main_work_tree(const fs::path& common_dir) {
    if (common_dir.filename() != ".git") {
        return {};
    }
    const auto beside = common_dir.parent_path().string();
    try {
        const bool is_same = fs::canonical(git_path(beside, "--git-common-dir")) == common_dir;
        return is_same ? fs::path(git_path(beside, "--show-toplevel")) : fs::path();
    } catch (const usage_error&) {
        return {};
    }
}

}  // namespace

hook_repository find_hook_repository() {
    hook_repository found;
    found.top = git_path({}, "--show-toplevel");
    found.common_dir = fs::canonical(git_path({}, "--git-common-dir"));
    if (fs::canonical(git_path({}, "--absolute-git-dir")) != found.common_dir) {
        if (auto main = main_work_tree(found.common_dir); !main.empty()) {
            found.top = std::move(main);
            found.is_linked = true;
        }
    }
    std::error_code unknown;
    if (auto synced = synced_directory(found.common_dir);
        synced && *synced != found.common_dir && !fs::exists(*synced, unknown)) {
        found.moved_from = std::move(*synced);
    }
    found.name = name_of(found.common_dir);
    return found;
}

hook_set read_hook_set(hook_repository& repository) {
    hook_set result;
    hook_file local;
    auto& contents = result.contents;
    const auto shared_text = read_file_of(repository, hook_file_name, longest_hook_file);
    if (!shared_text) {
        throw usage_error((repository.is_linked ? "the hooks of all work trees are those of the main one; " : "") +
                          std::string("there is no ") + repository.file().string() +
                          ": hookctl init writes one to start from");
    }
    contents.emplace(hook_file_name, *shared_text);
    const auto shared = parse_hook_file(*shared_text, repository.file().string());
    if (const auto local_text = read_file_of(repository, local_hook_file_name, longest_hook_file)) {
        contents.emplace(local_hook_file_name, *local_text);
        local = parse_hook_file(*local_text, repository.local_file().string());
        check_unique(shared, local, repository.local_file());
    }
    if (const auto& given = local.repository ? local.repository : shared.repository) {
        repository.name = *given;
    }
    for (const auto& each : shared.hooks) {
        add_hook(result.hooks, each, repository, repository.file());
    }
    for (const auto& each : local.hooks) {
        add_hook(result.hooks, each, repository, repository.local_file());
    }
    for (const auto& hook : result.hooks) {
        for (const auto& file : hook.files) {
            auto text = read_file_of(repository, file, longest_run_script);
            if (!text) {
                throw usage_error((repository.top / file).string() + " has gone while it was read: try again");
            }
            contents.emplace(file, std::move(*text));
        }
    }
    return result;
}

bool is_synced_hook(std::string_view hook, const hook_repository& repository) {
    const auto words = command_words(hook);
    if (!is_synced(words)) {
        return false;
    }
    const fs::path directory = words[common_dir_word];
    return directory == repository.common_dir || (!directory.empty() && directory == repository.moved_from);
}

std::string typed_command(std::string_view hook) {
    auto words = command_words(hook);
    if (words.empty()) {
        return {};
    }
    const auto top = base::value_view(hook)["cwd"].string();
    const bool synced = is_synced(words);
    if (synced) {
        words.erase(words.begin(), words.begin() + words_around);
    }
    words = without_git_exec(std::move(words));
    words.front() = typed_program(words.front());
    std::string text;
    for (auto& word : words) {
        const auto relative = synced && word.starts_with('/') ? below(top, word) : std::string();
        text.append(text.empty() ? "" : " ").append(base::shell_word(relative.empty() ? word : "./" + relative));
    }
    return text;
}

std::string hook_file_of(std::string_view hook) {
    const auto words = command_words(hook);
    return is_synced(words) ? words[file_word] : std::string();
}

}  // namespace hookd::hookctl
