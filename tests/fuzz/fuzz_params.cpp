// SPDX-License-Identifier: BSL-1.0
// Are the parameters of each method read without a fault, and is each refusal one that a person can act on?
//
// An input is a request as it stands in a frame; it is tried as a call of every method.

#include "fuzz_target.hpp"

#include <hookd/protocol/errc.hpp>
#include <hookd/protocol/message.hpp>
#include <hookd/protocol/methods.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

using namespace hookd::protocol;
using hookd::test::require;

namespace {

void check_message(const error& refusal) {
    require(!refusal.message.empty(), "a refusal has a message");
    require(refusal.message.size() < 4096, "a message stays short");
    require(refusal.message.find('\n') == std::string::npos, "a message is one line");
}

template <class Params>
void bind(request call) {
    call.method = hookd::base::json_string{Params::method};  // as the table of methods has found it
    const auto bound = bind_params<Params>(call);
    if (const auto* const refusal = std::get_if<error>(&bound)) {
        check_message(*refusal);
    }
}

void bind_all(const request& call) {
    bind<ping_params>(call);
    bind<emit_params>(call);
    bind<emit_and_wait_params>(call);
    bind<await_response_params>(call);
    bind<subscribe_params>(call);
    bind<unsubscribe_params>(call);
    bind<respond_params>(call);
    bind<schema_params>(call);
    bind<who_params>(call);
    bind<history_params>(call);
    bind<trace_params>(call);
    bind<replay_params>(call);
    bind<register_hook_params>(call);
    bind<deregister_hook_params>(call);
    bind<list_hooks_params>(call);
    bind<enable_hook_params>(call);
    bind<trust_hook_params>(call);
    bind<bypass_params>(call);
    bind<cluster_hosts_params>(call);
    bind<stats_params>(call);
    bind<discover_params>(call);
    bind<cancel_params>(call);
}

}  // namespace

const char* const hookd::test::corpus_name = "params";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string frame{reinterpret_cast<const char*>(data), size};
    message read;
    read_message(frame, read);
    if (read.type == message::kind::request) {
        bind_all(read.single);
    } else if (read.type == message::kind::invalid) {
        check_message(read.failure);
    }
    return 0;
}
