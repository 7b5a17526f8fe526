// SPDX-License-Identifier: BSL-1.0
#include "measure.hpp"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace hookd::bench {

std::chrono::nanoseconds cpu_time(pid_t process) {
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(tasks.c_str()), ::closedir};
    if (!directory) {
        throw std::runtime_error("process " + std::to_string(process) + " is gone");
    }
    std::chrono::nanoseconds total{0};
    while (const dirent* entry = ::readdir(directory.get())) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        std::int64_t on_cpu = 0;
        std::ifstream{tasks + '/' + entry->d_name + "/schedstat"} >> on_cpu;
        total += std::chrono::nanoseconds{on_cpu};
    }
    return total;
}

std::chrono::nanoseconds cpu_time_with_children(pid_t process) {
    const std::string name = std::to_string(process);
    std::ifstream children{"/proc/" + name + "/task/" + name + "/children"};
    auto total = cpu_time(process);
    for (pid_t each = 0; children >> each;) {
        total += cpu_time(each);
    }
    return total;
}

void result_line::add(std::string_view name, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.4f", value);
    text_.append(text_.empty() ? "{\"" : ",\"").append(name).append("\":").append(digits);
}

void result_line::add(std::string_view name, std::uint64_t value) {
    text_.append(text_.empty() ? "{\"" : ",\"").append(name).append("\":").append(std::to_string(value));
}

void result_line::add_quantiles(std::string_view name, std::vector<std::chrono::nanoseconds>& durations) {
    if (durations.empty()) {
        throw std::runtime_error("nothing was measured");
    }
    std::sort(durations.begin(), durations.end());
    const auto at = [&](double quantile) {
        const auto index = static_cast<std::size_t>(quantile * static_cast<double>(durations.size() - 1));
        return static_cast<double>(durations[index].count()) / 1000.0;
    };
    add(std::string{name} + "_p50_us", at(0.50));
    add(std::string{name} + "_p99_us", at(0.99));
}

void result_line::print() const {
    std::printf("%s}\n", text_.c_str());
    std::fflush(stdout);
}

std::string make_payload(payload_shape shape, std::size_t size) {
    std::string result = R"({"n":"0000000000","branch":"topic/faster","dry_run":false)";
    const std::string_view tail = "\"}";
    if (shape == payload_shape::tree) {
        result += R"(,"files":[{"id":0,"ratio":0.5})";
        for (int id = 1; result.size() + 90 < size; ++id) {
            result.append(R"(,{"id":)")
                .append(std::to_string(id))
                .append(R"(,"path":"src/a)")
                .append(std::to_string(id));
            result += R"(.cpp","lines":[12,-7,3.25e2],"new":true,"mode":null})";
        }
        result += ']';
    }
    result += R"(,"note":")";
    if (result.size() + tail.size() > size) {
        throw std::runtime_error("a payload has at least " + std::to_string(result.size() + tail.size()) + " bytes");
    }
    result.append(size - result.size() - tail.size(), 'x').append(tail);
    return result;
}

void put_number(char* payload, std::uint64_t number) {
    for (std::size_t i = number_digits; i-- > 0; number /= 10) {
        payload[number_offset + i] = static_cast<char>('0' + number % 10);
    }
}

pid_t forked::start() {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        throw std::system_error(errno, std::generic_category(), "fork");
    }
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) {
            finish(1);
        }
    }
    return child;
}

void forked::finish(int status) noexcept { ::_exit(status); }

void forked::print_error(const char* what) noexcept { std::fprintf(stderr, "bench_load: %s\n", what); }

void forked::throw_if_ended() const {
    siginfo_t state{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 && state.si_pid == pid_) {
        throw std::runtime_error("the other side has failed");
    }
}

forked::~forked() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void await_flag(const std::atomic<std::uint32_t>& flag, const forked& child) {
    while (flag == 0) {
        child.throw_if_ended();
        ::usleep(200);
    }
}

void* map_shared(std::size_t bytes) {
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(), "mmap");
    }
    return memory;
}

}  // namespace hookd::bench
