// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "arguments.hpp"

namespace hookd::hookctl {

// Each carries out one command and returns hookctl's exit status. They throw hookd::error for what the daemon, or its
// absence, brings; usage_error for an argument that turns out to be unusable; and std::system_error where the output
// cannot be written. main() turns these into a line on standard error and a status.

int run_emit(const invocation& call, const emit_arguments& arguments);
int run_listen(const invocation& call, const listen_arguments& arguments);
int run_on(const invocation& call, const on_arguments& arguments);
int run_register(const invocation& call, const register_arguments& arguments);
int run_deregister(const invocation& call, const deregister_arguments& arguments);
int run_trust(const invocation& call, const trust_arguments& arguments);
int run_enable(const invocation& call, const enable_arguments& arguments);
int run_bypass(const invocation& call, const bypass_arguments& arguments);
int run_hooks(const invocation& call);
int run_respond(const invocation& call, const respond_arguments& arguments);
int run_schema(const invocation& call, const schema_arguments& arguments);
int run_who(const invocation& call, const who_arguments& arguments);
int run_log(const invocation& call, const log_arguments& arguments);
int run_trace(const invocation& call, const trace_arguments& arguments);
int run_replay(const invocation& call, const replay_arguments& arguments);
int run_hosts(const invocation& call);
int run_stats(const invocation& call, const stats_arguments& arguments);
int run_top(const invocation& call);
int run_ping(const invocation& call);
int run_git(const invocation& call, const git_arguments& arguments);
int run_jj(const invocation& call, const jj_arguments& arguments);
int run_agent_hook(const invocation& call, const agent_hook_arguments& arguments);
int run_agent(const invocation& call, const agent_arguments& arguments);
int run_doctor(const invocation& call);
int run_test(const invocation& call, const test_arguments& arguments);
int run_ask(const invocation& call, const ask_arguments& arguments);
int run_init(const invocation& call);
int run_sync(const invocation& call);
int run_unsync(const invocation& call);
int run_call(const invocation& call, const call_arguments& arguments);

}  // namespace hookd::hookctl
