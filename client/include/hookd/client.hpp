// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/error.hpp>
#include <hookd/event.hpp>
#include <hookd/hook_runner.hpp>
#include <hookd/reply.hpp>
#include <hookd/requests.hpp>
#include <hookd/verdict.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hookd {

/// A blocking client: one connection, one request at a time. Cheap to make: a socket, and no thread or event loop.
///
///     hookd::client daemon;                                            // path from the environment
///     auto verdict = daemon.emit_and_wait("pre_push", R"({"branch":"main"})");
///     if (!verdict.proceed()) std::cerr << verdict.abort << '\n';
///
/// Payloads and parameters are JSON texts (RFC 8259, UTF-8), sent byte for byte.
///
/// Errors: every call throws hookd::error. A connection that breaks while an answer is awaited is reported at once
/// (broken) and never retried silently, since the daemon may have done what was asked; but a call that has an
/// operation_id, or changes nothing (ping, stats), connects again and is sent once more before it gives up. A daemon
/// that was restarted in between does not remember operations. After a broken connection, and where the daemon had
/// closed an idle one, the next call connects anew. A daemon that hangs ends every call (timed_out), see
/// client_options::answer_timeout: also one that waits as long as the daemon thinks fit. Thread-safety: none; distinct
/// objects are independent. Signals: never raises SIGPIPE; continues after EINTR.
class client {
public:
    /// Connects. Throws error: no_daemon where no process listens there (the message names the path), unreachable
    /// or untrusted where one does that can't or must not be talked to, invalid_argument for an impossible path.
    explicit client(const client_options& options = {});
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client();

    /// Fires an event and does not wait for hooks. `name`: 1 to 128 characters of `A-Z a-z 0-9 _ . : / -`.
    emission emit(std::string_view name, std::string_view payload = "{}", const emit_options& options = {});

    /// Fires an event and waits for what the hooks say.
    verdict emit_and_wait(std::string_view name, std::string_view payload = "{}", const wait_options& options = {});

    /// Waits for the reply to an event that was emitted with emit_options::reserve, by anybody. Without `timeout` the
    /// daemon's default.
    verdict await_response(std::string_view hook_event_id, std::optional<std::chrono::milliseconds> timeout = {});

    /// Answers an event, from whichever process knows its id.
    respond_result respond(std::string_view hook_event_id, const reply& answer);

    /// Asks who is there.
    daemon_info ping();

    /// The daemon's counters, as JSON text.
    std::string stats();

    /// Any request. `params` is a JSON object, or empty for none. Gives up after `timeout`; without one it waits as
    /// long as it takes, while the daemon lives. Returns the result's JSON text. Notifications that arrive in between
    /// are dropped: subscribe with hook_runner or async_client.
    std::string call(
        std::string_view method, std::string_view params = {}, std::optional<std::chrono::milliseconds> timeout = {});

    /// The socket's path that this client uses.
    [[nodiscard]] const std::string& path() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace hookd
