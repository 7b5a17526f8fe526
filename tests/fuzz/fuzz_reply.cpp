// SPDX-License-Identifier: BSL-1.0
// Is whatever a hook command prints read as a reply that can be sent, as a veto that keeps its reason, or as a hook
// that failed?
//
// The first byte of an input is the exit status, bit 7 says that the output was cut; the rest is standard output, a
// NUL, and standard error.

#include "fuzz_target.hpp"

#include <base/exec/command_runner.hpp>
#include <base/json/text.hpp>
#include <hookd/protocol/errc.hpp>
#include <hookd/protocol/hook_reply.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace hookd;
using test::require;

namespace {

void check_sendable(const std::string& object) {
    require(!base::find_json_fault(object).has_value(), "what is sent is valid JSON");
    require(base::kind_of(object) == base::json_kind::object, "what is sent is an object");
}

}  // namespace

const char* const hookd::test::corpus_name = "reply";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string text{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto end = std::min(text.find('\0'), text.size());
    base::command_result result;
    result.how = base::command_result::ending::exited;
    result.code = data[0] & 0x7f;
    result.output.text = text.substr(0, end);
    result.output.cut = (data[0] & 0x80) != 0;
    result.errors.text = end < text.size() ? text.substr(end + 1) : std::string{};
    const auto reply = protocol::read_hook_reply(result, "guard");
    require(result.code == 0 || reply.type != protocol::hook_reply::kind::response,
        "another exit status than 0 is no consent");
    require(
        !result.output.cut || reply.type != protocol::hook_reply::kind::response, "output that was cut is no consent");
    require(reply.type != protocol::hook_reply::kind::failed || !reply.text.empty(), "a failure has a reason");
    if (reply.type != protocol::hook_reply::kind::failed) {
        check_sendable(protocol::whole_response(reply));
        for (const auto refusal : {protocol::errc::not_in_catalog, protocol::errc::limit_exceeded}) {
            if (const auto fallback = protocol::fallback_response(reply, refusal)) {
                check_sendable(*fallback);
            }
        }
    }
    return 0;
}
