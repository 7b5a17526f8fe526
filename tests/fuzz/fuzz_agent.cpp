// SPDX-License-Identifier: BSL-1.0
// Is whatever an agent writes to its hook either refused, for a reason, or an event whose payload is a JSON object; and
// is whatever hooks reply to it put into words that the agent can read?
//
// The first byte of an input is the dialect (0: the input tells); what the agent wrote follows, and replies of hooks,
// with a NUL before each.

#include "fuzz_target.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>

#include <hookctl/agent/dialect.hpp>
#include <hookctl/agent/event.hpp>
#include <hookctl/agent/reply.hpp>
#include <hookctl/arguments.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace hookd;
using hookd::test::require;

namespace {

constexpr std::array<std::string_view, 16> dialects{"", "claude", "cline", "codex", "copilot", "cursor", "droid",
    "gemini", "goose", "grok", "kimi", "qoder", "qwen", "unknown", "vscode", "windsurf"};

bool is_object(std::string_view text) {
    return !base::find_json_fault(text) && base::kind_of(base::trimmed_json(text)) == base::json_kind::object;
}

/// Asks about each rewrite as agent-hook does; the replies stay the same.
void chain(const hookctl::agent_input& input, const hookctl::agent_event& event, const verdict& said) {
    hookctl::agent_chain hooks(event, false);
    auto asked = event;
    for (std::size_t turns = 0; const auto rewrite = hooks.take(said, asked.tool_input); ++turns) {
        require(turns < said.responses.size(), "each hook rewrites once");
        require(is_object(rewrite->input), "what is asked about is an object");
        asked = hookctl::rewritten_agent_event(event, input, rewrite->input, rewrite->author);
        require(is_object(asked.payload), "so is its payload");
    }
}

void answer(const hookctl::agent_event& event, const verdict& said) {
    for (const bool fail_closed : {false, true}) {
        auto decision = hookctl::decide(event, said, fail_closed);
        require(decision.input.empty() || is_object(decision.input), "a rewritten input is an object");
        const auto words = hookctl::answer_to(event, decision);
        const bool is_text = event.dialect->name == "kimi" && words.out == decision.context + '\n';
        require(words.out.empty() || is_text || !base::find_json_fault(words.out),
            "an answer is JSON, or what Kimi adds to the context");
        require(words.exit_status >= 0 && words.exit_status < 126, "an exit status is one");
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "agent";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto dialect = dialects[data[0] % dialects.size()];
    std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto take = [&rest] {
        const auto part = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        return part;
    };
    const hookctl::agent_input input{take()};
    (void)hookctl::recognize_agent_event(input, dialect);
    hookctl::agent_event event;
    try {
        event = hookctl::read_agent_event(input, dialect);
    } catch (const hookctl::usage_error& refused) {
        require(!std::string_view{refused.what()}.empty(), "a refusal has a reason");
        return 0;
    }
    require(is_object(event.payload), "a payload is an object");
    require(event.tool_input.empty() || !base::find_json_fault(event.tool_input), "a tool's input is JSON");
    verdict said;
    said.outcome = outcome::answered;
    while (!rest.empty()) {
        const auto text = take();
        if (is_object(text)) {  // the daemon lets no other reply through
            said.responses.push_back({.text = std::string{text}, .responder = "h", .uid = ::geteuid()});
        }
    }
    chain(input, event, said);
    answer(event, said);
    said.abort = said.responses.empty() ? "" : "no";
    chain(input, event, said);
    answer(event, said);
    return 0;
}
