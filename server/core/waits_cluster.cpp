// SPDX-License-Identifier: BSL-1.0
#include "waits.hpp"

#include <algorithm>
#include <utility>

// Questions that other hosts are asked, too: see cluster_port.hpp.
namespace hookd::core {

using protocol::outcome;
using protocol::wait_policy;

namespace {

using remote_reply = protocol::wait_result::reply;

// A veto counts even where the memory for replies takes no more of it than this.
constexpr std::string_view short_veto = R"({"abort":"the reason is too long to be kept here"})";

}  // namespace

void waits::expect_cluster(slot& slot) {
    slot.responders_.push_back({.session_id = responder::cluster_id, .record = cluster_record_});
    ++slot.waiting_for_;
}

slot* waits::find_asking(const protocol::uuid& id) const {
    slot* const open = find_open(id);
    return open != nullptr && open->asks_cluster_ ? open : nullptr;
}

void waits::delegate(const protocol::uuid& id, const std::vector<remote_responder>& responders,
    responder_records& records, instant now) {
    slot* const asking = find_asking(id);
    if (asking == nullptr || !asking->responders_.back().is_cluster() || !asking->responders_.back().is_waiting()) {
        return;
    }
    auto& expected = asking->responders_;
    expected.pop_back();
    --asking->waiting_for_;
    for (const auto& each : responders) {
        expected.push_back({.session_id = responder::first_remote_id + expected.size(),
            .record = records.of(each.host + "/" + each.name),
            .order = each.order,
            .insists = each.insists,
            .host_bytes = static_cast<std::uint8_t>(each.host.size() + 1)});
        ++expected.back().record->asked;
        ++asking->waiting_for_;
    }
    if (const auto full = charge(*asking, asking->bytes_needed(asking->waiters_.size()))) {
        fail_cluster(*asking, full->message);
    }
    if (expected.empty()) {
        finish(*asking, outcome::no_subscribers, now);
    } else {
        advance(*asking, now);
    }
}

void waits::fail_delegation(const protocol::uuid& id, const std::string& why, instant now) {
    if (slot* const asking = find_asking(id)) {
        fail_cluster(*asking, why);
        advance(*asking, now);
    }
}

// All that are waited for on other hosts have failed, and so has the cluster.
void waits::fail_cluster(slot& slot, const std::string& why) {
    bool any = false;
    for (auto& each : slot.responders_) {
        if (each.is_waiting() && (each.is_remote() || each.is_cluster())) {
            slot.failures_.push_back({each.session_id, why});
            ++each.record->failed;
            record_remote_reply(slot, each, responder::state::failed);
            any = true;
        }
    }
    if (any && !slot.responders_.back().is_cluster()) {
        slot.failures_.push_back({responder::cluster_id, why});
        slot.responders_.push_back(
            {.session_id = responder::cluster_id, .record = cluster_record_, .is = responder::state::failed});
    }
}

void waits::record_remote_reply(slot& slot, responder& responder, responder::state state) {
    responder.is = state;
    --slot.waiting_for_;
    slot.give_back_room();
}

bool waits::record_remote_answer(
    const protocol::uuid& id, std::string_view host, const remote_answer& answer, instant now) {
    slot* const asking = find_asking(id);
    if (asking == nullptr || !asking->waits_for_host(host)) {
        return false;
    }
    for (const auto& each : answer.replies) {
        accept_remote_reply(*asking, asking->find_remote(host, each.responder), host, each, now);
    }
    const bool decides = asking->is_vetoed() || (asking->decides_at_once() && !asking->replies_.empty());
    if (!decides) {  // else the others there were not heard to the end
        lose_remote(*asking, host, answer);
    }
    advance(*asking, now);
    return true;
}

// Null: it was not asked, but knew the id.
void waits::accept_remote_reply(
    slot& slot, responder* responder, std::string_view host, const remote_reply& reply, instant now) {
    using state = core::responder::state;
    protocol::respond_params params{.response = reply.text()};
    if (const auto wrong = protocol::check_reply(params)) {
        if (responder != nullptr) {
            slot.failures_.push_back({responder->session_id, wrong->message});
            ++responder->record->failed;
            record_remote_reply(slot, *responder, state::failed);
        }
        return;
    }
    const bool vetoes = !params.abort.raw.empty();
    const bool has_reason = vetoes || !slot.abort_.empty();
    const auto bytes =
        sizeof(remote_reply) + params.response.size() + (slot.abort_.empty() ? params.abort.raw.size() : 0);
    if (!charge_remote_reply(slot, responder, bytes, has_reason)) {
        params.response = vetoes ? short_veto : std::string_view{"{}"};
        (void)protocol::check_reply(params);
    }
    if (vetoes && slot.abort_.empty()) {
        slot.abort_ = params.abort.raw;
    }
    auto& kept = slot.replies_.emplace_back();
    kept.response = params.response;
    kept.responder = reply.responder;
    kept.uid = reply.uid;
    kept.host = host;
    kept.elapsed = reply.elapsed;
    slot.reply_orders_.push_back(responder != nullptr ? responder->order : 0);
    if (slot.durable_) {
        write_reply(slot, nullptr, kept, slot.reply_orders_.back(), slot.abort_);
    }
    ++counters_.accepted;
    listener_.reply_accepted(slot.event_name_, now.steady - slot.emitted_);
    if (responder != nullptr) {
        ++responder->record->replied;
        responder->record->vetoed += vetoes ? 1U : 0U;
        responder->record->times.add(now.steady - slot.emitted_);
        record_remote_reply(slot, *responder, state::replied);
    }
}

// As charge_reply(), of a responder on another host, whom the cluster's hosts have let in. Null: it was not asked.
bool waits::charge_remote_reply(slot& slot, const responder* responder, std::size_t bytes, bool has_reason) {
    std::size_t to_come = 0;
    if (!slot.decides_at_once()) {
        to_come = slot.replies_to_come() - (responder != nullptr ? 1 : 0);
    }
    if (charge(slot, slot.bytes_needed(bytes, to_come, has_reason))) {
        return false;
    }
    slot.reply_bytes_ += bytes;
    return true;
}

// Those that are there no more have left, whatever the host says: silence is not an answer. What was late there is
// waited for until the time is over here, too.
void waits::lose_remote(slot& slot, std::string_view host, const remote_answer& answer) {
    using state = responder::state;
    constexpr std::string_view failed = "failed: ";
    std::vector<const responder*> late;
    for (const auto& each : answer.missing) {
        const std::string_view why = each.why;
        responder* const missing = slot.find_remote(host, each.responder, late);
        if (missing == nullptr) {
            continue;
        }
        missing->insists = missing->insists || each.insists;
        if (why == to_string(outcome::timeout)) {
            late.push_back(missing);
        } else if (why.starts_with(failed)) {
            slot.failures_.push_back({missing->session_id, std::string{why.substr(failed.size())}});
            record_remote_reply(slot, *missing, state::failed);
        } else {
            record_remote_reply(slot, *missing, why == "lagged" ? state::lagged : state::left);
        }
    }
    for (const auto& [names, ended_as] :
        {std::pair{&answer.silent.abstained, state::abstained}, {&answer.silent.passed, state::passed}}) {
        for (const auto& name : *names) {
            if (responder* const silent = slot.find_remote(host, name, late)) {
                record_remote_reply(slot, *silent, ended_as);
            }
        }
    }
    for (auto& each : slot.responders_) {
        if (!each.is_waiting() || !each.is_of(host) || std::find(late.begin(), late.end(), &each) != late.end()) {
            continue;
        }
        if (!answer.failed.empty()) {
            slot.failures_.push_back({each.session_id, answer.failed});
        }
        record_remote_reply(slot, each, answer.failed.empty() ? state::left : state::failed);
    }
}

void waits::host_left(const protocol::uuid& id, std::string_view host, instant now) {
    slot* const asking = find_asking(id);
    if (asking == nullptr || !asking->waits_for_host(host)) {
        return;
    }
    lose_remote(*asking, host, {});
    advance(*asking, now);
}

}  // namespace hookd::core
