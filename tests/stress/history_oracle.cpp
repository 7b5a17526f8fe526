// SPDX-License-Identifier: BSL-1.0
#include "history_oracle.hpp"

#include "support/json_access.hpp"

namespace hookd::test {

void history_oracle::replies(
    const std::string& id, const std::string& responder, std::int64_t uid, const std::string& abort) {
    const std::lock_guard lock{mutex_};
    sent_[id][responder] = {.uid = uid, .abort = abort};
}

void history_oracle::accepted(const std::string& id, const std::string& responder) {
    const std::lock_guard lock{mutex_};
    sent_.at(id).at(responder).accepted = true;
}

void history_oracle::subscribes(const std::string& responder) {
    const std::lock_guard lock{mutex_};
    ++sessions_[responder];
}

void history_oracle::insists(const std::string& responder) {
    const std::lock_guard lock{mutex_};
    insisting_.insert(responder);
}

void history_oracle::concluded(const boost::json::value& result) {
    verdict said{.outcome = text_at(result, "/outcome"), .abort = text_at(result, "/abort")};
    for (const auto& each : value_at(result, "/responses").as_array()) {
        said.replies[text_at(each, "/responder")] = {.uid = int_at(each, "/uid"),
            .abort = has_at(each, "/response/abort") ? text_at(each, "/response/abort") : std::string{}};
    }
    for (const auto& each : value_at(result, "/missing").as_array()) {
        said.missing.insert(text_at(each, "/responder"));
    }
    const std::lock_guard lock{mutex_};
    const auto id = text_at(result, "/hook_event_id");
    const auto [known, is_new] = verdicts_.try_emplace(id, said);
    if (!is_new && (known->second.abort != said.abort || known->second.outcome != said.outcome)) {
        faults_.push_back(id + ": two requests of one operation got different verdicts");
    }
}

// One event's verdict against what its responders did.
void history_oracle::judge(const std::string& id, const verdict& said, std::vector<std::string>& found) const {
    const auto replied = sent_.find(id);
    for (const auto& [name, reply] : said.replies) {
        const bool is_known = replied != sent_.end() && replied->second.contains(name);
        if (!is_known) {
            found.push_back(id + ": the verdict has a reply of " + name + ", which sent none");
        } else if (replied->second.at(name).uid != reply.uid || replied->second.at(name).abort != reply.abort) {
            found.push_back(id + ": the verdict has another reply of " + name + " than it sent");
        }
        if (const auto sessions = sessions_.find(name);
            said.missing.contains(name) && sessions != sessions_.end() && sessions->second == 1) {
            found.push_back(id + ": " + name + " has replied and is missing");
        }
        if (!reply.abort.empty() && said.abort.empty()) {
            found.push_back(id + ": " + name + " vetoes in the responses, and the verdict is to proceed");
        }
    }
    for (const auto& name : said.missing) {
        if (insisting_.contains(name) && said.abort.empty()) {
            found.push_back(id + ": " + name + " insists and is missing, and the verdict is to proceed");
        }
    }
    if (replied == sent_.end()) {
        return;
    }
    for (const auto& [name, reply] : replied->second) {
        if (reply.accepted && !reply.abort.empty() && !said.replies.contains(name)) {
            found.push_back(id + ": the accepted veto of " + name + " is missing from the verdict \"" + said.outcome +
                            "\", abort \"" + said.abort + "\"");
        }
    }
}

std::vector<std::string> history_oracle::faults() const {
    const std::lock_guard lock{mutex_};
    auto found = faults_;
    for (const auto& [id, said] : verdicts_) {
        judge(id, said, found);
    }
    return found;
}

std::size_t history_oracle::accepted_vetoes() const {
    const std::lock_guard lock{mutex_};
    std::size_t count = 0;
    for (const auto& [id, replies] : sent_) {
        for (const auto& [name, reply] : replies) {
            count += reply.accepted && !reply.abort.empty() ? 1U : 0U;
        }
    }
    return count;
}

std::size_t history_oracle::verdicts() const {
    const std::lock_guard lock{mutex_};
    return verdicts_.size();
}

}  // namespace hookd::test
