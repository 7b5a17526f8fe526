// SPDX-License-Identifier: BSL-1.0
#include "settings_file.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/json/file_text.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
    throw usage_error("can't " + what + " " + path + ": " + std::generic_category().message(error));
}

void refuse_links(const settings_path& path) {
    fs::path at(path.base);
    for (const auto& part : fs::path(path.rest)) {
        at /= part;
        std::error_code ignored;
        if (fs::is_symlink(fs::symlink_status(at, ignored))) {
            throw usage_error(at.string() +
                              " is a link, which hookctl does not follow: change the file that it leads to by hand, or "
                              "replace the link");
        }
    }
}

/// A descriptor that is closed at the end.
class open_file {
public:
    open_file(const std::string& path, int flags, mode_t mode = 0)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)) {}
    ~open_file() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

void write_whole(const std::string& path, const std::string& text, mode_t mode) {
    const open_file file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (file.get() < 0 || ::fchmod(file.get(), mode) != 0) {
        fail("write", path, errno);
    }
    for (std::size_t done = 0; done < text.size();) {
        const auto count = ::write(file.get(), text.data() + done, text.size() - done);
        if (count < 0 && errno != EINTR) {
            const int error = errno;
            ::unlink(path.c_str());
            fail("write", path, error);
        }
        done += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    ::fsync(file.get());
}

}  // namespace

std::optional<std::string> read_settings(const settings_path& path) {
    refuse_links(path);
    auto text = read_whole(path.whole());
    if (!text && errno != ENOENT && errno != ENOTDIR) {
        fail("read", path.whole(), errno);
    }
    return text;
}

void write_settings(const settings_path& path, const std::string& text) {
    refuse_links(path);
    const fs::path target(path.whole());
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (error) {
        fail("make", target.parent_path().string(), error.value());
    }
    struct stat there {};
    const bool is_there = ::stat(target.c_str(), &there) == 0;
    const auto temporary = target.string() + ".hookctl-" + std::to_string(::getpid());
    write_whole(temporary, text, is_there ? there.st_mode & 07777U : 0600U);
    if (::rename(temporary.c_str(), target.c_str()) != 0) {
        const int failed = errno;
        ::unlink(temporary.c_str());
        fail("replace", target.string(), failed);
    }
}

void remove_settings(const settings_path& path) {
    refuse_links(path);
    if (::unlink(path.whole().c_str()) != 0 && errno != ENOENT) {
        fail("remove", path.whole(), errno);
    }
}

}  // namespace hookd::hookctl
