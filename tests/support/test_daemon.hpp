// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "process.hpp"
#include "temp_directory.hpp"
#include "wire_client.hpp"

#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace hookd::test {

/// The path of the daemon under test: the variable HOOKD_BIN, else what the build compiled in. Throws where there is
/// neither.
[[nodiscard]] std::string hookd_binary();
/// Runs `hookd ARGUMENTS` to its end.
[[nodiscard]] finished_process run_hookd(std::vector<std::string> arguments, const spawn_options& options = {});
/// Whether it was built with a sanitizer, whose own memory makes a bound on the daemon's meaningless.
[[nodiscard]] bool hookd_is_sanitized();
/// The same as hookd_binary for HOOKCTL_BIN.
[[nodiscard]] std::string hookctl_binary();

/// Waits until a daemon, or what starts it, accepts connections at `path`. Throws std::runtime_error where it has ended
/// before.
void wait_until_it_accepts(child_process& daemon, const std::string& path);

/// A running `hookd` with a socket in a directory of its own. Ready for connections once constructed.
///
/// The variable HOOKD_TEST_THREADS gives every daemon that is not told otherwise as many threads: a whole suite can so
/// be run again with several.
///
/// The destructor stops it by SIGTERM and fails the current test (Boost.Test) where it does not end with status 0, or
/// where a sanitizer has said something: no test can overlook a leak or a race in the daemon.
class test_daemon {
public:
    /// `arguments` come after `--socket PATH`.
    explicit test_daemon(std::vector<std::string> arguments = {}, const spawn_options& options = {});
    /// In a directory that outlives it, so that another daemon can follow.
    test_daemon(const std::string& socket_path, std::vector<std::string> arguments, const spawn_options& options = {});
    ~test_daemon();
    test_daemon(const test_daemon&) = delete;
    test_daemon& operator=(const test_daemon&) = delete;

    [[nodiscard]] const std::string& socket_path() const noexcept { return socket_path_; }
    /// The directory made for it (only by the first constructor).
    [[nodiscard]] const temp_directory& directory() const { return *directory_; }
    [[nodiscard]] child_process& process() noexcept { return *process_; }
    [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }
    /// What it has logged so far.
    [[nodiscard]] std::string log() { return process_->err(); }

    [[nodiscard]] wire_client connect(framing kind = framing::length) const { return wire_client{socket_path_, kind}; }
    /// `stats`, over a connection of its own (which it counts).
    [[nodiscard]] boost::json::value stats();
    /// Waits until the value of `stats` at a JSON pointer is `expected`.
    void wait_for_stat(std::string_view pointer, std::int64_t expected);

    /// Sends `signal`, waits for the end, and returns the exit status. The destructor checks nothing any more but the
    /// sanitizers.
    int stop(int signal = SIGTERM);
    /// For a test that ends it in another way: waits for the end and returns the exit status.
    int wait();
    /// Ends it as a crash would.
    void kill();

    /// Resident memory, in bytes: now (VmRSS) and at its highest (VmHWM).
    [[nodiscard]] std::size_t resident_bytes() const { return 1024 * status_number("VmRSS:"); }
    [[nodiscard]] std::size_t peak_resident_bytes() const { return 1024 * status_number("VmHWM:"); }
    /// Its address space, in bytes.
    [[nodiscard]] std::size_t virtual_bytes() const { return 1024 * status_number("VmSize:"); }
    [[nodiscard]] std::size_t threads() const { return status_number("Threads:"); }

private:
    void start(std::vector<std::string> arguments, const spawn_options& options);
    [[nodiscard]] std::size_t status_number(std::string_view name) const;

    std::unique_ptr<temp_directory> directory_{};
    std::string socket_path_;
    std::unique_ptr<child_process> process_{};
    std::unique_ptr<wire_client> watcher_{};
    bool stopped_ = false;
};

/// Makes a directory reachable, and its socket writable, for other users: the daemon itself keeps both private.
void open_to_others(const test_daemon& daemon);

}  // namespace hookd::test
