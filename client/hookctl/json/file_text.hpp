// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace hookd::hookctl {

/// The first `limit` bytes of a file, one more where there are more; nothing where it can't be read.
[[nodiscard]] inline std::optional<std::string> read_up_to(const std::filesystem::path& path, std::size_t limit) {
    std::ifstream file(path, std::ios::binary);
    std::string text(limit + 1, '\0');
    if (!file || (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && file.bad())) {
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace hookd::hookctl
