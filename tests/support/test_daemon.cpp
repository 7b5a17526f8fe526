// SPDX-License-Identifier: BSL-1.0
#include "test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace hookd::test {
namespace {

std::string binary(const char* variable, const char* compiled_in) {
    if (const char* path = std::getenv(variable); path != nullptr && *path != '\0') {
        return path;
    }
    if (*compiled_in != '\0') {
        return compiled_in;
    }
    throw std::runtime_error(std::string{"set "} + variable + " to the path of the program to test");
}

}  // namespace

#ifndef HOOKD_TEST_HOOKD_BIN
#define HOOKD_TEST_HOOKD_BIN ""
#endif
#ifndef HOOKD_TEST_HOOKCTL_BIN
#define HOOKD_TEST_HOOKCTL_BIN ""
#endif

std::string hookd_binary() { return binary("HOOKD_BIN", HOOKD_TEST_HOOKD_BIN); }

finished_process run_hookd(std::vector<std::string> arguments, const spawn_options& options) {
    arguments.insert(arguments.begin(), hookd_binary());
    return run_program(std::move(arguments), {}, options);
}

bool hookd_is_sanitized() {
    static const bool sanitized = [] {
        const auto program = read_file(hookd_binary());
        return program.find("__asan_init") != std::string::npos || program.find("__tsan_init") != std::string::npos;
    }();
    return sanitized;
}

std::string hookctl_binary() { return binary("HOOKCTL_BIN", HOOKD_TEST_HOOKCTL_BIN); }

test_daemon::test_daemon(std::vector<std::string> arguments, const spawn_options& options)
    : directory_(std::make_unique<temp_directory>()), socket_path_(*directory_ / "hookd.sock") {
    start(std::move(arguments), options);
}

test_daemon::test_daemon(
    const std::string& socket_path, std::vector<std::string> arguments, const spawn_options& options)
    : socket_path_(socket_path) {
    start(std::move(arguments), options);
}

void test_daemon::start(std::vector<std::string> arguments, const spawn_options& options) {
    arguments.insert(arguments.begin(), {hookd_binary(), "--socket", socket_path_});
    auto with_threads = options;
    if (const char* threads = std::getenv("HOOKD_TEST_THREADS"); threads != nullptr) {
        with_threads.environment.try_emplace("HOOKD_THREADS", threads);  // any --threads among the arguments beats it
    }
    const auto directory = socket_path_.substr(0, socket_path_.rfind('/') + 1);
    with_threads.environment.try_emplace(
        "HOOKD_REGISTRY", directory + "state/hookd/registry.json");  // for the daemon that may follow
    process_ = std::make_unique<child_process>(std::move(arguments), with_threads);
    wait_until_it_accepts(*process_, socket_path_);
}

void wait_until_it_accepts(child_process& daemon, const std::string& path) {
    eventually("the daemon accepts connections at " + path, [&] {
        if (daemon.has_ended()) {
            throw std::runtime_error(
                "hookd ended with status " + std::to_string(daemon.wait()) + " at its start: " + daemon.finish().err);
        }
        try {
            // Until its event loop has answered an end with an end: a signal that comes before the loop waits for the
            // first time may get lost under ThreadSanitizer.
            const auto probe = connect_to(path);
            ::shutdown(probe.get(), SHUT_WR);
            pollfd closed{.fd = probe.get(), .events = POLLIN, .revents = 0};
            return ::poll(&closed, 1, 10'000) == 1;
        } catch (const std::system_error&) {
            return false;  // not there yet, or not listening yet
        }
    });
}

test_daemon::~test_daemon() {
    try {
        if (!stopped_) {
            const int status = stop();
            BOOST_CHECK_MESSAGE(status == 0, "hookd ended with status " << status << ": " << log());
        }
        static_cast<void>(process_->finish());  // which looks for what a sanitizer has said, at its end
    } catch (const std::exception& failure) {
        BOOST_ERROR("hookd did not stop: " << failure.what());
    }
}

boost::json::value test_daemon::stats() {
    if (!watcher_) {
        watcher_ = std::make_unique<wire_client>(socket_path_);
    }
    return watcher_->result("stats");
}

void test_daemon::wait_for_stat(std::string_view pointer, std::int64_t expected) {
    boost::json::value last;
    try {
        eventually("", [&] {
            const auto now = stats();
            last = now.at_pointer(pointer);
            return last == expected;
        });
    } catch (const std::runtime_error&) {
        throw std::runtime_error("stats " + std::string{pointer} + " stayed " +
                                 (last.is_int64() ? std::to_string(last.get_int64()) : "?") + ", not " +
                                 std::to_string(expected));
    }
}

int test_daemon::stop(int signal) {
    if (!process_->has_ended()) {
        process_->signal(signal);
    }
    return wait();
}

int test_daemon::wait() {
    stopped_ = true;
    return process_->wait();
}

void test_daemon::kill() { stop(SIGKILL); }

std::size_t test_daemon::status_number(std::string_view name) const {
    std::ifstream status("/proc/" + std::to_string(pid()) + "/status");
    for (std::string word; status >> word;) {
        if (word == name) {
            std::size_t number = 0;
            status >> number;
            return number;
        }
    }
    throw std::runtime_error("no " + std::string{name} + " for pid " + std::to_string(pid()));
}

void open_to_others(const test_daemon& daemon) {
    if (::chmod(daemon.directory().path().c_str(), 0711) != 0 || ::chmod(daemon.socket_path().c_str(), 0666) != 0) {
        throw std::system_error(errno, std::generic_category(), "chmod " + daemon.socket_path());
    }
}

}  // namespace hookd::test
