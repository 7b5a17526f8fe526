// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/json/text.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

/// `object` with an `abort` in front of its own members.
std::string with_abort(std::string_view object, std::string_view reason) {
    const auto open = object.find('{');
    base::json_cursor members(object.substr(open));
    const bool has_members = members.next().has_value();
    std::string text = R"({"abort":)";
    base::append_json_string(text, reason);
    return text.append(has_members ? "," : "").append(object.substr(open + 1));
}

reply answer_from(const respond_arguments& arguments) {
    if (arguments.abstain) {
        return abstain();
    }
    if (arguments.failed) {
        return failed(*arguments.failed);
    }
    std::string response = "{}";
    if (arguments.response) {
        response = read_json_argument("RESPONSE", *arguments.response, true);
    }
    if (arguments.abort) {
        response = with_abort(response, *arguments.abort);
    }
    protocol::respond_params checked;
    checked.response = response;
    if (const auto fault = protocol::check_reply(checked)) {
        throw usage_error(fault->message + "; nothing was sent");
    }
    return respond_with(std::move(response));
}

protocol::refusal refusal_of(const respond_result& result) {
    for (std::size_t each = 0; each < protocol::refusal_count; ++each) {
        if (protocol::to_string(static_cast<protocol::refusal>(each)) == result.reason) {
            return static_cast<protocol::refusal>(each);
        }
    }
    return protocol::refusal::unknown;
}

std::string_view describe(protocol::refusal why) {
    switch (why) {
        case protocol::refusal::answered:
            return "another reply has already decided, or this hook has already replied";
        case protocol::refusal::expired:
            return "the wait ended before it arrived";
        case protocol::refusal::cancelled:
            return "the emitter disconnected or cancelled";
        case protocol::refusal::none:
        case protocol::refusal::unknown:
            break;
    }
    return "no emitter waits for a reply to an event of that id";
}

}  // namespace

int run_respond(const invocation& call, const respond_arguments& arguments) {
    const auto answer = answer_from(arguments);
    const auto result = connect_for(call).respond(arguments.id, answer);
    protocol::respond_result shown;
    if (!result.accepted) {
        shown.reason = refusal_of(result);
    }
    if (writes_for_programs(call.json)) {
        std::string line;
        protocol::append_json(line, shown);
        print(line += '\n');
    } else if (result.accepted) {
        print("accepted\n");
    }
    if (result.accepted) {
        return exit_status::done;
    }
    report_error("not accepted: " + std::string(describe(shown.reason)) + " (" + result.reason + ")");
    return exit_status::vetoed;
}

}  // namespace hookd::hookctl
