#include "net/socket_file.hpp"

#include "net/safe_directory.hpp"

#include <hookd/protocol/socket_path.hpp>
#include <hookd/server/listener.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace hookd::server {
namespace {

constexpr mode_t private_mode = S_IRUSR | S_IWUSR;

[[noreturn]] void fail(const std::string& what, int error) {
    throw std::runtime_error(what + ": " + std::generic_category().message(error));
}

void close_and_forget(int& fd) noexcept {
    if (fd >= 0) {
        ::close(std::exchange(fd, -1));
    }
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
        throw std::runtime_error("the socket's path has " + std::to_string(text.size()) + " bytes, but the system allows " +
                                 std::to_string(protocol::max_socket_path) + ": choose a shorter one with --socket (it is " + text + ")");
    }
    if (!path.has_filename() || path.filename() == "." || path.filename() == ".." || text.find('\0') != std::string::npos) {
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
        throw std::runtime_error(path.string() + " exists and is no socket, so it is left alone: move it away, or choose another path with --socket");
    }
    return true;
}

std::optional<long> pid_in(int lock) {
    std::array<char, 32> text{};
    const auto length = ::pread(lock, text.data(), text.size(), 0);
    long pid = 0;
    if (length <= 0 || std::from_chars(text.data(), text.data() + length, pid).ec != std::errc{} || pid <= 0) {
        return std::nullopt;
    }
    return pid;
}

/// Opens PATH.lock and checks that nobody else could have put it there or can hold it for us.
int open_lock_file(const std::filesystem::path& lock_path) {
    // O_NONBLOCK: somebody's FIFO of that name must not make us wait before we have seen what it is.
    int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, private_mode);
    if (lock < 0) {
        fail("cannot open the lock file " + lock_path.string() + ", which says who owns the socket", errno);
    }
    struct stat found {};
    if (::fstat(lock, &found) != 0 || !S_ISREG(found.st_mode) || found.st_nlink > 1 || found.st_uid != ::geteuid()) {
        close_and_forget(lock);
        throw std::runtime_error("the lock file " + lock_path.string() +
                                 " is not a plain file of this user's: remove it, or choose another path with --socket");
    }
    return lock;
}

/// Whether `lock` is still what the path leads to: somebody may have removed the file between our open and our flock.
bool is_current(int lock, const std::filesystem::path& lock_path) {
    struct stat held {};
    struct stat named {};
    return ::fstat(lock, &held) == 0 && ::lstat(lock_path.c_str(), &named) == 0 && held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

int take_lock(const std::filesystem::path& path) {
    const std::filesystem::path lock_path = path.native() + ".lock";
    std::optional<long> holder;
    // The owner writes its pid right after it has the lock. Who comes in between finds no pid, or that of an owner of old that has died:
    // a few more looks, and the message names the right one. Only the message: the lock alone decides.
    for (int look = 0; look < 100; ++look) {
        int lock = open_lock_file(lock_path);
        if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {
            if (is_current(lock, lock_path)) {
                const auto pid = std::to_string(::getpid()) + "\n";
                if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
                    const int error = errno;
                    close_and_forget(lock);
                    fail("cannot write to the lock file " + lock_path.string(), error);
                }
                return lock;
            }
        } else if (errno != EWOULDBLOCK) {
            const int error = errno;
            close_and_forget(lock);
            fail("cannot lock " + lock_path.string(), error);
        } else {
            holder = pid_in(lock);
        }
        close_and_forget(lock);
        if (holder && (::kill(static_cast<pid_t>(*holder), 0) == 0 || errno == EPERM)) {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    throw socket_in_use(path.string() + " is served by another hookd" + (holder ? " (pid " + std::to_string(*holder) + ")" : "") +
                        ": use that one, stop it first, or choose another path with --socket");
}

/// Whether a program listens there. Only one that takes no lock can, since we hold it: not a hookd, or one whose lock file was removed.
bool is_served(const std::string& path) {
    int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto address = address_of(path);
    const bool served = probe >= 0 && (::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN);
    close_and_forget(probe);
    return served;
}

}  // namespace

socket_file::socket_file(std::filesystem::path path) : path_(std::move(path)) {
    check_name(path_);
    prepare_directory(path_.parent_path(), "--socket");
    finds_socket(path_);  // before a lock file is made beside somebody's data
    lock_ = take_lock(path_);
    try {
        open_socket();
    } catch (...) {
        remove();
        throw;
    }
}

void socket_file::open_socket() {
    const std::string& path = path_.native();
    if (finds_socket(path_)) {
        if (is_served(path)) {
            throw socket_in_use(path + " is served by a program that holds no lock on it: stop that first, or choose another path with --socket");
        }
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
            fail("cannot remove the stale socket " + path, errno);
        }
    }
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listening_ < 0) {
        fail("cannot make a socket", errno);
    }
    // The file gets the mode of the socket's own inode (less the umask, which is the whole process's and thus not for us to change), so it is
    // private from its first moment. The second chmod is for a umask that takes our own bits away, and for kernels that ignore the
    // first; until listen() nobody can connect, so it is not late either.
    ::fchmod(listening_, private_mode);
    const auto address = address_of(path);
    if (::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("cannot make the socket " + path, errno);
    }
    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0) {
        fail("cannot look at the socket " + path, errno);
    }
    device_ = made.st_dev;
    inode_ = made.st_ino;
    if ((made.st_mode & ALLPERMS) != private_mode && ::chmod(path.c_str(), private_mode) != 0) {
        fail("cannot make the socket " + path + " private", errno);
    }
    if (::listen(listening_, SOMAXCONN) != 0) {
        fail("cannot listen on " + path, errno);
    }
}

socket_file::~socket_file() {
    remove();
}

int socket_file::release() noexcept {
    return std::exchange(listening_, -1);
}

void socket_file::remove() noexcept {
    struct stat found {};
    if (inode_ != 0 && ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
    inode_ = 0;
    close_and_forget(listening_);
    if (lock_ >= 0) {
        // A pid that is none any more would mislead. The file stays: see the class.
        static_cast<void>(::ftruncate(lock_, 0));
    }
    close_and_forget(lock_);
}

}  // namespace hookd::server
