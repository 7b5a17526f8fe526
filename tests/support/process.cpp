// SPDX-License-Identifier: BSL-1.0
#include "process.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>

extern char** environ;

namespace hookd::test {
namespace {

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

struct pipe_ends {
    base::unique_fd read;
    base::unique_fd write;
};

pipe_ends make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw_errno("pipe2");
    }
    return {base::unique_fd{ends[0]}, base::unique_fd{ends[1]}};
}

bool leads_to_another_daemon(std::string_view variable) {
    return variable.starts_with("HOOKD_") || variable.starts_with("XDG_RUNTIME_DIR=") ||
           variable.starts_with("LISTEN_") || variable.starts_with("NOTIFY_SOCKET=") ||
           variable.starts_with("XDG_STATE_HOME=") || variable.starts_with("HOOK_CAUSE=") ||
           variable.starts_with("STATE_DIRECTORY=");
}

std::vector<std::string> make_environment(const spawn_options& options) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (!leads_to_another_daemon(text) &&
            !options.environment.contains(std::string{text.substr(0, text.find('='))})) {
            result.emplace_back(text);
        }
    }
    if (!options.environment.contains("XDG_STATE_HOME")) {
        result.emplace_back("XDG_STATE_HOME=/dev/null/state");  // no registry or journal of the person who runs the
                                                                // tests, and nothing that root could make
    }
    for (const auto& [name, value] : options.environment) {
        if (value) {
            result.push_back(name + "=" + *value);
        }
    }
    if (!options.listen_fds.empty()) {
        result.push_back("LISTEN_FDS=" + std::to_string(options.listen_fds.size()));
        result.emplace_back("LISTEN_PID=          ");  // the child fills in its own pid
    }
    return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (auto& text : strings) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

void write_own_pid(char* digits, std::size_t room) noexcept {
    std::array<char, 16> reversed{};
    std::size_t count = 0;
    for (auto rest = ::getpid(); rest > 0; rest /= 10) {
        reversed[count++] = static_cast<char>('0' + rest % 10);
    }
    for (std::size_t i = 0; i < count && i < room; ++i) {
        digits[i] = reversed[count - 1 - i];
    }
    digits[count] = '\0';
}

// Everything between fork and exec: other threads may hold any lock, so system calls only.
struct child_setup {
    char* const* argv;
    char* const* envp;
    char* listen_pid;  // null: none
    std::size_t listen_pid_room;
    const spawn_options* options;
    int in, out, err, report;

    [[noreturn]] void run() const noexcept {
        // Out of the way of 0, 1, 2 and of the descriptors handed over from 3 on.
        constexpr int high = 200;
        const int in_fd = ::fcntl(in, F_DUPFD_CLOEXEC, high);
        const int out_fd = ::fcntl(out, F_DUPFD_CLOEXEC, high);
        const int err_fd = ::fcntl(err, F_DUPFD_CLOEXEC, high);
        const int report_fd = ::fcntl(report, F_DUPFD_CLOEXEC, high);
        std::array<int, 16> handed{};
        const auto count = options->listen_fds.size() < handed.size() ? options->listen_fds.size() : handed.size();
        for (std::size_t i = 0; i < count; ++i) {
            handed[i] = ::fcntl(options->listen_fds[i], F_DUPFD_CLOEXEC, high);
        }
        ::dup2(in_fd, 0);
        ::dup2(out_fd, 1);
        ::dup2(err_fd, 2);
        for (std::size_t i = 0; i < count; ++i) {
            ::dup2(handed[i], 3 + static_cast<int>(i));
        }
        if (listen_pid != nullptr) {
            write_own_pid(listen_pid, listen_pid_room);
        }
        // Whatever the tests were started with: a shell has its background jobs ignore SIGINT, and so would what they
        // start.
        for (const int each : {SIGPIPE, SIGINT, SIGQUIT, SIGHUP, SIGTERM}) {
            ::signal(each, SIG_DFL);
        }
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        bool fine = true;
        if (options->new_session) {
            fine = ::setsid() >= 0;
        }
        if (options->open_files) {
            const rlimit limit{*options->open_files, *options->open_files};
            fine = fine && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
        }
        if (!options->directory.empty()) {
            fine = fine && ::chdir(options->directory.c_str()) == 0;
        }
        if (options->user) {
            const auto user = *options->user;
            fine = fine && ::setgroups(0, nullptr) == 0 && ::setresgid(user, user, user) == 0 &&
                   ::setresuid(user, user, user) == 0;
        }
        if (fine) {
            ::execvpe(argv[0], argv, envp);
        }
        const int why = errno;
        [[maybe_unused]] const auto written = ::write(report_fd, &why, sizeof why);
        ::_exit(127);
    }
};

}  // namespace

