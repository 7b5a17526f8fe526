// SPDX-License-Identifier: BSL-1.0
#include "command.hpp"

#include "chosen_hooks.hpp"
#include "configuration.hpp"
#include "exec.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"
#include "hooks_directory.hpp"
#include "program.hpp"
#include "site.hpp"

#include <base/json/object_writer.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;
using change = git_hooks_directory::change;

/// What happened to each hook, for people or for programs.
class outcome_report {
public:
    explicit outcome_report(const invocation& call) : for_programs_(writes_for_programs(call.json)) {}

    void in_directory(const fs::path& directory) {
        if (place_ != directory.string()) {
            place_ = directory.string();
            title_ = "in " + harmless(place_) + ":\n";
        }
        if (directory_.empty()) {
            directory_ = place_;
        }
    }
    void in_configuration(bool global) {
        place_.clear();
        configuration_ = global ? "global" : "local";
        title_ = global ? "in your own git configuration:\n" : "in the repository's configuration:\n";
    }

    void add(const git_hook& hook, change done) {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words{{
            {"unchanged", ""},
            {"installed", "installed"},
            {"chained", "installed; the hook that was there runs first"},
            {"updated", "updated"},
            {"removed", "removed"},
            {"restored", "removed; the hook from before is back"},
            {"foreign", "left alone: it is not hookd's any more"},
        }};
        const auto& [name, sentence] = words[static_cast<std::size_t>(done)];
        if (done == change::none) {
            hooks_.emplace(hook.name, name);
            return;
        }
        hooks_[std::string(hook.name)] = name;
        text_.append(std::exchange(title_, ""))
            .append("  ")
            .append(hook.name)
            .append(": ")
            .append(sentence)
            .append("\n");
    }

    /// What an absent daemon means from now on.
    void set_no_daemon(bool proceeds) { no_daemon_ = proceeds ? "proceed" : "fail"; }

    void print_all() {
        if (!for_programs_) {
            text_ += text_.empty() ? title_ + "  nothing to do\n" : "";
            if (!no_daemon_.empty()) {
                text_ += no_daemon_ == "proceed" ? "without a daemon git continues (--no-daemon proceed)\n"
                                                 : "without a daemon git stops (--no-daemon fail)\n";
            }
            print(text_);
            return;
        }
        base::object_writer line;
        if (!directory_.empty()) {
            line.text("hooks_directory", directory_);
        }
        if (!configuration_.empty()) {
            line.text("configuration", configuration_);
        }
        base::object_writer hooks;
        for (const auto& [name, done] : hooks_) {
            hooks.text(name, done);
        }
        line.raw("hooks", hooks.finish());
        if (!no_daemon_.empty()) {
            line.text("no_daemon", no_daemon_);
        }
        print(line.finish() + '\n');
    }

private:
    bool for_programs_;
    std::string place_{};
    std::string title_{};
    std::string directory_{};
    std::string configuration_{};
    std::string no_daemon_{};
    std::string text_{};
    std::map<std::string, std::string_view, std::less<>> hooks_{};
};

/// What the scripts give `hookctl git run`.
std::string recorded_options(const invocation& call, const git_arguments& arguments) {
    auto text = "--installed-socket " +
                single_quoted(absolute_socket(call.socket.empty() ? default_socket_path() : call.socket)) + " ";
    const char* user = std::getenv("HOOKD_DAEMON_USER");
    if (const std::string named = !call.daemon_user.empty() || user == nullptr ? call.daemon_user : user;
        !named.empty()) {
        text += "--daemon-user " + single_quoted(named) + " ";
    }
    if (call.timeout) {
        text += "--timeout " + std::to_string(call.timeout->count()) + "ms ";
    }
    if (!call.autostart) {
        text += "--no-autostart ";
    }
    if (arguments.fail_closed) {
        text += "--fail-closed ";
    }
    return text + "--no-daemon " + (arguments.proceed_without_daemon ? "proceed " : "fail ");
}

/// This program's path. The name under which $PATH finds it is preferred: that stays when a package manager puts the
/// next release in a directory of its own.
std::string own_program() {
    auto own = fs::read_symlink("/proc/self/exe").string();
    auto found = resolved_here({"hookctl"}).front();
    std::error_code none;
    return found.starts_with('/') && fs::equivalent(found, own, none) ? found : own;
}

