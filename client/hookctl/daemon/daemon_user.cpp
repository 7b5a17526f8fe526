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

/// A field of passwd(5), from 0, of the user of that name or number; empty if there is no such user.
std::string passwd_field(const std::string& user, int wanted) {
    base::command command;
    command.argv = {"getent", "--", "passwd", user};
    for (char** each = environ; *each != nullptr; ++each) {
        command.environment.emplace_back(*each);
    }
    const auto done = run_to_end(std::move(command));
    std::string_view rest = done.output.text;
    for (int field = 0; field < wanted; ++field) {
        const auto colon = rest.find(':');
        rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    }
    return std::string(rest.substr(0, rest.find(':')));
}

/// Empty if there is no user of that name.
std::string number_of(const std::string& name) {
    constexpr int number_field = 2;
    auto number = passwd_field(name, number_field);
    return is_user_number(number) ? number : std::string();
}

}  // namespace

std::string account_name_of(const std::string& number) { return passwd_field(number, 0); }

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
