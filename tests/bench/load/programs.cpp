// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"
#include "workloads.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace hookd::bench {
namespace {

pid_t start(const std::vector<std::string>& command, const std::string& input) {
    std::vector<char*> argv;
    for (const std::string& each : command) {
        argv.push_back(const_cast<char*>(each.c_str()));
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int refused = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (refused != 0) {
        throw std::system_error(refused, std::generic_category(), command.at(0));
    }
    return child;
}

std::chrono::nanoseconds duration_of(const timeval& time) {
    return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

}  // namespace

void run_start(const load_options& options) {
    std::vector<std::chrono::nanoseconds> times;
    for (std::uint64_t i = 0; i < options.count; ++i) {
        ::unlink(options.address.c_str());  // what the one before may have left
        const auto begin = steady::now();
        const pid_t broker = start(options.command, options.input);
        for (bool answered = false; !answered;) {
            try {
                (void)make_dialect(options.dialect)->open(options.address, role::emitter, {});
                answered = true;
            } catch (const std::system_error&) {
                if (::waitpid(broker, nullptr, WNOHANG) != 0 || steady::now() - begin > std::chrono::seconds{10}) {
                    ::kill(broker, SIGKILL);
                    throw std::runtime_error(options.command[0] + " did not start");
                }
                ::usleep(50);
            }
        }
        times.push_back(steady::now() - begin);
        ::kill(broker, SIGTERM);
        ::waitpid(broker, nullptr, 0);
    }
    result_line result;
    result.add("starts", options.count);
    result.add_quantiles("start", times);
    result.print();
}

void run_wall(const load_options& options) {
    std::vector<std::chrono::nanoseconds> times;
    std::vector<std::chrono::nanoseconds> cpu;
    for (std::uint64_t i = 0; i < options.warm_up + options.count; ++i) {
        const auto begin = steady::now();
        const pid_t program = start(options.command, options.input);
        int status = 0;
        rusage used{};
        ::wait4(program, &status, 0, &used);
        const auto took = steady::now() - begin;
        if (status != 0) {
            throw std::runtime_error(options.command[0] + " ended with wait status " + std::to_string(status));
        }
        if (i >= options.warm_up) {
            times.push_back(took);
            cpu.push_back(duration_of(used.ru_utime) + duration_of(used.ru_stime));
        }
    }
    result_line result;
    result.add("starts", options.count);
    result.add_quantiles("wall", times);
    result.add_quantiles("cpu", cpu);
    result.print();
}

}  // namespace hookd::bench
