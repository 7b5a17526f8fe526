// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "session.hpp"

namespace hookd::server::rpc {

/// The method `subscribe`: opens a push session, or resumes one, if need be with events out of the journal.
void carry_out_subscribe(session& session, const protocol::subscribe_params& params, const answer_address& address);

}  // namespace hookd::server::rpc
