// SPDX-License-Identifier: BSL-1.0
#include "net/socket_file.hpp"

#include <base/posix/safe_directory.hpp>
#include <hookd/protocol/socket_path.hpp>
#include <hookd/server/listener.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace hookd::server {
namespace {

constexpr mode_t private_mode = S_IRUSR | S_IWUSR;

[[noreturn]] void fail(const std::string& action, int error) {
    throw std::runtime_error(action + ": " + std::generic_category().message(error));
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

void check_name(const std::filesystem::path& path) {
    const auto& text = path.native();
    if (text.size() > protocol::max_socket_path) {
        throw std::runtime_error("the socket's path has " + std::to_string(text.size()) +
                                 " bytes, but the system allows " + std::to_string(protocol::max_socket_path) +
                                 ": choose a shorter one with --socket (it is " + text + ")");
    }
    if (!path.has_filename() || path.filename() == "." || path.filename() == ".." || path == "@" ||
        text.find('\0') != std::string::npos) {
        throw std::runtime_error("\"" + text + "\" does not name a file: give --socket the path of the socket itself");
    }
}

/// Whether there is a socket. Throws where there is anything else: it may be somebody's data.
bool finds_socket(const std::filesystem::path& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return false;
        }
        fail("cannot look at " + path.string(), errno);
    }
    if (!S_ISSOCK(found.st_mode)) {
        throw std::runtime_error(
            path.string() +
            " exists and is not a socket, so it is not touched: move it away, or choose another path with --socket");
    }
    return true;
}

void remove_socket(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        fail("cannot remove the socket " + path + ", which is not this daemon's", errno);
    }
}

base::unique_fd new_socket() {
    base::unique_fd made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!made) {
        fail("cannot make a socket", errno);
    }
    return made;
}

/// Whether a program listens there. Only one that takes no lock can, since we hold it: not a hookd, or one whose lock
/// file was removed.
bool is_served(const std::string& path) {
    const base::unique_fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto address = address_of(path);
    return probe && (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                        errno == EAGAIN);
}

/// Whether a lock beside the socket of a service manager can be had. A daemon that may not write there cannot be
/// followed by one that may, save root's.
bool may_lock_beside(const std::filesystem::path& path) noexcept {
    const auto directory = path.parent_path();
    return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ||
           ::faccessat(AT_FDCWD, (path.native() + ".lock").c_str(), R_OK | W_OK, AT_EACCESS) == 0;
}

}  // namespace

socket_file::socket_file(std::filesystem::path path) : path_(std::move(path)) {
    check_name(path_);
    if (!has_file()) {
        open_abstract_socket();
        return;
    }
    base::prepare_directory(path_.parent_path(), "--socket");
    finds_socket(path_);  // before a lock file is made beside somebody's data
    lock_.emplace(path_);
    try {
        if (finds_socket(path_)) {
            if (is_served(path_.native())) {
                throw socket_in_use(path_.native() +
                                    " is served by a program that holds no lock on it: stop that first, or choose "
                                    "another path with --socket");
            }
            remove_socket(path_.native());
        }
        open_socket();
    } catch (...) {
        remove();
        throw;
    }
}

socket_file::socket_file(std::filesystem::path path, int inherited) : path_(std::move(path)), listening_(inherited) {
    ::fcntl(listening_.get(), F_SETFD, FD_CLOEXEC);
    if (!has_file()) {
        return;
    }
    base::check_directory(path_.parent_path(), "ListenStream= of the socket unit");
    if (may_lock_beside(path_)) {
        lock_.emplace(path_);
    }
    remember_file();
}

bool socket_file::has_file() const noexcept { return !path_.empty() && path_.native().front() != '@'; }

void socket_file::open_abstract_socket() {
    const std::string& name = path_.native();
    listening_ = new_socket();
    auto address = address_of(name);
    address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        ::listen(listening_.get(), SOMAXCONN) != 0) {
        const int error = errno;
        listening_.reset();
        if (error == EADDRINUSE) {
            throw socket_in_use(
                name +
                " is served by another program: use that one, stop it first, or choose another name with --socket");
        }
        fail("cannot listen on " + name, error);
    }
}

void socket_file::open_socket() {
    const std::string& path = path_.native();
    listening_.reset();
    listening_ = new_socket();
    // The file gets the mode of the socket's own inode (less the umask, which is the whole process's and thus not for
    // us to change), so it is private from its first moment. The second chmod is for a umask that takes our own bits
    // away, and for kernels that ignore the first; until listen() nobody can connect, so it is not late either.
    ::fchmod(listening_.get(), private_mode);
    const auto address = address_of(path);
    if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("cannot make the socket " + path, errno);
    }
    made_here_ = true;
    remember_file();
    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0) {
        fail("cannot look at the socket " + path, errno);
    }
    if ((made.st_mode & ALLPERMS) != private_mode && ::chmod(path.c_str(), private_mode) != 0) {
        fail("cannot make the socket " + path + " private", errno);
    }
    if (::listen(listening_.get(), SOMAXCONN) != 0) {
        fail("cannot listen on " + path, errno);
    }
}

void socket_file::remember_file() {
    struct stat found {};
    const bool is_there = ::lstat(path_.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
    device_ = is_there ? found.st_dev : 0;
    inode_ = is_there ? found.st_ino : 0;
}

socket_file::~socket_file() { remove(); }

int socket_file::release() noexcept { return listening_.release(); }

bool socket_file::is_in_place() const noexcept {
    struct stat found {};
    return !has_file() || (::lstat(path_.c_str(), &found) == 0 && S_ISSOCK(found.st_mode) && found.st_dev == device_ &&
                              found.st_ino == inode_);
}

bool socket_file::put_back() {
    const bool in_place = is_in_place();
    const bool is_held = !lock_ || lock_->is_current();
    if (in_place && is_held) {
        return false;
    }
    base::check_directory(path_.parent_path(), "--socket");
    // A daemon that tries to start may hold the lock for a moment, until it sees that the socket is served.
    if (!is_held && !lock_->take_anew() && !in_place) {
        throw std::runtime_error("another hookd has taken the lock of " + path_.native());
    }
    if (in_place) {
        return false;
    }
    if (finds_socket(path_)) {
        remove_socket(path_.native());
    }
    open_socket();
    return true;
}

void socket_file::remove() noexcept {
    if (made_here_ && inode_ != 0 && is_in_place()) {
        ::unlink(path_.c_str());
    }
    inode_ = 0;
    listening_.reset();
    lock_.reset();
}

}  // namespace hookd::server
