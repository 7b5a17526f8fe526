// SPDX-License-Identifier: BSL-1.0
#include "survey.hpp"

#include "author.hpp"
#include "chosen_hooks.hpp"
#include "configuration.hpp"
#include "hooks_directory.hpp"
#include "script.hpp"

#include <base/posix/read_file.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_script = std::size_t{64} * 1024;
constexpr std::string_view cure = "; hookctl git install puts it right";

bool can_be_run(const fs::path& path) {
    std::error_code none;
    return fs::is_regular_file(path, none) && fs::file_size(path, none) > 0 && ::access(path.c_str(), X_OK) == 0;
}

bool is_in_path(std::string_view program) {
    const char* path = std::getenv("PATH");
    for (std::string_view rest = path != nullptr ? path : ""; !rest.empty();) {
        const auto each = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), each.size() + 1));
        if (can_be_run(fs::path(each) / program)) {
            return true;
        }
    }
    return false;
}

/// What is wrong with the text of a script or a command; empty: nothing.
std::string script_fault(std::string_view text) {
    const auto program = hookctl_of_script(text);
    const bool may_be_elsewhere = !is_run_by_hookctl(text) && is_in_path("hookctl");
    if (!program.empty() && !can_be_run(program) && !may_be_elsewhere) {
        return program + " is not there, or may not be run" + std::string(cure);
    }
    return {};
}

class surveyor {
public:
    surveyor(const git_site& site, const git_configuration& configuration, bool by_configuration)
        : site_(site),
          configuration_(configuration),
          directory_(site.hooks.empty() ? site.common_dir : site.hooks),
          by_configuration_(by_configuration) {}

    [[nodiscard]] bool was_installed(const git_hook& hook) const {
        if (by_configuration_) {
            return configuration_.has(hook);
        }
        const auto& scripts = record_.scripts();
        return std::any_of(scripts.begin(), scripts.end(), [&hook](const auto& each) {
            return each.hook == hook.name;
        }) || directory_.has_script(hook);
    }

    [[nodiscard]] surveyed_hook look(const git_hook& hook) const {
        surveyed_hook found;
        found.hook = &hook;
        if (by_configuration_) {
            look_at_configuration(found);
        } else {
            look_at_script(found);
        }
        found.fires = found.why_not.empty();
        return found;
    }

private:
    void look_at_configuration(surveyed_hook& found) const {
        const auto command = configuration_.command_in_force(*found.hook);
        if (!command) {
            found.why_not = "git's configuration does not name it, or has it switched off (hook.hookd." +
                            std::string(found.hook->name) + ")" + std::string(cure);
            return;
        }
        found.socket = installed_socket_of(*command);
        found.why_not = script_fault("\n" + *command);
    }

    void look_at_script(surveyed_hook& found) const {
        const auto& hook = *found.hook;
        const auto place = directory_.path() / hook.name;
        for (const auto& each : directory_.kept(hook)) {
            found.displaced.push_back({each, author_of(base::read_front(each, longest_script).value_or(""))});
        }
        if (site_.has_empty_hooks_path()) {
            found.why_not = site_.cure_of_empty_hooks_path();
            return;
        }
        std::error_code none;
        if (fs::symlink_status(place, none).type() == fs::file_type::not_found) {
            found.why_not = place.string() + " is not there" + elsewhere(hook) + std::string(cure);
            return;
        }
        const auto text = base::read_front(place, longest_script).value_or("");
        if (!directory_.has_script(hook)) {
            const auto author = author_of(text);
            found.taken_by = author.empty() ? "another hook" : author;
            found.why_not = found.taken_by + " has replaced hookd's script, " + place.string() + elsewhere(hook) +
                            std::string(cure);
            return;
        }
        found.is_changed = has_additions(text);
        found.socket = installed_socket_of(text);
        found.why_not = can_be_run(place)
                            ? script_fault(text)
                            : place.string() + " may not be run, so that git passes it over" + std::string(cure);
    }

    /// Where the script is instead.
    [[nodiscard]] std::string elsewhere(const git_hook& hook) const {
        for (const auto& each : directory_.moved_scripts(hook)) {
            return "; the script was moved to " + each.string();
        }
        for (const auto& each : record_.scripts()) {
            if (each.hook == hook.name && each.directory != directory_.path()) {
                return "; the script is in " + each.directory.string() + ", and core.hooksPath is '" +
                       site_.hooks_path + "'";
            }
        }
        return {};
    }

    const git_site& site_;
    const git_configuration& configuration_;
    git_hooks_directory directory_;
    git_record record_{site_.record()};
    bool by_configuration_;
};

}  // namespace

git_survey survey_git_hooks(const git_site& site, std::string_view events) {
    git_survey result;
    result.site = site;
    const git_configuration configuration(site);
    result.by_configuration = configuration.has_any() && git_has_configured_hooks();
    const surveyor here(site, configuration, result.by_configuration);
    for (const auto* hook :
        chosen_git_hooks(events, [&here](const git_hook& each) { return here.was_installed(each); })) {
        result.hooks.push_back(here.look(*hook));
    }
    return result;
}

}  // namespace hookd::hookctl
