// SPDX-License-Identifier: BSL-1.0
#include "net/socket_file.hpp"

#include "support/deadline.hpp"
#include "support/preconditions.hpp"
#include "support/process.hpp"
#include "support/temp_directory.hpp"
#include "support/text.hpp"

#include <base/posix/unique_fd.hpp>
#include <hookd/server/listener.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using hookd::server::socket_file;
using hookd::server::socket_in_use;
using namespace hookd::test;

namespace {

/// Sets the umask for a test; the file mode creation mask is the whole process's.
class umask_guard {
public:
    explicit umask_guard(mode_t mask) : before_(::umask(mask)) {}
    umask_guard(const umask_guard&) = delete;
    umask_guard& operator=(const umask_guard&) = delete;
    ~umask_guard() { ::umask(before_); }

private:
    mode_t before_;
};

void require(bool worked, const char* what) {
    if (!worked) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

mode_t mode_of(const std::string& path) {
    struct stat found {};
    require(::lstat(path.c_str(), &found) == 0, path.c_str());
    return found.st_mode & ALLPERMS;
}

void set_mode(const std::string& path, mode_t mode) { require(::chmod(path.c_str(), mode) == 0, "chmod"); }

void make_directory(const std::string& path, mode_t mode) {
    require(::mkdir(path.c_str(), 0700) == 0, "mkdir");
    set_mode(path, mode);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    return address;
}

/// Whether somebody listens.
bool can_connect(const std::string& path) {
    const hookd::base::unique_fd peer{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = address_of(path);
    return ::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// What a program that knows nothing of locks does.
hookd::base::unique_fd bound_socket(const std::string& path, bool listening) {
    hookd::base::unique_fd made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = address_of(path);
    require(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
    require(!listening || ::listen(made.get(), 1) == 0, "listen");
    return made;
}

/// The message of the refusal; fails the test where there is none.
std::string refusal(const std::string& path) {
    try {
        const socket_file made{path};
    } catch (const std::runtime_error& refused) {
        return refused.what();
    }
    BOOST_ERROR(path << " was accepted");
    return {};
}

std::string own_pid() { return "pid " + std::to_string(::getpid()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(socket_file_test)

BOOST_AUTO_TEST_CASE(socket_is_private_whatever_the_umask) {
    for (const mode_t mask : {0000u, 0022u, 0077u, 0777u}) {
        const temp_directory directory;
        const auto path = directory / "s";
        const umask_guard guard{mask};
        const socket_file made{path};
        BOOST_TEST(mode_of(path) == 0600u);
        BOOST_TEST((mode_of(path + ".lock") & ~mode_t{0600}) == 0u);
        BOOST_TEST(can_connect(path));
    }
}

BOOST_AUTO_TEST_CASE(socket_is_private_from_its_first_moment) {
    const temp_directory directory;
    const auto path = directory / "s";
    const umask_guard guard{0};
    std::atomic<bool> done{false};
    std::atomic<unsigned> seen{0};
    std::atomic<unsigned> seen_open{0};
    std::thread watcher{[&] {
        while (!done) {
            struct stat found {};
            if (::lstat(path.c_str(), &found) == 0) {
                ++seen;
                seen_open += (found.st_mode & 0077) != 0 ? 1 : 0;
            }
        }
    }};
    const deadline limit;
    for (int made = 0; (made < 200 || seen == 0) && !limit.passed(); ++made) {
        const socket_file file{path};
    }
    done = true;
    watcher.join();
    BOOST_TEST(seen > 0u);
    BOOST_TEST(seen_open == 0u);
}

BOOST_AUTO_TEST_CASE(missing_directories_are_made_private) {
    const temp_directory directory;
    const umask_guard guard{0};
    const socket_file made{directory / "a/b/s"};
    BOOST_TEST(mode_of(directory / "a") == 0700u);
    BOOST_TEST(mode_of(directory / "a/b") == 0700u);
    BOOST_TEST(can_connect(directory / "a/b/s"));
}

BOOST_AUTO_TEST_CASE(directory_that_others_may_write_to_is_refused_and_never_touched) {
    for (const mode_t mode : {0777u, 0770u, 0707u, 0722u}) {
        const temp_directory directory;
        make_directory(directory / "open", mode);
        const auto message = refusal(directory / "open/s");
        BOOST_TEST(mentions(message, directory / "open"), message);
        BOOST_TEST(mentions(message, "chmod go-w"), message);
        BOOST_TEST(mode_of(directory / "open") == mode);
        BOOST_TEST(std::filesystem::is_empty(directory / "open"));
    }
}

BOOST_AUTO_TEST_CASE(directory_further_up_that_others_may_write_to_is_refused_too) {
    const temp_directory directory;
    make_directory(directory / "open", 0777);
    make_directory(directory / "open/private", 0700);
    BOOST_TEST(mentions(refusal(directory / "open/private/s"), (directory / "open") + " "));
    BOOST_TEST(mentions(refusal(directory / "open/new/s"), (directory / "open") + " "));
    BOOST_TEST(!std::filesystem::exists(directory / "open/new"));
    BOOST_TEST(std::filesystem::is_empty(directory / "open/private"));
}

BOOST_AUTO_TEST_CASE(sticky_directory_of_root_is_accepted, *boost::unit_test::precondition(as_root)) {
    const temp_directory directory;
    make_directory(directory / "sticky", 01777);
    const socket_file made{directory / "sticky/s"};
    BOOST_TEST(can_connect(directory / "sticky/s"));
    BOOST_TEST(mode_of(directory / "sticky") == 01777u);
}

BOOST_AUTO_TEST_CASE(sticky_directory_of_another_user_is_refused, *boost::unit_test::precondition(as_root)) {
    const temp_directory directory;
    make_directory(directory / "sticky", 01777);
    require(::chown((directory / "sticky").c_str(), stranger, stranger) == 0, "chown");
    BOOST_TEST(mentions(refusal(directory / "sticky/s"), "user " + std::to_string(stranger)));
}

BOOST_AUTO_TEST_CASE(directory_that_others_may_only_read_is_accepted) {
    const temp_directory directory;
    make_directory(directory / "readable", 0755);
    const socket_file made{directory / "readable/s"};
    BOOST_TEST(can_connect(directory / "readable/s"));
    BOOST_TEST(mode_of(directory / "readable") == 0755u);
}

BOOST_AUTO_TEST_CASE(directory_of_another_user_is_refused, *boost::unit_test::precondition(as_root)) {
    const temp_directory directory;
    make_directory(directory / "theirs", 0700);
    require(::chown((directory / "theirs").c_str(), stranger, stranger) == 0, "chown");
    const auto message = refusal(directory / "theirs/s");
    BOOST_TEST(mentions(message, directory / "theirs"), message);
    BOOST_TEST(mentions(message, "user " + std::to_string(stranger)), message);
    BOOST_TEST(std::filesystem::is_empty(directory / "theirs"));
}

BOOST_AUTO_TEST_CASE(own_symbolic_link_to_a_private_directory_is_followed) {
    const temp_directory directory;
    make_directory(directory / "real", 0700);
    std::filesystem::create_symlink("real", directory / "relative");
    std::filesystem::create_symlink(directory / "real", directory / "absolute");
    {
        const socket_file made{directory / "relative/s"};
        BOOST_TEST(can_connect(directory / "real/s"));
    }
    const socket_file made{directory / "absolute/s"};
    BOOST_TEST(can_connect(directory / "real/s"));
}

BOOST_AUTO_TEST_CASE(symbolic_link_to_a_directory_that_others_may_write_to_is_refused) {
    const temp_directory directory;
    make_directory(directory / "open", 0777);
    std::filesystem::create_symlink("open", directory / "link");
    BOOST_TEST(mentions(refusal(directory / "link/s"), directory / "open"));
}

BOOST_AUTO_TEST_CASE(symbolic_link_of_another_user_is_refused, *boost::unit_test::precondition(as_root)) {
    const temp_directory directory;
    make_directory(directory / "sticky", 01777);
    make_directory(directory / "real", 0700);
    std::filesystem::create_symlink(directory / "real", directory / "sticky/link");
    require(::lchown((directory / "sticky/link").c_str(), stranger, stranger) == 0, "lchown");
    BOOST_TEST(mentions(refusal(directory / "sticky/link/s"), "symbolic link"));
    BOOST_TEST(std::filesystem::is_empty(directory / "real"));
}

BOOST_AUTO_TEST_CASE(loop_of_symbolic_links_is_refused) {
    const temp_directory directory;
    std::filesystem::create_symlink("b", directory / "a");
    std::filesystem::create_symlink("a", directory / "b");
    BOOST_TEST(mentions(refusal(directory / "a/s"), "symbolic links"));
}

BOOST_AUTO_TEST_CASE(path_of_107_bytes_works_and_one_of_108_is_refused_with_that_number) {
    const temp_directory directory;
    const auto longest = (directory / "") + std::string(107 - (directory / "").size(), 'x');
    BOOST_TEST_REQUIRE(longest.size() == 107u);
    {
        const socket_file made{longest};
        BOOST_TEST(can_connect(longest));
    }
    const auto message = refusal(longest + "x");
    BOOST_TEST(mentions(message, "107"), message);
    BOOST_TEST(mentions(message, "--socket"), message);
    BOOST_TEST(!std::filesystem::exists(longest + "x.lock"));
}

BOOST_AUTO_TEST_CASE(path_that_names_no_file_is_refused) {
    const temp_directory directory;
    for (const std::string& path :
        {std::string{}, directory / "", directory / ".", directory / "..", std::string{"/"}}) {
        BOOST_TEST(mentions(refusal(path), "does not name a file"), path);
    }
}

BOOST_AUTO_TEST_CASE(relative_path_counts_from_the_working_directory) {
    const temp_directory directory;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    {
        const socket_file made{"s"};
        const socket_file deeper{"a/s"};
        BOOST_TEST(can_connect(directory / "s"));
        BOOST_TEST(can_connect(directory / "a/s"));
    }
    std::filesystem::current_path(before);
    BOOST_TEST(!std::filesystem::exists(directory / "s"));
}

BOOST_AUTO_TEST_CASE(second_owner_is_refused_and_learns_the_pid) {
    const temp_directory directory;
    const auto path = directory / "s";
    const socket_file first{path};
    BOOST_CHECK_EXCEPTION(socket_file{path}, socket_in_use,
        [&](const socket_in_use& held) { return mentions(held.what(), own_pid()) && mentions(held.what(), path); });
    BOOST_TEST(can_connect(path));
    BOOST_TEST(read_file(path + ".lock").starts_with(std::to_string(::getpid()) + "\npid:["));
}

BOOST_AUTO_TEST_CASE(pid_of_another_namespace_is_not_named) {
    const temp_directory directory;
    const auto path = directory / "s";
    const hookd::base::unique_fd lock{::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    require(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0, "flock");
    write_file(path + ".lock", "1\npid:[1]\n");
    const auto elsewhere = refusal(path);
    BOOST_TEST(mentions(elsewhere, "another hookd"), elsewhere);
    BOOST_TEST(!mentions(elsewhere, "(pid"), elsewhere);
    write_file(path + ".lock", "1\n");  // of an older hookd
    BOOST_TEST(mentions(refusal(path), "(pid 1)"));
}

BOOST_AUTO_TEST_CASE(abstract_name_has_neither_file_nor_lock) {
    const temp_directory directory;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    const auto name = "@hookd-test-" + std::to_string(::getpid());
    {
        socket_file made{name};
        BOOST_TEST(!made.has_file());
        BOOST_TEST(!made.put_back());
        BOOST_CHECK_THROW(socket_file{name}, socket_in_use);
    }
    BOOST_TEST(std::filesystem::is_empty(directory.path()));
    const socket_file again{name};
    std::filesystem::current_path(before);
    BOOST_TEST(mentions(refusal("@"), "does not name a file"));
}

BOOST_AUTO_TEST_CASE(socket_that_is_gone_or_another_is_put_back) {
    const temp_directory directory;
    const auto path = directory / "s";
    socket_file made{path};
    BOOST_TEST(!made.put_back());
    std::filesystem::remove(path);
    BOOST_TEST(made.put_back());
    BOOST_TEST(can_connect(path));
    BOOST_TEST(mode_of(path) == 0600u);
    std::filesystem::remove(path);
    bound_socket(path, true).reset();
    BOOST_TEST(!can_connect(path));
    BOOST_TEST(made.put_back());
    BOOST_TEST(can_connect(path));
    BOOST_TEST(!made.put_back());
}

BOOST_AUTO_TEST_CASE(lock_file_that_is_gone_is_made_and_locked_anew) {
    const temp_directory directory;
    const auto path = directory / "s";
    socket_file made{path};
    std::filesystem::remove(path + ".lock");
    BOOST_TEST(!made.put_back());
    BOOST_TEST(mentions(refusal(path), own_pid()));
    // Where another process was faster, the path is its own.
    std::filesystem::remove(path + ".lock");
    const hookd::base::unique_fd lock{::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    require(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0, "flock");
    BOOST_TEST(
        !made.put_back());  // but while the socket is there it may only be one that is about to see that it is served
    std::filesystem::remove(path);
    BOOST_CHECK_THROW(static_cast<void>(made.put_back()), std::runtime_error);
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(nothing_is_put_where_it_cannot_be_safe) {
    const auto failure_of = [](socket_file& made) -> std::string {
        try {
            static_cast<void>(made.put_back());
        } catch (const std::runtime_error& failure) {
            return failure.what();
        }
        return {};
    };
    const temp_directory directory;
    make_directory(directory / "d", 0700);
    const auto path = directory / "d/s";
    socket_file made{path};
    std::filesystem::remove(path);
    write_file(path, "precious");
    BOOST_TEST(mentions(failure_of(made), "is not a socket"));
    std::filesystem::remove(path);
    set_mode(directory / "d", 0777);
    BOOST_TEST(mentions(failure_of(made), "others may write"));
    std::filesystem::remove_all(directory / "d");
    BOOST_TEST(mentions(failure_of(made), "No such file or directory"));
    BOOST_TEST(!std::filesystem::exists(directory / "d"));
}

BOOST_AUTO_TEST_CASE(handed_over_socket_is_locked_and_its_file_left_to_the_manager) {
    const temp_directory directory;
    const auto path = directory / "s";
    {
        socket_file first{path};
        auto listening = bound_socket(directory / "other", true);
        BOOST_CHECK_THROW((socket_file{path, ::dup(listening.get())}), socket_in_use);
        std::filesystem::remove(directory / "other");
    }
    auto listening = bound_socket(path, true);
    {
        socket_file made{path, ::dup(listening.get())};
        BOOST_TEST(made.is_locked());
        BOOST_TEST(mentions(refusal(path), own_pid()));
        BOOST_TEST(!made.put_back());
        BOOST_TEST(can_connect(path));
    }
    BOOST_TEST(std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(handed_over_socket_in_a_directory_of_others_is_refused) {
    const temp_directory directory;
    make_directory(directory / "d", 0700);
    auto listening = bound_socket(directory / "d/s", true);
    set_mode(directory / "d", 0777);
    BOOST_CHECK_EXCEPTION((socket_file{directory / "d/s", ::dup(listening.get())}), std::runtime_error,
        [](const std::runtime_error& why) {
            return mentions(why.what(), "others may write") && mentions(why.what(), "ListenStream=");
        });
    BOOST_TEST(!std::filesystem::exists(directory / "d/s.lock"));
}

BOOST_AUTO_TEST_CASE(stale_socket_is_replaced) {
    const temp_directory directory;
    const auto path = directory / "s";
    bound_socket(path, true).reset();  // its file stays, as after a crash
    write_file(path + ".lock", "1\n");
    set_mode(path + ".lock", 0600);
    BOOST_TEST_REQUIRE(!can_connect(path));
    const socket_file made{path};
    BOOST_TEST(can_connect(path));
    BOOST_TEST(mode_of(path) == 0600u);
    BOOST_TEST(read_file(path + ".lock").starts_with(std::to_string(::getpid()) + "\npid:["));
}

BOOST_AUTO_TEST_CASE(socket_that_a_program_without_a_lock_serves_is_left_to_it) {
    const temp_directory directory;
    const auto path = directory / "s";
    const auto other = bound_socket(path, true);
    BOOST_CHECK_THROW(socket_file{path}, socket_in_use);
    BOOST_TEST(can_connect(path));
}

BOOST_AUTO_TEST_CASE(path_that_is_no_socket_is_refused_and_never_removed) {
    const temp_directory directory;
    write_file(directory / "file", "precious");
    make_directory(directory / "directory", 0700);
    std::filesystem::create_symlink("nowhere", directory / "link");
    require(::mkfifo((directory / "fifo").c_str(), 0600) == 0, "mkfifo");
    for (const std::string name : {"file", "directory", "link", "fifo"}) {
        BOOST_TEST(mentions(refusal(directory / name), "is not a socket"), name);
        BOOST_TEST(std::filesystem::exists(std::filesystem::symlink_status(directory / name)), name);
        BOOST_TEST(!std::filesystem::exists((directory / name) + ".lock"), name);
    }
    BOOST_TEST(read_file(directory / "file") == "precious");
}

BOOST_AUTO_TEST_CASE(lock_file_that_is_not_a_plain_file_is_refused) {
    const temp_directory directory;
    write_file(directory / "data", "precious");
    std::filesystem::create_symlink("data", directory / "a.lock");
    std::filesystem::create_hard_link(directory / "data", directory / "b.lock");
    require(::mkfifo((directory / "c.lock").c_str(), 0600) == 0, "mkfifo");
    for (const std::string name : {"a", "b", "c"}) {
        BOOST_TEST(mentions(refusal(directory / name), (directory / name) + ".lock"), name);
        BOOST_TEST(!std::filesystem::exists(directory / name), name);
    }
    BOOST_TEST(read_file(directory / "data") == "precious");
}

BOOST_AUTO_TEST_CASE(lock_file_of_another_user_is_refused, *boost::unit_test::precondition(as_root)) {
    const temp_directory directory;
    write_file(directory / "s.lock", "1\n");
    require(::chown((directory / "s.lock").c_str(), stranger, stranger) == 0, "chown");
    BOOST_TEST(mentions(refusal(directory / "s"), directory / "s.lock"));
    BOOST_TEST(read_file(directory / "s.lock") == "1\n");
}

BOOST_AUTO_TEST_CASE(removal_takes_the_socket_and_gives_the_lock_back_but_leaves_its_file) {
    const temp_directory directory;
    const auto path = directory / "s";
    socket_file made{path};
    made.remove();
    BOOST_TEST(!std::filesystem::exists(path));
    BOOST_TEST(std::filesystem::exists(path + ".lock"));
    const socket_file next{path};
    made.remove();  // once more: not its own any longer
    BOOST_TEST(can_connect(path));
}

BOOST_AUTO_TEST_CASE(socket_that_somebody_put_in_its_place_is_not_removed) {
    const temp_directory directory;
    const auto path = directory / "s";
    hookd::base::unique_fd other;
    {
        const socket_file made{path};
        std::filesystem::remove(path);
        other = bound_socket(path, true);
    }
    BOOST_TEST(can_connect(path));
}

BOOST_AUTO_TEST_CASE(descriptor_is_given_away_once_and_is_non_blocking_and_close_on_exec) {
    const temp_directory directory;
    socket_file made{directory / "s"};
    const hookd::base::unique_fd listening{made.release()};
    BOOST_TEST_REQUIRE(static_cast<bool>(listening));
    BOOST_TEST((::fcntl(listening.get(), F_GETFL) & O_NONBLOCK) != 0);
    BOOST_TEST((::fcntl(listening.get(), F_GETFD) & FD_CLOEXEC) != 0);
    BOOST_TEST(made.release() == -1);
}

BOOST_AUTO_TEST_CASE(of_many_that_start_at_once_exactly_one_becomes_the_owner) {
    constexpr int starters = 6;
    for (int round = 0; round < 100; ++round) {
        const temp_directory directory;
        const auto path = directory / "new/s";
        std::barrier start{starters};
        std::barrier all_have_tried{starters};
        std::atomic<int> owners{0};
        std::atomic<int> refused_with_pid{0};
        std::atomic<int> other_failures{0};
        std::vector<std::jthread> threads;
        for (int each = 0; each < starters; ++each) {
            threads.emplace_back([&] {
                std::unique_ptr<socket_file> mine;
                start.arrive_and_wait();
                try {
                    mine = std::make_unique<socket_file>(path);
                    ++owners;
                } catch (const socket_in_use& held) {
                    refused_with_pid += mentions(held.what(), own_pid()) ? 1 : 0;
                } catch (const std::exception&) {
                    ++other_failures;
                }
                all_have_tried.arrive_and_wait();
                // The loser must not have taken the winner's socket away.
                other_failures += mine && !can_connect(path) ? 1 : 0;
            });
        }
        threads.clear();
        BOOST_TEST(owners == 1);
        BOOST_TEST(refused_with_pid == starters - 1);
        BOOST_TEST(other_failures == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
