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

bool has_enabled_hook(const fs::path& registry) {
    constexpr std::size_t longest = std::size_t{256} << 20U;  // as hookd has it
    const auto text = base::read_front(registry, longest).value_or(std::string());
    if (base::find_json_fault(text)) {
        return false;
    }
    const auto hooks = base::value_view(text)["hooks"].elements();
    return std::any_of(hooks.begin(), hooks.end(), is_enabled);
}

}  // namespace

bool start_absent_daemon(const invocation& call) {
    if (!call.autostart || environment_variable("HOOKD_AUTOSTART") == "0" || !call.socket.empty() ||
        !environment_variable("HOOKD_SOCKET").empty()) {
        return false;
    }
    const auto registry = default_registry();
    if (acts_for_another_user() || !is_own(registry) || !has_enabled_hook(registry)) {
        return false;
    }
    const auto started = run_daemon_program({"--detach"});
    if (started.how == base::command_result::ending::exited && (started.code == 0 || started.code == socket_held)) {
        return true;
    }
    const auto& message = started.errors.text;
    report_error("hookd could not be started for the hooks in " + registry.string() +
                 (message.empty() ? "" : ": " + message.substr(0, message.find('\n'))));
    return false;
}

}  // namespace hookd::hookctl
