// SPDX-License-Identifier: BSL-1.0
#include "autostart.hpp"

#include "daemon_program.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/exec/command_runner.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/posix/read_file.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr int socket_held = 3;  ///< hookd(8), "EXIT STATUS": another has won

bool is_own(const fs::path& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && found.st_uid == ::geteuid();
}

/// What is registered is run as the daemon's user: it has to be that user who asks.
bool acts_for_another_user() {
    if (::getuid() != ::geteuid()) {
        return true;
    }
    const auto names_another = [](const char* name) {
        const auto user = environment_variable(name);
        return !user.empty() && user != "0" && user != "root";
    };
    if (::geteuid() == 0 && (names_another("SUDO_UID") || names_another("PKEXEC_UID") || names_another("DOAS_USER"))) {
        return true;
    }
    const auto runtime_directory = environment_variable("XDG_RUNTIME_DIR");
    return !runtime_directory.empty() && !is_own(runtime_directory);
}

bool is_enabled(std::string_view hook) {
    return base::value_view(hook)["enabled"] != "false" && base::value_view(hook)["hook"]["enabled"] != "false";
}

/// Also where that cannot be told: hookd then says what is wrong with the file, and a guard never vanishes silently.
bool may_have_enabled_hook(const fs::path& registry) {
    constexpr std::size_t longest = std::size_t{256} << 20U;  // as hookd has it
    const auto text = base::read_front(registry, longest);
    if (!text || base::find_json_fault(*text) || base::value_view(*text)["hooks"].empty()) {
        return true;
    }
    const auto hooks = base::value_view(*text)["hooks"].elements();
    return std::any_of(hooks.begin(), hooks.end(), is_enabled);
}

std::string failure_text(const base::command_result& started) {
    if (started.how == base::command_result::ending::not_started) {
        return started.subject + ": " + std::generic_category().message(started.code) +
               "; install it, or put its directory into PATH";
    }
    const auto& message = started.errors.text;
    return message.empty() ? "it said nothing; try: hookd" : message.substr(0, message.find('\n'));
}

}  // namespace

bool start_absent_daemon(const invocation& call) {
    if (!call.autostart || environment_variable("HOOKD_AUTOSTART") == "0" || !call.socket.empty() ||
        !environment_variable("HOOKD_SOCKET").empty()) {
        return false;
    }
    const auto registry = default_registry();
    if (acts_for_another_user() || !is_own(registry) || !may_have_enabled_hook(registry)) {
        return false;
    }
    const auto started = run_daemon_program({"--detach"});
    if (started.how == base::command_result::ending::exited && (started.code == 0 || started.code == socket_held)) {
        return true;
    }
    report_error("hookd could not be started for the hooks in " + registry.string() + ": " + failure_text(started));
    return false;
}

}  // namespace hookd::hookctl
