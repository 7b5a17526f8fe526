// SPDX-License-Identifier: BSL-1.0
#include "net/socket_lock.hpp"

#include <base/posix/unique_fd.hpp>
#include <hookd/server/listener.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <csignal>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace hookd::server {
namespace {

[[noreturn]] void fail_to_lock(const std::string& action, int error) {
    throw std::runtime_error(action + ": " + std::generic_category().message(error));
}

/// A pid says something only to processes of the same pid namespace. Empty where /proc is not there.
std::string own_pid_namespace() {
    std::array<char, PATH_MAX> name{};
    const auto length = ::readlink("/proc/self/ns/pid", name.data(), name.size());
    return {name.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

/// The pid in a lock file, unless it is one of another namespace. A file without a namespace is of an older hookd.
std::optional<long> pid_in(int lock) {
    std::array<char, 128> room{};
    const auto length = ::pread(lock, room.data(), room.size(), 0);
    std::string_view text{room.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    long pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc{} || pid <= 0) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto begin = text.find_first_not_of('\n');
    const auto name =
        begin == std::string_view::npos ? std::string_view{} : text.substr(begin, text.find('\n', begin) - begin);
    return name.empty() || name == own_pid_namespace() ? std::optional{pid} : std::nullopt;
}

/// Opens the lock file and checks that nobody else could have put it there or can hold it for us.
base::unique_fd open_lock_file(const std::filesystem::path& lock_path) {
    // O_NONBLOCK: somebody's FIFO of that name must not make us wait before we have seen what it is.
    base::unique_fd lock{
        ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR)};
    if (!lock) {
        fail_to_lock("cannot open the lock file " + lock_path.string() + ", which says who owns the socket", errno);
    }
    struct stat found {};
    if (::fstat(lock.get(), &found) != 0 || !S_ISREG(found.st_mode) || found.st_nlink > 1 ||
        found.st_uid != ::geteuid()) {
        throw std::runtime_error(
            "the lock file " + lock_path.string() +
            " is not a plain file of this user's: remove it, or choose another path with --socket");
    }
    return lock;
}

/// Whether `lock` is still what the path leads to: somebody may have removed the file.
bool leads_to(const std::filesystem::path& lock_path, int lock) noexcept {
    struct stat held {};
    struct stat named {};
    return ::fstat(lock, &held) == 0 && ::lstat(lock_path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

void write_owner(int lock, const std::filesystem::path& lock_path) {
    const auto text = std::to_string(::getpid()) + "\n" + own_pid_namespace() + "\n";
    if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        fail_to_lock("cannot write to the lock file " + lock_path.string(), errno);
    }
}

}  // namespace

socket_lock::socket_lock(const std::filesystem::path& socket) : socket_(socket) {
    std::optional<long> holder;
    // The owner writes its pid right after it has the lock. Who comes in between finds no pid, or that of an owner of
    // old that has died: a few more looks, and the message names the right one. Only the message: the lock alone
    // decides.
    for (int look = 0; look < 100; ++look) {
        if (take(holder)) {
            return;
        }
        if (holder && (::kill(static_cast<pid_t>(*holder), 0) == 0 || errno == EPERM)) {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    throw socket_in_use(socket_.string() + " is served by another hookd" +
                        (holder ? " (pid " + std::to_string(*holder) + ")" : "") +
                        ": use that one, stop it first, or choose another path with --socket");
}

socket_lock::~socket_lock() { release(); }

void socket_lock::release() noexcept {
    if (const int fd = lock_.file().get(); fd >= 0) {
        // A pid that is none any more would mislead.
        [[maybe_unused]] const int emptied = ::ftruncate(fd, 0);
        lock_ = {};
    }
}

std::filesystem::path socket_lock::file() const { return socket_.native() + ".lock"; }

bool socket_lock::is_current() const noexcept { return lock_.file() && leads_to(file(), lock_.file().get()); }

bool socket_lock::take_anew() {
    std::optional<long> holder;
    return take(holder);
}

bool socket_lock::take(std::optional<long>& holder) {
    const auto path = file();
    base::file_lock lock{open_lock_file(path)};
    bool is_taken = false;
    try {
        is_taken = lock.try_lock();
    } catch (const std::system_error& failure) {
        fail_to_lock("cannot lock " + path.string(), failure.code().value());
    }
    if (!is_taken) {
        holder = pid_in(lock.file().get());
        return false;
    }
    if (!leads_to(path, lock.file().get())) {
        return false;
    }
    write_owner(lock.file().get(), path);
    release();
    lock_ = std::move(lock);
    return true;
}

}  // namespace hookd::server
