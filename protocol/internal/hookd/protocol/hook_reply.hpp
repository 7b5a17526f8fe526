// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/exec/command_runner.hpp>
#include <hookd/protocol/errc.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::protocol {

/// Bytes of what a command said beside its reply that travel with it.
inline constexpr std::size_t max_note_bytes = std::size_t{16} * 1024;

/// What a command has said by the way it ended.
struct hook_reply {
    enum class kind : unsigned char {
        response,  ///< `text` is a JSON object that the daemon will take: the reply
        veto,      ///< `text` is the reason, plain text
        failed,    ///< it says nothing about the operation; `text` is why
    };
    kind type = kind::failed;
    std::string text{};
    /// Of a response: what the command printed besides, for the person who waits. At most max_note_bytes.
    std::string note{};
    /// What whoever looks after the hook should know: output that was ignored or cut. Sentences without a line end.
    std::vector<std::string> notes{};
    /// Failed, and it never ran: nobody has looked at the operation.
    bool not_started = false;
};

/// Reads a command's result by the rules for hook commands (man page hookctl(1), "HOOK COMMANDS").
///
/// Exit status 0: a JSON object on its standard output is the reply. No output is no objection, and neither is output
/// in which no line begins with `{` or `[`, which becomes the note. Anything else was meant to be a reply and is none,
/// as is output that was cut, an `abort` that is no string, or an object that is nested too deeply to be sent: a hook
/// that failed. Status 1 to 125: a veto, whose reason is its standard error without the white space around it, or `hook
/// NAME exited N`. Everything else is a hook that failed.
[[nodiscard]] hook_reply read_hook_reply(const base::command_result& result, std::string_view name);

/// The JSON object to send for a response or a veto: a note is its member `note`, behind the one that the reply has
/// itself.
[[nodiscard]] std::string whole_response(const hook_reply& reply);

/// The JSON object to send after the daemon has refused whole_response() with `refusal`, so that the verdict is not
/// lost with what stands beside it. Refused by the catalog (errc::not_in_catalog): the command's own reply without the
/// note. A limit (errc::limit_exceeded): the verdict alone, its reason cut so that it always fits (PROTOCOL.md,
/// "Limits"), as for a veto by exit status in both cases. Nothing where that is what was refused, or for another error:
/// the hook has failed.
[[nodiscard]] std::optional<std::string> fallback_response(const hook_reply& reply, errc refusal);

}  // namespace hookd::protocol
