// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hookd::nats {

/// Why there is no connection.
struct down_reason {
    std::string text{};
    bool is_permanent = false;  ///< another try helps only after someone has changed something
};

/// What a request ended with.
struct answer {
    enum class kind : std::uint8_t { reply, no_responders, timed_out, disconnected };
    kind type = kind::timed_out;
    std::string_view body{};  ///< valid during the call
};

/// A message as it arrives; valid during the call.
struct delivery {
    std::string_view subject{};
    std::string_view body{};
    std::string_view reply{};  ///< where an answer is awaited; may be empty
};

/// A connection to NATS as a member of a cluster sees it: `client`, or a test's memory. Without a connection every call
/// does nothing, but calls its handler with what says so. Handlers come in the order in which the server answers,
/// possibly from within the call.
class engine {
public:
    using message_handler = std::function<void(const delivery&)>;
    using answer_handler = std::function<void(const answer&)>;
    using flush_handler = std::function<void(bool delivered)>;

    /// Until the connection ends.
    virtual void subscribe(std::string_view subject, message_handler handler) = 0;
    virtual void publish(std::string_view subject, std::string_view body) = 0;
    /// `headers`: lines "Name: value\r\n", or empty.
    virtual void request(std::string_view subject, std::string_view headers, std::string_view body,
        std::chrono::milliseconds limit, answer_handler done) = 0;
    /// `done(true)` once the server has taken all that was published before.
    virtual void flush(flush_handler done) = 0;
    /// Ends the connection, which is then made anew.
    virtual void restart(const down_reason& reason) = 0;
    /// Bytes that one message may have.
    [[nodiscard]] virtual std::size_t max_payload() const = 0;

protected:
    ~engine() = default;
};

}  // namespace hookd::nats
