// SPDX-License-Identifier: BSL-1.0
#include "site.hpp"

#include "hookctl/arguments.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

/// The directory with .git that this one is in, else this one.
fs::path project_top() {
    auto directory = fs::current_path();
    for (auto at = directory; at.has_relative_path(); at = at.parent_path()) {
        if (fs::exists(at / ".git")) {
            return at;
        }
    }
    return directory;
}

}  // namespace

settings_path settings_of(const agent_wiring& wiring, bool project) {
    if (project) {
        return {project_top().string(), std::string(wiring.project_directory) + "/" + std::string(wiring.project_file),
            false};
    }
    const char* own = wiring.user_variable.empty() ? nullptr : std::getenv(std::string(wiring.user_variable).c_str());
    if (own != nullptr && *own == '/') {
        return {own, std::string(wiring.user_file), true};
    }
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home != '/') {
        throw usage_error("HOME names no directory to look for the agents' settings in");
    }
    return {home, std::string(wiring.user_directory) + "/" + std::string(wiring.user_file), true};
}

bool is_used(const agent_wiring& wiring, bool project) {
    if (project && wiring.project_directory.empty()) {
        return false;
    }
    const auto path = settings_of(wiring, project);
    const auto slash = path.rest.find('/');
    return fs::exists(
        slash == std::string::npos ? fs::path(path.base) : fs::path(path.base) / path.rest.substr(0, slash));
}

}  // namespace hookd::hookctl
