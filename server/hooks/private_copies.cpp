// SPDX-License-Identifier: BSL-1.0
#include "hooks/private_copies.hpp"

#include <base/posix/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace hookd::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_neighbours = 1024;  // a directory with more of them is a collection, not a program's own

[[noreturn]] void fail(const fs::path& path, int error) {
    throw std::runtime_error("no private copy could be made at " + path.string() + ": " +
                             std::generic_category().message(error) + " (TMPDIR of hookd says where)");
}

void link_neighbours(const fs::path& original, const fs::path& directory) {
    std::error_code ignored;  // what cannot be listed or linked is missed by the script, which says so
    std::size_t count = 0;
    for (fs::directory_iterator each{original.parent_path(), ignored}, end; each != end && count < most_neighbours;
         each.increment(ignored)) {
        if (each->path().filename() != original.filename()) {
            fs::create_symlink(each->path(), directory / each->path().filename(), ignored);
            ++count;
        }
    }
}

void clear(const fs::path& directory) {
    if (!directory.empty()) {
        std::error_code ignored;  // it is our own; what is left of it harms no one
        fs::remove_all(directory, ignored);
    }
}

}  // namespace

private_copies::~private_copies() { clear(root_); }

const fs::path& private_copies::root() {
    std::error_code unknown;
    if (root_.empty() || !fs::is_directory(root_, unknown)) {
        auto pattern = (fs::temp_directory_path() / "hookd-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            fail(pattern, errno);
        }
        root_ = pattern;
    }
    return root_;
}

std::optional<std::string> private_copies::of(const file_pin& pin) {
    auto& known = copies_[pin.path];
    if (known.sha256 == pin.sha256 && ::access(known.path.c_str(), R_OK) == 0) {
        return known.path.string();
    }
    clear(known.path.parent_path());
    known = {};
    const auto directory = root() / std::to_string(++last_);
    if (::mkdir(directory.c_str(), 0700) != 0) {
        fail(directory, errno);
    }
    const auto path = directory / fs::path(pin.path).filename();
    const base::unique_fd target(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500));
    if (!target) {
        fail(path, errno);
    }
    if (copy_file(pin.path, target.get()) != pin.sha256) {
        clear(directory);
        return std::nullopt;
    }
    link_neighbours(pin.path, directory);
    known = {pin.sha256, path};
    return path.string();
}

}  // namespace hookd::server
