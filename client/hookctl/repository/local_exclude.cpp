// SPDX-License-Identifier: BSL-1.0
#include "local_exclude.hpp"

#include "hook_file.hpp"

#include <base/posix/descriptor_io.hpp>
#include <base/posix/read_file.hpp>
#include <base/posix/unique_fd.hpp>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

#include <fcntl.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_exclude_file = std::size_t{1} << 20;

}  // namespace

void exclude_local_file(const fs::path& common_dir) {
    const auto path = common_dir / "info" / "exclude";
    const auto text = base::read_front(path, longest_exclude_file).value_or("");
    const auto line = "/" + std::string(local_hook_file_name) + "\n";
    if (("\n" + text).find("\n" + line) != std::string::npos) {
        return;
    }
    fs::create_directories(path.parent_path());
    const base::unique_fd file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)};
    if (!file) {
        throw std::system_error(errno, std::generic_category(), path.string());
    }
    base::write_all(file.get(), (text.empty() || text.ends_with('\n') ? "" : "\n") + line);
}

}  // namespace hookd::hookctl
