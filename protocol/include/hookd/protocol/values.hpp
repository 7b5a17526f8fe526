// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/errc.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// What parameters, results and notifications are made of, and what they may be.
namespace hookd::protocol {

/// A short string parameter: a span of the request, or an own copy where escapes had to be decoded.
class text {
public:
    text() = default;
    text(std::string_view borrowed) noexcept : borrowed_(borrowed) {}
    text(const char* borrowed) noexcept : borrowed_(borrowed) {}
    text(const std::string& borrowed) noexcept : borrowed_(borrowed) {}
    text(std::string&& owned) noexcept : owned_(std::move(owned)) {}

    [[nodiscard]] std::string_view view() const noexcept {
        return owned_.empty() ? borrowed_ : std::string_view{owned_};
    }
    [[nodiscard]] bool empty() const noexcept { return view().empty(); }

private:
    std::string_view borrowed_{};
    std::string owned_{};
};

/// A JSON string as it was sent: without its quotes, with its escapes. A span of the request.
struct string_token {
    std::string_view raw{};
};

/// When an emitter that waits has its verdict.
enum class wait_policy : std::uint8_t {
    first,  ///< the first reply decides
    veto,   ///< the first reply that aborts, or when no responder is left to reply
    all,    ///< when no responder is left to reply
    chain,  ///< one responder after the other, each with the payload that those before it left
};

/// What counts where no verdict was given: for a wait, where the hooks gave none; for a subscriber, where it is
/// missing.
enum class failure_policy : std::uint8_t { open, closed };

/// How a wait ended. `cancelled`: by its emitter, which gets errc::cancelled and no result; only counters and the
/// notification `verdict` say it.
enum class outcome : std::uint8_t {
    answered,
    abstained,
    timeout,
    abandoned,
    no_subscribers,
    shutdown,
    unknown,
    cancelled
};
inline constexpr std::size_t outcome_count = 8;

/// Why a reply was not accepted.
enum class refusal : std::uint8_t { none, answered, expired, cancelled, unknown };
inline constexpr std::size_t refusal_count = 5;

/// Why a push session ended.
enum class close_reason : std::uint8_t {
    lagged,
    shutdown,
    unsubscribed,
    gap,  ///< events of other hosts may be lost
};

/// Where an event is seen, and whose events a session or hook sees.
enum class event_scope : std::uint8_t {
    local,    ///< this daemon's
    cluster,  ///< those of the cluster's other hosts, too
};

[[nodiscard]] std::string_view to_string(wait_policy value) noexcept;
[[nodiscard]] std::string_view to_string(failure_policy value) noexcept;
[[nodiscard]] std::string_view to_string(outcome value) noexcept;
[[nodiscard]] std::string_view to_string(refusal value) noexcept;
[[nodiscard]] std::string_view to_string(close_reason value) noexcept;
[[nodiscard]] std::string_view to_string(event_scope value) noexcept;

/// Whether `name` may name an event: 1 to 128 characters of `A-Z a-z 0-9 _ . : / -`.
[[nodiscard]] bool is_event_name(std::string_view name) noexcept;

/// Whether `text` may be a pattern of events: as a name, and with `*` and `?` among its characters.
[[nodiscard]] bool is_pattern(std::string_view text) noexcept;

/// Whether `name`, well-formed UTF-8, may name a subscriber or a registered hook: 1 to 128 characters, none of them a
/// control character (C0, DEL, C1) or one that is invisible (zero width, direction of writing).
[[nodiscard]] bool is_subscriber_name(std::string_view name) noexcept;

/// Whether `name` may name a host of a cluster: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
[[nodiscard]] bool is_host_name(std::string_view name) noexcept;

/// A condition on a payload (PROTOCOL.md, `where`): the string at `pointer` matches `glob`. What is not there or no
/// string does not.
struct payload_condition {
    std::string pointer{};  ///< JSON pointer (RFC 6901)
    std::string glob{};     ///< `*` any run of characters, `?` one
    friend bool operator==(const payload_condition&, const payload_condition&) = default;
};

/// Whether `text` is a JSON pointer of at most max_pointer bytes.
[[nodiscard]] bool is_json_pointer(std::string_view text) noexcept;

/// Whether its pointer is one and its glob has at most max_condition_glob bytes.
[[nodiscard]] bool is_condition(const payload_condition& condition) noexcept;

/// Whether `event` may follow from `cause`: the names of the events that led to it, oldest first, separated by commas;
/// empty: none did. A name may have a place, `NAME@PLACE`: then an event of that name elsewhere is no recursion. The
/// payload, a valid JSON text, says where an event is that is git's: its `git_dir`. Errors: errc::invalid_params where
/// `cause` is nothing of the kind, or has `event` in it, which is a recursion; errc::limit_exceeded (`cause`) where it
/// has more than max_cause names.
[[nodiscard]] std::optional<error> check_cause(
    std::string_view event, std::string_view payload, std::string_view cause);

/// The cause of what follows from `event`, which followed from `cause` itself; with its place, where the payload names
/// one that is not too long (max_cause_place). In a place all but `A-Z a-z 0-9 _ . : / - ~ + =` are written as `%XX`.
[[nodiscard]] std::string append_cause(std::string_view cause, std::string_view event, std::string_view payload);

}  // namespace hookd::protocol
