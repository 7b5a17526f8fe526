#pragma once

#include <hookd/hooks/command_runner.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace hookd::hooks {

/// What a command has said by the way it ended.
struct hook_reply {
    enum class kind : unsigned char {
        response,  ///< `text` is a JSON object that the daemon will take: the reply
        veto,      ///< `text` is the reason, plain text
        failed,    ///< it says nothing about the operation; `text` is why
    };
    kind type = kind::failed;
    std::string text{};
    /// What whoever looks after the hook should know: output that was ignored or cut. Sentences without a line end.
    std::vector<std::string> notes{};
};

/// Reads a command's result by the rules for hook commands (man page hookctl(1), "HOOK COMMANDS").
///
/// Exit status 0: a JSON object on its standard output is the reply, anything else is no objection; an `abort` in it that is no
/// string, or an object that is nested too deeply to be sent, is a hook that failed. Status 1 to 125: a veto, whose reason is
/// its standard error without the white space around it, or `hook NAME exited N`. Everything else is a hook that failed.
[[nodiscard]] hook_reply read_hook_reply(const command_result& result, std::string_view name);

}  // namespace hookd::hooks