git_script_options script_options(const invocation& call, const git_arguments& arguments) {
    git_script_options options;
    options.hookctl = own_program();
    options.arguments = recorded_options(call, arguments);
    options.proceeds_without_hookctl = arguments.is_proceed_given && !arguments.fail_closed;
    return options;
}

void check_site(const git_site& site) {
    if (site.has_empty_hooks_path()) {
        throw usage_error(site.cure_of_empty_hooks_path());
    }
    if (site.global && site.hooks.empty()) {
        throw usage_error(
            "core.hooksPath is not set, so there are no hooks for all repositories; set it as in: "
            "git config --global core.hooksPath ~/.config/git/hooks (git then ignores each repository's own)");
    }
    if (site.global && !site.hooks.is_absolute()) {
        throw usage_error("core.hooksPath is '" + site.hooks_path +
                          "', a different directory in each repository: use --repo, or set an absolute path");
    }
    if (site.is_shared()) {
        throw usage_error("core.hooksPath is '" + site.hooks_path + "' in git's " + site.hooks_path_scope +
                          " configuration, for other repositories, too: install there with --global, or give this one "
                          "hooks of its own with: "
                          "git config core.hooksPath '" +
                          (site.common_dir / "hooks").string() + "'");
    }
}

/// Whether the user has moved the hooks to a place that git tracks, or cleans.
bool are_in_the_working_tree(const git_site& site, const fs::path& directory) {
    if (site.global || site.hooks_path.empty()) {
        return false;
    }
    const auto top = ask_git(site.repository, {"rev-parse", "--path-format=absolute", "--show-toplevel"});
    const auto contains = [&directory](const fs::path& root) {
        const auto whole = fs::weakly_canonical(root);
        return std::mismatch(whole.begin(), whole.end(), directory.begin(), directory.end()).first == whole.end();
    };
    return top.status == 0 && contains(top.output) && !contains(site.common_dir);
}

bool has_linked_worktrees(const git_site& site) {
    const auto all = ask_git(site.repository, {"worktree", "list", "--porcelain"}).output;
    constexpr std::string_view begin = "worktree ";
    return all.find("\n" + std::string(begin)) != std::string::npos;
}

void warn_about_place(const git_site& site, const git_hooks_directory& directory) {
    if (are_in_the_working_tree(site, directory.path())) {
        report_error(directory.path().string() +
                     " is in the working tree (core.hooksPath): don't commit its scripts, which name this machine's "
                     "hookctl; git clean -fdX would "
                     "delete the hooks from before, in " +
                     directory.kept_name());
    }
    if (!site.global && !site.hooks_path.empty() && !fs::path(site.hooks_path).is_absolute() &&
        !site.hooks_path.starts_with('~') && has_linked_worktrees(site)) {
        report_error(
            "core.hooksPath is '" + site.hooks_path +
            "', a different directory in each work tree: these hooks run in this one only; install them in each, "
            "or set an absolute path");
    }
}

void install_scripts(const git_site& site, const std::vector<const git_hook*>& chosen,
    const git_script_options& options, outcome_report& done) {
    check_site(site);
    git_hooks_directory directory(site.hooks);
    for (const auto* hook : chosen) {
        directory.check(*hook);
    }
    auto record = site.record();
    git_configuration configuration(site);
    done.in_directory(directory.path());
    for (const auto* hook : chosen) {
        done.add(*hook, directory.install(*hook, options));
        record.add({std::string(hook->name), directory.path()});
    }
    directory.tidy();
    record.save();
    if (configuration.has_any()) {  // of a newer git: each event would be fired twice there
        for (const auto* hook : chosen) {
            configuration.uninstall(*hook);
        }
    }
    warn_about_place(site, directory);
}

/// The directories where scripts may be: where they were put, and where git looks now. What --global has put elsewhere
/// is not this repository's.
std::vector<fs::path> known_directories(const git_site& site, const git_record& record) {
    auto all = record.directories();
    const auto add = [&all](const fs::path& directory) {
        std::error_code none;
        if (!directory.empty() && std::none_of(all.begin(), all.end(), [&](const fs::path& each) {
                return each == directory || fs::equivalent(each, directory, none);
            })) {
            all.push_back(directory);
        }
    };
    if (!site.is_shared()) {
        add(site.hooks);
    }
    if (!site.global) {
        add(site.common_dir / "hooks");
    }
    return all;
}

