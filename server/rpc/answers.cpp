// SPDX-License-Identifier: BSL-1.0
#include "answers.hpp"

namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;

error missing_role(const session& session, std::string_view method, role wanted) {
    const auto user = std::to_string(session.peer().uid);
    const auto has = describe(session.may());
    return {errc::not_allowed, "user " + user + " may not " + std::string{method} + ", for which it needs the role " +
                                   std::string{name_of(wanted)} + " and has " + has +
                                   ": start the daemon with --allow-user " + user + ":" + has + "," +
                                   std::string{name_of(wanted)}};
}

}  // namespace hookd::server::rpc
