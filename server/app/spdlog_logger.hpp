// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "app/program_options.hpp"

#include <base/text/terminal_text.hpp>
#include <hookd/server/log.hpp>

#include <chrono>
#include <memory>

namespace hookd::server {

/// The daemon's log: spdlog behind `logger`, one line a message.
///
///     text: 2026-01-31T12:00:00.123Z info listening on /run/user/1000/hookd/hookd.sock
///     json: {"ts":"2026-01-31T12:00:00.123Z","level":"info","msg":"listening on /run/user/1000/hookd/hookd.sock"}
///
/// A thread of its own writes. Up to 512 messages wait for it where the reader is slow or stuck; past that the oldest
/// go, and the log says how many ("3 messages dropped: …") before the next that is written. Characters of a message
/// that could drive a terminal, or mislead its reader, are shown as \uXXXX (base::front_character), so that none
/// makes a line of its own.
///
/// Thread-safety: all functions from any thread. Lifetime: `fd` must stay open. The destructor writes what waits for at
/// most flush_time.
class spdlog_logger final : public logger {
public:
    static constexpr std::chrono::milliseconds flush_time{500};

    spdlog_logger(int fd, log_level level, log_format format);
    ~spdlog_logger() override;

    [[nodiscard]] bool wants(log_level level) const noexcept override;
    void write(log_level level, std::string_view message) noexcept override;

    void set_level(log_level level) noexcept;

private:
    class implementation;
    std::unique_ptr<implementation> implementation_;
};

}  // namespace hookd::server
