// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What every load program measures with, and how it says what it found.
namespace hookd::bench {

using steady = std::chrono::steady_clock;

/// Time on a CPU of all threads of a process so far, from /proc. Throws std::runtime_error where it is gone.
[[nodiscard]] std::chrono::nanoseconds cpu_time(pid_t process);
/// The same with its child processes that there are, as PostgreSQL's.
[[nodiscard]] std::chrono::nanoseconds cpu_time_with_children(pid_t process);

/// One flat JSON object on one line of standard output.
class result_line {
public:
    void add(std::string_view name, double value);
    void add(std::string_view name, std::uint64_t value);
    /// `NAME_p50_us`, `NAME_p99_us` of the durations, which it sorts.
    void add_quantiles(std::string_view name, std::vector<std::chrono::nanoseconds>& durations);
    void print() const;

private:
    std::string text_;
};

/// A JSON object of exactly `size` bytes: one long string, or a tree of small objects and numbers.
enum class payload_shape { text, tree };
[[nodiscard]] std::string make_payload(payload_shape shape, std::size_t size);

/// The first bytes of a payload of make_payload hold this many digits from `number_offset` on, for telling one from
/// another.
inline constexpr std::size_t number_offset = 6;
inline constexpr std::size_t number_digits = 10;
void put_number(char* payload, std::uint64_t number);

/// A child process that runs a function. It dies with its parent; destroying this kills it.
class forked {
public:
    template <class Function>
    explicit forked(Function&& body) : pid_(start()) {
        if (pid_ == 0) {
            run(body);
        }
    }
    forked(const forked&) = delete;
    forked& operator=(const forked&) = delete;
    ~forked();

    /// Throws std::runtime_error where the child has ended.
    void throw_if_ended() const;

private:
    static pid_t start();
    [[noreturn]] static void finish(int status) noexcept;
    static void print_error(const char* what) noexcept;

    template <class Function>
    [[noreturn]] static void run(Function& body) noexcept {
        try {
            body();
        } catch (const std::exception& failure) {
            print_error(failure.what());
            finish(1);
        }
        finish(0);
    }

    pid_t pid_;
};

/// Waits until the child has set the flag; throws std::runtime_error where it ends instead.
void await_flag(const std::atomic<std::uint32_t>& flag, const forked& child);

/// An object that parent and children share.
void* map_shared(std::size_t bytes);
template <class T>
T& make_shared_between_processes() {
    return *::new (map_shared(sizeof(T))) T{};
}

}  // namespace hookd::bench
