// SPDX-License-Identifier: BSL-1.0
#include "agent_call.hpp"
#include "support/source_tree.hpp"

#include <hookctl/agent/event.hpp>
#include <hookctl/agent/reply.hpp>

#include <support/temp_directory.hpp>

#include <cstdlib>

#include <unistd.h>

namespace hookd::test {

std::string agent_input_of(const std::string& name) {
    return read_file(source_tree() + "/tests/unit/hookctl/agents/" + name + ".json");
}

hookctl::agent_event agent_event_of(const std::string& input, std::string_view agent) {
    for (const char* each :
        {"CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "QWEN_PROJECT_DIR", "FACTORY_PROJECT_DIR", "GROK_HOOK_EVENT"}) {
        ::unsetenv(each);
    }
    return hookctl::read_agent_event(hookctl::agent_input(input), agent);
}

verdict replies(std::initializer_list<std::string> texts) {
    verdict said;
    said.outcome = outcome::answered;
    for (const auto& each : texts) {
        verdict::response response;
        response.text = each;
        response.uid = ::geteuid();
        response.responder = "h" + std::to_string(said.responses.size() + 1);
        said.responses.push_back(response);
    }
    return said;
}

hookctl::agent_answer agent_answer_to(const std::string& name, const verdict& said, bool fail_closed) {
    const auto event = agent_event_of(agent_input_of(name));
    auto decision = hookctl::decide(event, said, fail_closed && event.is_guarded);
    return hookctl::answer_to(event, decision);
}

std::string shown(const hookctl::agent_answer& answer) {
    return answer.exit_status == 0 ? answer.out.substr(0, answer.out.find('\n'))
                                   : "exit " + std::to_string(answer.exit_status) + ": " + answer.err;
}

}  // namespace hookd::test