namespace {

bool has_sanitizer_report(const std::string& log) {
    for (const char* mark :
        {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:"}) {
        if (log.find(mark) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace

child_process::child_process(std::vector<std::string> argv, const spawn_options& options) : argv_(std::move(argv)) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    auto report = make_pipe();
    auto stop = make_pipe();
    if (!options.input_file.empty()) {
        in.read = base::unique_fd{::open(options.input_file.c_str(), O_RDONLY | O_CLOEXEC)};
        if (!in.read) {
            throw_errno("open " + options.input_file);
        }
    }
    auto environment = make_environment(options);
    auto argument_pointers = pointers_to(argv_);
    auto environment_pointers = pointers_to(environment);
    char* listen_pid = nullptr;
    if (!options.listen_fds.empty()) {
        listen_pid = environment.back().data() + std::strlen("LISTEN_PID=");
    }
    const child_setup setup{argument_pointers.data(), environment_pointers.data(), listen_pid, 10, &options,
        in.read.get(), out.write.get(), err.write.get(), report.write.get()};
    pid_ = ::fork();
    if (pid_ == 0) {
        setup.run();
    }
    if (pid_ < 0) {
        throw_errno("fork");
    }
    pidfd_ = base::unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    report.write.reset();
    int why = 0;
    if (::read(report.read.get(), &why, sizeof why) == sizeof why) {  // ends without a word once exec has succeeded
        ::waitpid(pid_, nullptr, 0);
        throw std::system_error(why, std::generic_category(), "cannot start " + argv_[0]);
    }
    if (!pidfd_) {
        throw_errno("pidfd_open");
    }
    if (options.input_file.empty()) {
        input_ = std::move(in.write);
    }
    out_pipe_ = std::move(out.read);
    err_pipe_ = std::move(err.read);
    stop_read_ = std::move(stop.read);
    stop_write_ = std::move(stop.write);
    reader_ = std::thread([this] { read_outputs(); });
}

child_process::~child_process() {
    if (!has_ended()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    stop_write_.reset();
    reader_.join();
    if (has_sanitizer_report(err_)) {
        BOOST_ERROR("a sanitizer found a fault in " << argv_[0] << ": " << err_);
    }
}

void child_process::read_outputs() {
    std::array<pollfd, 3> sources{
        {{out_pipe_.get(), POLLIN, 0}, {err_pipe_.get(), POLLIN, 0}, {stop_read_.get(), POLLIN, 0}}};
    std::vector<char> buffer(65536);
    while (sources[0].fd >= 0 || sources[1].fd >= 0) {
        ::poll(sources.data(), sources.size(), -1);
        for (std::size_t i = 0; i < 2; ++i) {
            if (sources[i].fd < 0 || sources[i].revents == 0) {
                continue;
            }
            const auto count = ::read(sources[i].fd, buffer.data(), buffer.size());
            const std::lock_guard lock(mutex_);
            if (count > 0) {
                (i == 0 ? out_ : err_).append(buffer.data(), static_cast<std::size_t>(count));
            } else if (count == 0 || errno != EINTR) {
                sources[i].fd = -1;
            }
            changed_.notify_all();
        }
        if (sources[2].revents != 0 && sources[0].revents == 0 && sources[1].revents == 0) {
            break;
        }
    }
    const std::lock_guard lock(mutex_);
    outputs_ended_ = true;
    changed_.notify_all();
}

void child_process::write_input(const std::string& text) {
    // A program that stops reading must not end the test by SIGPIPE.
    sigset_t pipe_signal;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto count = ::write(input_.get(), rest.data(), rest.size());
        if (count < 0) {
            throw_errno("write to " + argv_[0]);
        }
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
}

void child_process::close_input() { input_.reset(); }

void child_process::signal(int number) {
    if (::kill(pid_, number) != 0) {
        throw_errno("kill " + argv_[0]);
    }
}

bool child_process::has_ended() {
    if (!exit_status_) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
    return exit_status_.has_value();
}

int child_process::wait(deadline limit) {
    while (!has_ended()) {
        if (limit.passed()) {
            fail("did not end");
        }
        pollfd end{pidfd_.get(), POLLIN, 0};
        ::poll(&end, 1, limit.left_ms());
    }
    return *exit_status_;
}

finished_process child_process::finish(deadline limit) {
    const int status = wait(limit);
    wait_until(
        "its outputs ended", [this] { return outputs_ended_; }, limit);
    return {status, out(), err()};
}

std::string child_process::out() {
    const std::lock_guard lock(mutex_);
    return out_;
}

std::string child_process::err() {
    const std::lock_guard lock(mutex_);
    return err_;
}

void child_process::wait_for_out(const std::string& text, deadline limit) {
    wait_until(
        "stdout has: " + text, [&] { return out_.find(text) != std::string::npos; }, limit);
}

void child_process::wait_for_err(const std::string& text, deadline limit) {
    wait_until(
        "stderr has: " + text, [&] { return err_.find(text) != std::string::npos; }, limit);
}

std::string child_process::next_line(deadline limit) {
    std::size_t end = std::string::npos;
    std::string line;
    wait_until(
        "stdout has another line",
        [&] {
            end = out_.find('\n', lines_taken_bytes_);
            if (end == std::string::npos) {
                return false;
            }
            line = out_.substr(lines_taken_bytes_, end - lines_taken_bytes_);
            lines_taken_bytes_ = end + 1;
            return true;
        },
        limit);
    return line;
}

void child_process::wait_until(const std::string& what, const std::function<bool()>& condition, deadline limit) {
    std::unique_lock lock(mutex_);
    while (!condition()) {
        if (limit.passed() || outputs_ended_) {
            lock.unlock();
            fail("waited in vain until " + what);
        }
        changed_.wait_for(lock, std::chrono::milliseconds(limit.left_ms()));
    }
}

void child_process::fail(const std::string& what) {
    throw std::runtime_error(
        argv_[0] + " (pid " + std::to_string(pid_) + "): " + what + "\nstdout: " + out() + "\nstderr: " + err());
}

finished_process run_program(
    std::vector<std::string> argv, const std::string& input, const spawn_options& options, deadline limit) {
    child_process program(std::move(argv), options);
    if (!input.empty()) {
        program.write_input(input);
    }
    program.close_input();
    return program.finish(limit);
}

bool runs_as_root() { return ::geteuid() == 0; }

bool is_gone(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(
        file, stat, '\0');  // one that ends between the two calls leaves nothing to be read, which is no exception
    const auto name_end = stat.rfind(')');
    return name_end == std::string::npos || stat.compare(name_end, 3, ") Z") == 0;
}

}  // namespace hookd::test
