#include "git_configuration.hpp"

#include "arguments.hpp"
#include "git_program.hpp"

#include <utility>

namespace hookd::hookctl {

namespace {

std::string section_of(const git_hook& hook) {
    return "hook.hookd." + std::string(hook.name);
}

}  // namespace

std::optional<std::string> git_configuration::value(const std::string& key, bool of_scope) const {
    std::vector<std::string> arguments{"config"};
    if (of_scope || scope_ == "--global") {
        arguments.push_back(scope_);
    }
    arguments.insert(arguments.end(), {"--get", key});
    auto said = ask_git(repository_, std::move(arguments));
    return said.succeeded() ? std::optional(std::move(said.output)) : std::nullopt;
}

void git_configuration::change(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"config", scope_});
    if (const auto said = ask_git(repository_, std::move(arguments)); said.status != 0) {
        throw usage_error("git did not change its configuration" + (said.errors.empty() ? "" : ": " + said.errors));
    }
}

std::optional<std::string> git_configuration::command_in_force(const git_hook& hook) const {
    const auto section = section_of(hook);
    if (value(section + ".event", false) != hook.name || value(section + ".enabled", false).value_or("true") != "true") {
        return std::nullopt;
    }
    return value(section + ".command", false);
}

bool git_configuration::has(const git_hook& hook) const {
    return value(section_of(hook) + ".command", true).has_value();
}

bool git_configuration::has_any() const {
    return ask_git(repository_, {"config", scope_, "--name-only", "--get-regexp", "^hook\\.hookd\\."}).succeeded();
}

bool git_configuration::install(const git_hook& hook, const git_script_options& options) const {
    const auto section = section_of(hook);
    const auto command = git_hook_command(hook, options);
    if (value(section + ".command", true) == command && value(section + ".event", true) == hook.name) {
        return false;
    }
    change({"--replace-all", section + ".command", command});
    change({"--replace-all", section + ".event", std::string(hook.name)});
    return true;
}

bool git_configuration::uninstall(const git_hook& hook) const {
    if (!has(hook)) {
        return false;
    }
    change({"--remove-section", section_of(hook)});
    return true;
}

}  // namespace hookd::hookctl
