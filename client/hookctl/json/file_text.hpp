// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::hookctl {

// By read(2) and write(2): the C++ library's streams would start locales at each start of hookctl, and a buffer as
// large as the limit would be written to before the file is.

/// The first `limit` bytes of a file, one more where there are more; nothing if it can't be read: then errno says why.
[[nodiscard]] std::optional<std::string> read_up_to(const std::filesystem::path& path, std::size_t limit);

/// All of a file; nothing if it can't be read: then errno says why.
[[nodiscard]] std::optional<std::string> read_whole(const std::filesystem::path& path);

/// Makes `text` all that the file holds; it is created with mode 0666 less the umask. Returns whether that worked; if
/// not errno says why, and the file may hold a part.
[[nodiscard]] bool write_whole(const std::filesystem::path& path, std::string_view text) noexcept;

}  // namespace hookd::hookctl
