// SPDX-License-Identifier: BSL-1.0
#include "daemon_user.hpp"

#include "daemon_program.hpp"
#include "hookctl/terminal/run_to_end.hpp"

#include <base/exec/command_runner.hpp>
#include <base/text/number.hpp>
#include <hookd/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

bool is_user_number(std::string_view text) { return base::parse_number<std::uint32_t>(text).has_value(); }

/// The third field of passwd(5); empty where there is no such user.
std::string number_of(const std::string& name) {
    base::command command;
    command.argv = {"getent", "--", "passwd", name};
    for (char** each = environ; *each != nullptr; ++each) {
        command.environment.emplace_back(*each);
    }
    const auto done = run_to_end(std::move(command));
    std::string_view rest = done.output.text;
    for (int field = 0; field < 2; ++field) {
        const auto colon = rest.find(':');
        rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    }
    const auto number = rest.substr(0, rest.find(':'));
    return is_user_number(number) ? std::string(number) : std::string();
}

}  // namespace

std::string daemon_user_of(const invocation& call) {
    auto given = call.daemon_user.empty() ? environment_variable("HOOKD_DAEMON_USER") : call.daemon_user;
    if (given.empty() || is_user_number(given)) {
        return given;
    }
    auto number = number_of(given);
    if (number.empty()) {
        throw error(error_kind::invalid_argument,
            "the daemon's user has to be the name or number of a user that this system knows, not \"" + given +
                "\" (--daemon-user, HOOKD_DAEMON_USER)");
    }
    return number;
}

}  // namespace hookd::hookctl