void tell_what_is_left(const git_hooks_directory& directory, const git_hook& hook, change done) {
    std::string left;
    const auto add = [&left](const std::vector<fs::path>& files) {
        for (const auto& each : files) {
            left.append(left.empty() ? "" : ", ").append(each.string());
        }
    };
    add(directory.kept(hook));
    add(directory.superseded(hook));
    if (done == change::foreign) {
        report_error((directory.path() / hook.name).string() +
                     " is no longer hookd's and was left as it is; the previous hook is " + left);
    } else if (done != change::none && !left.empty()) {
        report_error("older hooks than " + (directory.path() / hook.name).string() + " are kept: " + left);
    }
    for (const auto& each : directory.stand_ins(hook)) {
        report_error(each.string() +
                     " was left as a script that does nothing, since another hook calls it: once none "
                     "does, run this again or delete it");
    }
}

void uninstall_scripts(const git_site& site, const git_arguments& arguments, outcome_report& done) {
    auto record = site.record();
    std::error_code none;
    for (const auto& each : known_directories(site, record)) {
        if (!fs::is_directory(each, none)) {
            continue;
        }
        git_hooks_directory directory(each);
        done.in_directory(directory.path());
        const auto chosen = chosen_git_hooks(arguments.events, [&directory](const git_hook& hook) {
            return directory.has_script(hook) || !directory.kept(hook).empty() ||
                   !directory.moved_scripts(hook).empty() || !directory.stand_ins(hook).empty();
        });
        for (const auto* hook : chosen) {
            const auto removed = directory.uninstall(*hook);
            done.add(*hook, removed);
            tell_what_is_left(directory, *hook, removed);
        }
        directory.tidy();
    }
    const auto scripts = record.scripts();
    for (const auto& each : scripts) {
        const auto* hook = find_git_hook(each.hook);
        if (hook == nullptr || !fs::is_directory(each.directory, none) ||
            !git_hooks_directory(each.directory).has_script(*hook)) {
            record.remove(each);
        }
    }
    record.save();
}

void uninstall_configuration(const git_site& site, const git_arguments& arguments, outcome_report& done) {
    git_configuration configuration(site);
    if (!configuration.has_any()) {
        return;
    }
    done.in_configuration(site.global);
    for (const auto* hook :
        chosen_git_hooks(arguments.events, [&](const git_hook& each) { return configuration.has(each); })) {
        done.add(*hook, configuration.uninstall(*hook) ? change::removed : change::none);
    }
}

void install_in_configuration(const git_site& site, const std::vector<const git_hook*>& chosen,
    const git_script_options& options, outcome_report& done) {
    git_configuration configuration(site);
    for (const auto* hook : chosen) {
        const bool was_there = configuration.has(*hook);
        const bool changed = configuration.install(*hook, options);
        done.add(*hook, !changed ? change::none : was_there ? change::updated : change::installed);
    }
}

}  // namespace

int install_git_hooks(const invocation& call, const git_arguments& arguments) {
    const auto chosen = chosen_git_hooks(arguments.events, [](const git_hook& hook) { return hook.usual; });
    const auto site = find_git_site(arguments.repository, arguments.global);
    const auto options = script_options(call, arguments);
    outcome_report done(call);
    done.set_no_daemon(arguments.proceed_without_daemon);
    if (git_has_configured_hooks()) {
        outcome_report unsaid(call);
        uninstall_scripts(site, arguments, unsaid);  // of an older git: each event would be fired twice
        done.in_configuration(site.global);
        install_in_configuration(site, chosen, options, done);
    } else {
        install_scripts(site, chosen, options, done);
    }
    done.print_all();
    return exit_status::done;
}

int uninstall_git_hooks(const invocation& call, const git_arguments& arguments) {
    const auto site = find_git_site(arguments.repository, arguments.global);
    outcome_report done(call);
    uninstall_scripts(site, arguments, done);
    uninstall_configuration(site, arguments, done);
    done.print_all();
    return exit_status::done;
}

}  // namespace hookd::hookctl
