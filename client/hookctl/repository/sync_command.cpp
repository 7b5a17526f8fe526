// SPDX-License-Identifier: BSL-1.0
// hookctl init, sync, unsync, and trust .hookd.toml: the hooks of a repository.
#include "sync_command.hpp"

#include "hook_agreement.hpp"
#include "hook_changes.hpp"
#include "hook_file.hpp"
#include "hook_repository.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/git/site.hpp"
#include "hookctl/terminal/output.hpp"
#include "local_exclude.hpp"
#include "sync_record.hpp"

#include <base/json/object_writer.hpp>
#include <base/posix/descriptor_io.hpp>
#include <base/posix/unique_fd.hpp>
#include <base/text/counted.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

/// What is to be done in a repository.
struct plan {
    hook_repository repository{};
    hook_set wanted{};
    std::vector<hook_change> changes{};
    bool is_agreed = false;  ///< to all that would run
};

plan make_plan(const invocation& call, const hook_agreement& agreement, hook_repository repository) {
    plan result;
    result.wanted = read_hook_set(repository);
    result.changes = hook_changes(result.wanted, ask_daemon(call, protocol::list_hooks_params::method, {}), repository);
    const auto is_untrusted = [](const hook_change& each) { return each.how == hook_change::kind::untrusted; };
    result.is_agreed = agreement.is_agreed(result.wanted.contents) &&
                       std::none_of(result.changes.begin(), result.changes.end(), is_untrusted);
    result.repository = std::move(repository);
    return result;
}

std::string_view colour_of(const hook_change& change, const palette& colour) {
    switch (change.how) {
        case hook_change::kind::added:
            return colour.green();
        case hook_change::kind::removed:
            return colour.red();
        case hook_change::kind::changed:
        case hook_change::kind::untrusted:
            break;
    }
    return colour.yellow();
}

/// Differences as git prints them, in git's colours.
std::string coloured(const std::string& difference, const palette& colour) {
    std::string text;
    const auto safe = harmless(difference, true);
    for (std::string_view rest = safe; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const bool is_title = line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff ");
        text.append(is_title                 ? colour.bold()
                    : line.starts_with('+')  ? colour.green()
                    : line.starts_with('-')  ? colour.red()
                    : line.starts_with("@@") ? colour.cyan()
                                             : "");
        text.append(line).append(colour.plain()).append("\n");
    }
    return text;
}

/// `agreed`: what has been done; else what is to be done, and why.
std::string change_lines(const plan& planned, bool agreed) {
    const palette colour;
    std::string text;
    for (const auto& each : planned.changes) {
        const bool is_trusted_now = agreed && each.how == hook_change::kind::untrusted;
        text.append(is_trusted_now ? colour.green() : colour_of(each, colour))
            .append(is_trusted_now ? "trusted" : to_string(each.how))
            .append(colour.plain())
            .append("  ")
            .append(harmless(each.name));
        text.append(agreed || each.why.empty() ? "" : ": " + harmless(each.why)).append("\n");
    }
    return text;
}

/// A line of JSON about what is, or was, to be done.
std::string json_of(const plan& planned, const std::string& difference, bool is_agreed) {
    std::string changes = "[";
    for (const auto& each : planned.changes) {
        changes += changes.size() > 1 ? "," : "";
        changes += base::object_writer()
                       .text("name", each.name)
                       .text("change", to_string(each.how))
                       .text("why", each.why)
                       .finish();
    }
    return base::object_writer()
        .text("repository", planned.repository.name)
        .text("path", planned.repository.top.string())
        .flag("agreed", is_agreed)
        .raw("changes", changes + "]")
        .text("diff", difference)
        .finish();
}

void show(const invocation& call, const plan& planned, const std::string& difference) {
    if (writes_for_programs(call.json)) {
        print(json_output(json_of(planned, difference, false)) + '\n');
        return;
    }
    const palette colour;
    print(coloured(difference, colour) + "\n" + change_lines(planned, false));
}

bool can_ask(const invocation& call) { return !writes_for_programs(call.json) && ::isatty(STDIN_FILENO) != 0; }

/// What the person types, up to the line end.
std::string read_terminal_line() {
    std::string line;
    char next = 0;
    while (::read(STDIN_FILENO, &next, 1) == 1 && next != '\n') {
        line += next;
    }
    return line;
}

/// Whether the person at the terminal says yes.
bool agrees(const plan& planned) {
    print("Run these hooks for " + harmless(planned.repository.name) + "? [y/N] ");
    const auto line = read_terminal_line();
    return line == "y" || line == "Y" || line == "yes";
}

/// The daemon for several requests, none of which waits.
class hook_registrar {
public:
    explicit hook_registrar(const invocation& call)
        : timeout_(call.timeout.value_or(default_answer_timeout)), daemon_(connect_for(call)) {}

    void register_hook(const std::string& params) {
        (void)daemon_.call(protocol::register_hook_params::method, params, timeout_);
    }
    void deregister_hook(const std::string& name) {
        (void)daemon_.call(
            protocol::deregister_hook_params::method, base::object_writer().text("name", name).finish(), timeout_);
    }
    [[nodiscard]] std::string list_hooks() { return daemon_.call(protocol::list_hooks_params::method, {}, timeout_); }

private:
    std::chrono::milliseconds timeout_;
    client daemon_;
};

