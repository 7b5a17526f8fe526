// SPDX-License-Identifier: BSL-1.0
#include "configuration.hpp"

#include "hookctl/arguments.hpp"
#include "program.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

std::string section_of(const git_hook& hook) { return "hook.hookd." + std::string(hook.name); }

std::optional<std::string> value_of(const std::map<std::string, std::string>& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

git_configuration::settings git_configuration::read(bool of_scope) const {
    std::vector<std::string> arguments{"config", "-z"};
    if (of_scope) {
        arguments.push_back(scope_);
    }
    arguments.insert(arguments.end(), {"--get-regexp", "^hook\\.hookd\\."});
    settings found;
    const auto said = ask_git(repository_, std::move(arguments)).output;  // status 1: there is none
    for (std::string_view rest = said; !rest.empty();) {
        const auto entry = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
        const auto key = entry.substr(0, entry.find('\n'));
        // A key alone, without `=`, is true.
        found[std::string(key)] = key.size() < entry.size() ? entry.substr(key.size() + 1) : "true";
    }
    return found;
}

const git_configuration::settings& git_configuration::own() const {
    if (!own_) {
        own_ = read(true);
    }
    return *own_;
}

const git_configuration::settings& git_configuration::in_force() const {
    if (!in_force_) {
        in_force_ = read(scope_ == "--global");
    }
    return *in_force_;
}

void git_configuration::set(const std::string& key, const std::string& value) {
    change({"--replace-all", key, value});
    if (own_) {
        (*own_)[key] = value;
    }
    in_force_.reset();
}

void git_configuration::change(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"config", scope_});
    if (const auto answer = ask_git(repository_, std::move(arguments)); answer.status != 0) {
        throw usage_error("git did not change its configuration" + (answer.errors.empty() ? "" : ": " + answer.errors));
    }
}

std::optional<std::string> git_configuration::command_in_force(const git_hook& hook) const {
    const auto section = section_of(hook);
    if (value_of(in_force(), section + ".event") != hook.name ||
        value_of(in_force(), section + ".enabled").value_or("true") != "true") {
        return std::nullopt;
    }
    return value_of(in_force(), section + ".command");
}

bool git_configuration::has(const git_hook& hook) const { return own().contains(section_of(hook) + ".command"); }

bool git_configuration::has_any() const { return !own().empty(); }

bool git_configuration::install(const git_hook& hook, const git_script_options& options) {
    const auto section = section_of(hook);
    const auto command = git_hook_command(hook, options);
    if (value_of(own(), section + ".command") == command && value_of(own(), section + ".event") == hook.name) {
        return false;
    }
    set(section + ".command", command);
    set(section + ".event", std::string(hook.name));
    return true;
}

bool git_configuration::uninstall(const git_hook& hook) {
    if (!has(hook)) {
        return false;
    }
    const auto section = section_of(hook);
    change({"--remove-section", section});
    std::erase_if(*own_, [&section](const auto& each) { return each.first.starts_with(section + "."); });
    in_force_.reset();
    return true;
}

}  // namespace hookd::hookctl
