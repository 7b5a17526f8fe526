// SPDX-License-Identifier: BSL-1.0
#include "outcome_text.hpp"

#include "hookctl/terminal/output.hpp"

#include <base/json/value_view.hpp>
#include <base/text/shell_word.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace hookd::hookctl {

namespace {

using sentence = std::pair<std::string_view, std::string_view>;

constexpr std::array<sentence, 7> outcomes{{{"abstained", "every hook abstained"}, {"timeout", "the time limit passed"},
    {"abandoned", "a hook failed or left"}, {"no_subscribers", "no hook was asked"}, {"shutdown", "the daemon stopped"},
    {"cancelled", "the emitter left or cancelled"}, {"unknown", "the daemon has no such event"}}};

constexpr std::array<sentence, 2> endings{{{"cancelled", "the emitter left or cancelled before there was one"},
    {"expired", "its reply was reserved, and no request asked for it in time"}}};

std::string sentence_for(std::string_view word, std::span<const sentence> sentences) {
    const auto found =
        std::find_if(sentences.begin(), sentences.end(), [word](const sentence& each) { return each.first == word; });
    return found != sentences.end() ? std::string(found->second) : harmless(word);
}

}  // namespace

std::string outcome_text(std::string_view outcome) { return sentence_for(outcome, outcomes); }

std::string ended_text(std::string_view ended) { return sentence_for(ended, endings); }

std::vector<passed_over_hook> passed_over_in(std::string_view entry) {
    std::vector<passed_over_hook> hooks;
    for (const auto each : base::value_view(entry)["passed_over"].elements()) {
        hooks.push_back({each["responder"].string(), each["why"].string()});
    }
    return hooks;
}

std::string passed_over_text(const passed_over_hook& hook) {
    const auto name = harmless(hook.name);
    if (hook.why == "where") {
        return "the conditions of " + name + " do not match";
    }
    if (hook.why == "shadow") {
        return name + " is a shadow";
    }
    return name + " is " + (hook.why == "asked_only" ? "only for questions" : harmless(hook.why));
}

std::string passed_over_advice(const passed_over_hook& hook) {
    if (hook.why == "disabled") {
        return "it is disabled: hookctl enable " + harmless(base::shell_word(hook.name));
    }
    if (hook.why == "where") {
        return "the payload does not match its conditions: hookctl hooks shows those of registered hooks";
    }
    if (hook.why == "asked_only") {
        return "it takes only events that an emitter waits for (--asked-only)";
    }
    return "it is a shadow, which decides nothing";
}

}  // namespace hookd::hookctl
