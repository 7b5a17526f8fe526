// SPDX-License-Identifier: BSL-1.0
#include "missing.hpp"

#include <algorithm>

namespace hookd::core {
namespace {

using absentee = protocol::wait_result::absentee;

constexpr std::size_t most_named = 16;

std::string what_happened_to(const absentee& responder) {
    if (responder.why == "timeout") {
        return "did not reply in time";
    }
    if (responder.why == "left") {
        return "left before it replied";
    }
    if (responder.why == "lagged") {
        return "has lagged behind its events";
    }
    if (responder.why == "absent") {
        return "is not there";
    }
    if (responder.why == "shutdown") {
        return "had not replied when the daemon stopped";
    }
    constexpr std::string_view failed = "failed: ";
    return responder.why.compare(0, failed.size(), failed) == 0 ? responder.why : "is missing (" + responder.why + ")";
}

std::string name_of(const absentee& missing) {
    return missing.host.empty() ? missing.responder : missing.host + "/" + missing.responder;
}

std::string list_of(const std::vector<absentee>& missing, std::string_view before_what) {
    std::string text;
    for (std::size_t i = 0; i < std::min(missing.size(), most_named); ++i) {
        text += (i == 0 ? "" : ", ") + name_of(missing[i]) + std::string{before_what} + what_happened_to(missing[i]);
    }
    if (missing.size() > most_named) {
        text += " and " + std::to_string(missing.size() - most_named) + " more";
    }
    return text;
}

std::string advice(std::string_view event) {
    return "; 'hookctl who " + std::string{event} + "' lists the hooks that it asks";
}

}  // namespace

std::string no_decision_reason(std::string_view event, protocol::outcome result, const std::vector<absentee>& missing) {
    std::string text = "no hook decided (" + std::string{to_string(result)} + "): ";
    if (!missing.empty()) {
        text += list_of(missing, " ");
    } else {
        text += result == protocol::outcome::no_subscribers ? "no hook subscribes to this event" : "none replied";
    }
    return text + advice(event);
}

std::string missing_reason(std::string_view event, const std::vector<absentee>& missing) {
    return "must not proceed without " + list_of(missing, ", which ") + advice(event);
}

}  // namespace hookd::core
