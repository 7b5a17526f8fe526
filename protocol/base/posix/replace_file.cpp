// SPDX-License-Identifier: BSL-1.0
#include "replace_file.hpp"

#include "descriptor_io.hpp"
#include "unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace hookd::base {

namespace {

[[noreturn]] void fail(const std::string& action, const std::filesystem::path& path, int error) {
    throw std::filesystem::filesystem_error(action, path, std::error_code{error, std::generic_category()});
}

void write_new(const std::filesystem::path& path, std::string_view text, mode_t mode) {
    const unique_fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0700U)};
    if (!file) {
        fail("cannot write", path, errno);
    }
    int error = 0;
    try {
        write_all(file.get(), text);
        error = ::fchmod(file.get(), mode) == 0 && ::fsync(file.get()) == 0 ? 0 : errno;
    } catch (const std::system_error& failure) {
        error = failure.code().value();
    }
    if (error != 0) {
        ::unlink(path.c_str());
        fail("cannot write", path, error);
    }
}

}  // namespace

staged_file::staged_file(std::filesystem::path place, std::string_view text, mode_t mode)
    : place_(std::move(place)), staged_(place_.string() + ".new-" + std::to_string(::getpid())) {
    ::unlink(staged_.c_str());  // of a process with that number that was killed
    write_new(staged_, text, mode);
}

staged_file::~staged_file() {
    if (!staged_.empty()) {
        ::unlink(staged_.c_str());
    }
}

void staged_file::commit() {
    if (::rename(staged_.c_str(), place_.c_str()) != 0) {
        fail("cannot replace", place_, errno);
    }
    staged_.clear();
    sync_directory(place_.parent_path());
}

void replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
    staged_file{path, text, mode}.commit();
}

void sync_directory(const std::filesystem::path& path) {
    const auto directory = path.empty() ? std::filesystem::path{"."} : path;
    const unique_fd opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened || ::fsync(opened.get()) != 0) {
        fail("cannot synchronize", directory, errno);
    }
}

}  // namespace hookd::base