/// Registers and deregisters. The files were reviewed before the daemon has read them: if they have changed in between,
/// the hooks are deregistered again, since only what was reviewed may run.
void carry_out(const invocation& call, const plan& planned) {
    hook_registrar daemon(call);
    for (const auto& each : planned.wanted.hooks) {
        daemon.register_hook(each.params);
    }
    for (const auto& each : planned.changes) {
        if (each.how == hook_change::kind::removed) {
            daemon.deregister_hook(each.name);
        }
    }
    auto repository = planned.repository;
    if (read_hook_set(repository).contents != planned.wanted.contents) {
        for (const auto& each : planned.wanted.hooks) {
            daemon.deregister_hook(each.name);
        }
        throw usage_error(
            "the files changed while their hooks were registered, so none is registered: run hookctl sync again");
    }
}

/// What was agreed to in the place that the repository was moved from.
void forget_former_agreement(hook_repository repository) {
    if (!repository.moved_from.empty()) {
        repository.common_dir = repository.moved_from;
        hook_agreement(repository).forget();
    }
}

int apply(const invocation& call, const plan& planned, const hook_agreement& agreement) {
    carry_out(call, planned);
    record_sync(planned.repository.common_dir);
    exclude_local_file(planned.repository.common_dir);
    forget_former_agreement(planned.repository);
    agreement.agree(planned.wanted.contents);
    if (writes_for_programs(call.json)) {
        print(json_output(json_of(planned, {}, true)) + '\n');
    } else {
        print(change_lines(planned, true) + base::counted(planned.wanted.hooks.size(), "hook") + " of " +
              harmless(planned.repository.name) + (planned.wanted.hooks.size() == 1 ? " is" : " are") +
              " registered\n");
    }
    return exit_status::done;
}

int refuse(const std::string& reason) {
    report_error("nothing was changed: " + reason);
    return exit_status::not_done;
}

void write_new_file(const fs::path& path, std::string_view text) {
    const base::unique_fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)};
    if (!file) {
        throw std::system_error(errno, std::generic_category(), path.string());
    }
    base::write_all(file.get(), text);
}

}  // namespace

int run_init(const invocation& call) {
    const auto path = fs::path(git_path({}, "--show-toplevel")) / hook_file_name;
    if (fs::symlink_status(path).type() != fs::file_type::not_found) {
        report_error(path.string() + " is there already, and stays as it is: edit it, then type hookctl sync");
        return exit_status::not_done;
    }
    write_new_file(path, initial_hook_file());
    exclude_local_file(git_path({}, "--git-common-dir"));
    print(writes_for_programs(call.json) ? base::object_writer().text("path", path.string()).finish() + '\n'
                                         : "wrote " + harmless(path.string()) + ": edit it, then type hookctl sync\n");
    return exit_status::done;
}

int run_sync(const invocation& call) {
    auto repository = find_hook_repository();
    const hook_agreement agreement(repository);
    const auto planned = make_plan(call, agreement, std::move(repository));
    if (planned.is_agreed) {
        return apply(call, planned, agreement);
    }
    try {
        show(call, planned, agreement.show(planned.wanted.contents));
    } catch (const unshowable_change& failure) {
        return refuse(failure.what());
    }
    if (can_ask(call) && agrees(planned)) {
        return apply(call, planned, agreement);
    }
    return refuse("once you agree to what is shown, type hookctl trust " + std::string(hook_file_name));
}

int run_unsync(const invocation& call) {
    const auto repository = find_hook_repository();
    hook_registrar daemon(call);
    const auto names = synced_hooks(daemon.list_hooks(), repository);
    for (const auto& each : names) {
        daemon.deregister_hook(each);
    }
    hook_agreement(repository).forget();
    forget_former_agreement(repository);
    forget_sync(repository.common_dir);
    if (writes_for_programs(call.json)) {
        print(json_output(base::object_writer().texts("deregistered", names).finish()) + '\n');
        return exit_status::done;
    }
    std::string text;
    for (const auto& each : names) {
        text += "deregistered " + harmless(each) + "\n";
    }
    print(text.empty() ? "no hook of this repository was registered by hookctl sync\n" : text);
    return exit_status::done;
}

bool names_hook_file(std::string_view word) {
    return word == hook_file_name || word.ends_with(std::string("/").append(hook_file_name));
}

int trust_hook_file(const invocation& call, const std::string& path) {
    if (const auto directory = fs::absolute(path).parent_path(); fs::is_directory(directory)) {
        fs::current_path(directory);
    }
    auto repository = find_hook_repository();
    const hook_agreement agreement(repository);
    const auto planned = make_plan(call, agreement, std::move(repository));
    if (planned.is_agreed || agreement.is_shown(planned.wanted.contents)) {
        return apply(call, planned, agreement);
    }
    return refuse(planned.repository.file().string() +
                  ", or a script of it, was not shown, or has changed since: hookctl sync shows it first");
}

}  // namespace hookd::hookctl
