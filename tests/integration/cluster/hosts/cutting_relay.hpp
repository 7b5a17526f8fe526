// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/unique_fd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace hookd::test {

/// A proxy of TCP between a loopback port of its own and another, which counts what goes through it and can end a
/// connection behind any byte. New connections are always taken.
///
/// Thread-safety: yes; a thread of its own carries the bytes.
class cutting_relay {
public:
    enum class way : std::uint8_t { to_engine, from_engine };

    explicit cutting_relay(const std::string& target_port);
    ~cutting_relay();
    cutting_relay(const cutting_relay&) = delete;
    cutting_relay& operator=(const cutting_relay&) = delete;

    [[nodiscard]] const std::string& port() const noexcept { return port_; }

    /// Begins to count anew, and ends the connection over which the next byte after `bytes` would go that way. Once.
    void cut_after(way direction, std::size_t bytes);
    [[nodiscard]] bool has_cut() const;
    /// How many bytes have gone that way since the last cut_after().
    [[nodiscard]] std::size_t passed(way direction) const;

private:
    /// By the way that bytes take which are read from it.
    using connection = std::array<base::unique_fd, 2>;
    struct limit {
        way direction{};
        std::size_t left = 0;
    };

    void run();
    void accept();
    /// False where the connection is over.
    [[nodiscard]] bool pass(const connection& both, std::size_t from);
    [[nodiscard]] std::size_t allowed(std::size_t from, std::size_t bytes);

    int target_port_;
    base::unique_fd listener_{};
    std::string port_{};
    std::array<base::unique_fd, 2> stop_{};  // a pipe
    std::list<connection> connections_{};
    mutable std::mutex mutex_{};  // of what follows
    std::optional<limit> limit_{};
    bool has_cut_ = false;
    std::array<std::size_t, 2> passed_{};
    std::thread thread_;
};

}  // namespace hookd::test
