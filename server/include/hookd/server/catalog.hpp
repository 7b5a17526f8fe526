// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hookd::server {

/// How far one check of a payload or reply may go. A step takes 60 ns at most, mostly 10.
struct check_limit {
    /// What takes its caller a few milliseconds.
    static constexpr std::size_t short_steps = std::size_t{64} * 1024;

    std::size_t steps = std::size_t(-1);
    const std::atomic<bool>* is_cancelled = nullptr;  ///< once it is true, the check is given up
    bool is_exceeded = false;  ///< the steps did not suffice: what the check has returned says nothing
};

/// What events there are, and what their payloads and replies look like. Immutable: a broker takes another one as a
/// whole (broker::use_catalog).
///
/// Thread-safety: any number of threads.
class catalog {
public:
    virtual ~catalog() = default;

    /// What `emit_and_wait` is taken to say where it does not; so are `emit` with `reserve_ms` and `await_response`,
    /// but for the policy, which is then "first".
    struct defaults {
        std::optional<std::chrono::milliseconds> timeout{};
        std::optional<protocol::wait_policy> policy{};
        std::optional<protocol::failure_policy> on_failure{};
        std::optional<protocol::event_scope> scope{};
        std::vector<std::string> require{};  ///< besides those that the request names
    };

    [[nodiscard]] virtual std::size_t size() const noexcept = 0;
    /// Of an unknown event: none.
    [[nodiscard]] virtual defaults defaults_of(std::string_view event) const = 0;

    // Each returns errc::not_in_catalog where something is wrong, and nothing where all is right. Texts are valid JSON.
    // `data` of the error: {"event", "nearest"?}, {"pattern", "nearest"?}, or {"event", "in", "pointer", "rule",
    // "detail"} with `in` "payload" or "response".

    [[nodiscard]] virtual std::optional<protocol::error> check_event(
        std::string_view event, std::string_view payload, check_limit& limit) const = 0;
    [[nodiscard]] virtual std::optional<protocol::error> check_patterns(
        const std::vector<std::string>& patterns) const = 0;
    [[nodiscard]] virtual std::optional<protocol::error> check_reply(
        std::string_view event, std::string_view response, check_limit& limit) const = 0;

    /// The same to the end, which may take seconds.
    [[nodiscard]] std::optional<protocol::error> check_event(std::string_view event, std::string_view payload) const {
        check_limit none{};
        return check_event(event, payload, none);
    }
    [[nodiscard]] std::optional<protocol::error> check_reply(std::string_view event, std::string_view response) const {
        check_limit none{};
        return check_reply(event, response, none);
    }

    // What people are shown of a payload or a reply: the same text with `"…"` in place of what the event's schemas call
    // a secret (`x-secret`); nothing where they call nothing so.

    [[nodiscard]] virtual std::optional<std::string> payload_without_secrets(
        std::string_view event, std::string_view payload) const = 0;
    [[nodiscard]] virtual std::optional<std::string> reply_without_secrets(
        std::string_view event, std::string_view response) const = 0;

    /// The result of `get_hook_event_schema`: of all events, in order of their names, or of `event` where that is not
    /// empty.
    [[nodiscard]] virtual std::variant<std::string, protocol::error> schemas(std::string_view event) const = 0;
};

/// A catalog has a fault: what() is one line, `FILE:LINE: REASON`, or names the directory.
class catalog_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Reads the files `*.json` of `directory`, one an event (hookd(8), "CATALOG"), those whose names begin with a dot left
/// out. Compiles their schemas. Blocks. Throws catalog_error.
[[nodiscard]] std::shared_ptr<const catalog> load_catalog(const std::filesystem::path& directory);
/// The same of several directories, one at least: the events of all of them, each described once. A file refers to
/// those of its own directory.
[[nodiscard]] std::shared_ptr<const catalog> load_catalog(const std::vector<std::filesystem::path>& directories);

/// The error for an event that no catalog knows, because there is none.
[[nodiscard]] protocol::error no_catalog_error(std::string_view event);

}  // namespace hookd::server
