// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

namespace hookd::protocol {

/// Longest path of a unix domain socket on Linux: sizeof(sockaddr_un::sun_path) less the terminating zero (unix(7)).
inline constexpr std::size_t max_socket_path = 107;

/// Where daemon and clients meet by default: `hookd_socket` ($HOOKD_SOCKET), else
/// `xdg_runtime_dir`/hookd/hookd.sock ($XDG_RUNTIME_DIR), else `run_user`/`uid`/hookd/hookd.sock where `run_user`/`uid`
/// is a directory (the variable is often lost: sudo, cron), else /tmp/hookd-`uid`/hookd.sock. A null or empty variable
/// counts as unset; the caller reads the environment.
[[nodiscard]] std::string default_socket_path(const char* hookd_socket, const char* xdg_runtime_dir, std::uint32_t uid,
    const std::string& run_user = "/run/user");

}  // namespace hookd::protocol
