// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>

/// What hookd says to, and takes from, the service manager that started it (sd_notify(3), sd_listen_fds(3),
/// sd_watchdog_enabled(3)). Without one, each of these does nothing.
namespace hookd::server::service {

/// The socket that was handed over (LISTEN_FDS), made close-on-exec and taken out of the environment; -1 for none.
/// Throws std::runtime_error unless it is exactly one listening unix stream socket.
[[nodiscard]] int take_socket();

/// The path that a unix socket is bound to; an abstract name starts with `@`.
[[nodiscard]] std::filesystem::path path_of(int socket);

/// Within which time the manager wants to hear notify_alive() again and again, taken out of the environment; nothing
/// where it does not watch this process. Throws std::runtime_error for what is no number.
[[nodiscard]] std::optional<std::chrono::microseconds> take_watchdog_time();

/// Ready for clients, after the start or a reload. `status` is what `systemctl status` shows.
void notify_ready(std::string_view status);
void notify_reloading();
void notify_stopping();
void notify_alive();

}  // namespace hookd::server::service
