// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>

namespace hookd::hookctl {

/// Has git ignore `.hookd.local.toml`, which is one person's own, at the top of each work tree of the repository: adds
/// a line to `info/exclude` in its common directory, unless the line is there. Throws std::system_error.
void exclude_local_file(const std::filesystem::path& common_dir);

}  // namespace hookd::hookctl
