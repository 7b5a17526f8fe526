// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <functional>

namespace hookd::server {

/// Goes on in the background: runs `serve` in a child process that has a session of its own, /dev/null as its standard
/// input, `log` (appended to, mode 0600) as both outputs, and no other descriptor of this process. The directory of
/// `log` is made where it is missing.
///
/// In this process it returns 0 once the child has called `ready`, else the child's exit status when that has ended
/// before; a line on standard error then says where its log is. In the child it returns what `serve` does.
/// Precondition: no other thread runs. Throws std::system_error or std::runtime_error, in this process, where it can't
/// fork or may not use `log`.
int run_detached(const std::filesystem::path& log, const std::function<int(const std::function<void()>& ready)>& serve);

}  // namespace hookd::server
