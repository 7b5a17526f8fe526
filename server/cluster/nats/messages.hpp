// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/messages.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What links say to one another: one JSON object a message, in which payloads and replies stand byte for byte.
namespace hookd::nats {

/// Which run of a link a message comes from. A host has another `entry` each time that it enters the cluster.
struct sender {
    std::string host{};
    std::string entry{};

    bool operator==(const sender&) const = default;
};

/// A message as spans of the bytes that it came in; JSON values as they stand there. What a kind does not have is
/// empty.
struct message {
    enum class kind : std::uint8_t {
        ask,      ///< to all: sequence, id, event, payload, cause, emitted_at, policy, timeout_ms
        told,     ///< to all: sequence, id, event, payload, cause, emitted_at
        none,     ///< to the asker: nobody here answers that event: id
        has,      ///< to the asker: id, responders
        settled,  ///< to the asker: id, result, decides
        close,    ///< to a host that was asked: id
        here,     ///< to all or one: presence. As a request it is answered with `known`
        known,    ///< sequence: of the sender's last ask or told
        gone,     ///< to all: the sender leaves
        probe,    ///< answered with `known`
    };
    kind type = kind::probe;
    sender from{};
    std::uint64_t sequence = 0;
    std::string id{};
    std::string event{};
    std::string_view payload{};
    std::string_view cause{};
    std::string_view emitted_at{};
    std::string policy{};
    std::uint64_t timeout_ms = 0;
    std::string_view responders{};
    std::string_view result{};
    std::string_view presence{};
    bool decides = false;
};

/// Nothing where `text` is no such message: of a later version, or from someone else. Members that it does not know are
/// ignored.
[[nodiscard]] std::optional<message> read_message(std::string_view text);

/// The event of `ask` and `told`.
[[nodiscard]] link::event_content to_event(const message& received);
/// The same the other way. Lifetime: the message holds spans of `event`.
void set_event(message& outgoing, const link::event_content& event);

/// Only what is not empty is written.
[[nodiscard]] std::string to_text(const message& outgoing);

}  // namespace hookd::nats
