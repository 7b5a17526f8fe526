// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/postgres/connection.hpp"
#include "cluster/postgres/inspection.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace hookd::postgres {

/// What stopped a command of a person; what() says what to do.
class console_failure : public std::runtime_error {
public:
    console_failure(const std::string& reason, std::string code = {})
        : std::runtime_error(reason), sqlstate(std::move(code)) {}

    std::string sqlstate;
};

/// A connection for a person's command: waits for each step, a few seconds at most. Throws console_failure.
///
/// Thread-safety: none.
class console_session {
public:
    explicit console_session(const settings& target);
    ~console_session();
    console_session(const console_session&) = delete;
    console_session& operator=(const console_session&) = delete;

    [[nodiscard]] result query(const std::string& text);
    /// Waits for the notification `payload`; false where it does not come.
    [[nodiscard]] bool hears(const std::string& payload, std::chrono::milliseconds patience);

    [[nodiscard]] const connection& on() const noexcept { return *connection_; }

private:
    void run_until(const bool& done, std::chrono::milliseconds patience);

    boost::asio::io_context context_{1};
    std::shared_ptr<connection> connection_{};
    std::string lost_{};
    std::string heard_{};
};

}  // namespace hookd::postgres
