// SPDX-License-Identifier: BSL-1.0
#include "safe_directory.hpp"

#include "overflow_user.hpp"
#include "unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// All of the path is looked at, not only its end: whoever may write to a directory above could put another in its
// place. Each step is taken from an open directory (openat, O_NOFOLLOW), so that what was looked at is what is gone
// through.

namespace hookd::base {
namespace {

/// What a walk is for.
enum class purpose {
    make_directory,   ///< to make what is missing
    check_directory,  ///< to refuse what is missing
    check_file,       ///< the same, but the path ends in a file
};

class directory_walk {
public:
    directory_walk(const std::filesystem::path& path, purpose what_for, std::string_view option)
        : purpose_(what_for), advice_("choose another path with " + std::string{option}) {
        prepend(path.empty() ? std::filesystem::path{"."} : path);
        if (path.is_relative()) {
            start_at(".");
        }
    }

    void run() {
        while (!left_.empty()) {
            const std::string name = std::move(left_.front());
            left_.pop_front();
            step(name);
        }
    }

private:
    [[noreturn]] void fail(const std::string& problem, const std::filesystem::path& path, int error) const {
        throw std::runtime_error(
            problem + " " + path.string() + ": " + std::generic_category().message(error) + "; " + advice_);
    }

    void prepend(const std::filesystem::path& path) {
        if (path.is_absolute()) {
            start_at("/");
        }
        std::deque<std::string> names;
        for (const auto& part : path.relative_path()) {
            if (!part.empty() && part != ".") {
                names.push_back(part.string());
            }
        }
        left_.insert(left_.begin(), names.begin(), names.end());
    }

    void start_at(const char* path) {
        walked_ = path;
        current_ = unique_fd{::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
        if (current_.get() < 0) {
            fail("cannot open the directory", walked_, errno);
        }
        struct stat found {};
        if (::fstat(current_.get(), &found) != 0) {
            fail("cannot look at the directory", walked_, errno);
        }
        check(found);
    }

    void step(const std::string& name) {
        const auto above = walked_;
        walked_ = above == "." ? std::filesystem::path{name} : above / name;
        if (purpose_ == purpose::make_directory && ::mkdirat(current_.get(), name.c_str(), 0700) != 0 &&
            errno != EEXIST) {
            const int error = errno;
            struct stat found {};
            // EROFS, EACCES and the like don't matter where there is nothing to make.
            if (::fstatat(current_.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
                fail("cannot make the directory", walked_, error);
            }
        }
        unique_fd next{::openat(current_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
        struct stat found {};
        if (next.get() < 0 || ::fstat(next.get(), &found) != 0) {
            fail(is_file_end() ? "cannot open" : "cannot open the directory", walked_, errno);
        }
        if (S_ISLNK(found.st_mode)) {
            check_link(found);
            if (!is_file_end() || !check_what_is_no_file(name)) {
                follow(next, above);
            }
            return;
        }
        if (is_file_end()) {
            check_file(found);
            return;
        }
        if (!S_ISDIR(found.st_mode)) {
            fail("cannot put a file below", walked_, ENOTDIR);
        }
        check(found);
        current_ = std::move(next);
    }

    void check_link(const struct stat& found) const {
        if (!is_trusted(found.st_uid)) {
            throw std::runtime_error("the symbolic link " + walked_.string() + " belongs to user " +
                                     std::to_string(found.st_uid) +
                                     ", who could lead hookd and its clients elsewhere: " + advice_);
        }
    }

    /// A link at the end may lead to a pipe or a terminal, in /proc by a name that is no path. False where it does not.
    [[nodiscard]] bool check_what_is_no_file(const std::string& link) const {
        struct stat target {};
        if (::fstatat(current_.get(), link.c_str(), &target, 0) != 0 || S_ISREG(target.st_mode) ||
            S_ISDIR(target.st_mode)) {
            return false;
        }
        check_file(target);
        return true;
    }

    void follow(const unique_fd& link, const std::filesystem::path& above) {
        if (++links_followed_ > 40) {  // as many as the kernel allows (path_resolution(7))
            fail("cannot follow", walked_, ELOOP);
        }
        std::array<char, PATH_MAX> target{};
        const auto length = ::readlinkat(link.get(), "", target.data(), target.size());
        if (length <= 0) {
            fail("cannot read the symbolic link", walked_, length < 0 ? errno : ENOENT);
        }
        walked_ = above;  // a relative target counts from where the link is
        prepend(std::string{target.data(), static_cast<std::size_t>(length)});
    }

    [[nodiscard]] bool is_file_end() const noexcept { return purpose_ == purpose::check_file && left_.empty(); }

    void check_file(const struct stat& found) const {
        if (!is_trusted(found.st_uid)) {
            throw std::runtime_error(walked_.string() + " belongs to user " + std::to_string(found.st_uid) +
                                     ", who could change it: chown it, or " + advice_);
        }
        if (S_ISREG(found.st_mode) && (found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
            throw std::runtime_error(
                "others may write to " + walked_.string() + ": run chmod go-w " + walked_.string() + ", or " + advice_);
        }
    }

    void check(const struct stat& found) const {
        if ((found.st_mode & S_ISVTX) != 0 && found.st_uid == 0) {
            return;
        }
        if (!is_trusted(found.st_uid)) {
            throw std::runtime_error("the directory " + walked_.string() + " belongs to user " +
                                     std::to_string(found.st_uid) +
                                     ", who could replace what hookd has there: " + advice_);
        }
        if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
            throw std::runtime_error("others may write to the directory " + walked_.string() +
                                     " and could replace what hookd has there: run chmod go-w " + walked_.string() +
                                     ", or " + advice_);
        }
    }

    // A user namespace shows the users that it does not know as one: who that is cannot be told, not even of `/`.
    [[nodiscard]] bool is_trusted(uid_t owner) const {
        return owner == 0 || (owner == ::geteuid() && !is_overflow_user(owner));
    }

    purpose purpose_;
    std::string advice_;
    unique_fd current_{};
    std::filesystem::path walked_{};
    std::deque<std::string> left_{};
    int links_followed_ = 0;
};

}  // namespace

void prepare_directory(const std::filesystem::path& directory, std::string_view option) {
    directory_walk{directory, purpose::make_directory, option}.run();
}

void check_directory(const std::filesystem::path& directory, std::string_view option) {
    directory_walk{directory, purpose::check_directory, option}.run();
}

void check_file(const std::filesystem::path& file, std::string_view option) {
    directory_walk{file, purpose::check_file, option}.run();
}

}  // namespace hookd::base
