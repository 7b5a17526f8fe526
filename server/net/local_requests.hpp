// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "local_client.hpp"
#include "local_wait.hpp"

#include <memory>

// The requests of an in-process client, each in a turn of the strand: its texts are checked, there or on a thread, then
// it is carried out as a peer's is.
namespace hookd::server {

void carry_out(
    const std::shared_ptr<local_client>& client, emit_request request, completion_of<protocol::emit_result> completion);
void carry_out(const std::shared_ptr<local_client>& client, wait_request request,
    completion_of<protocol::wait_result> completion, std::shared_ptr<cancellation> link);
/// A reply to the event of that id.
void carry_out(const std::shared_ptr<local_client>& client, const uuid& id, reply reply,
    completion_of<protocol::respond_result> completion);

}  // namespace hookd::server
