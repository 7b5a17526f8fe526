// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/socket_path.hpp>

#include <filesystem>
#include <system_error>

namespace hookd::protocol {

std::string default_socket_path(
    const char* hookd_socket, const char* xdg_runtime_dir, std::uint32_t uid, const std::string& run_user) {
    const auto is_set = [](const char* variable) { return variable != nullptr && *variable != '\0'; };
    if (is_set(hookd_socket)) {
        return hookd_socket;
    }
    if (is_set(xdg_runtime_dir)) {
        return std::string{xdg_runtime_dir} + "/hookd/hookd.sock";
    }
    const std::string runtime_dir = run_user + '/' + std::to_string(uid);
    std::error_code unreadable;
    if (std::filesystem::is_directory(runtime_dir, unreadable)) {
        return runtime_dir + "/hookd/hookd.sock";
    }
    return "/tmp/hookd-" + std::to_string(uid) + "/hookd.sock";
}

}  // namespace hookd::protocol
