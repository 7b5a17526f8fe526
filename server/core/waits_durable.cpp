// SPDX-License-Identifier: BSL-1.0
#include "reserve_more.hpp"
#include "waits.hpp"

#include <algorithm>
#include <new>
#include <utility>

// What outlives the daemon of waits, and which verdicts wait for that.
//
// Written are each slot that is reserved or has an operation_id, and each reply to it, until it is over. Any other wait
// ends with its emitter's connection, and so with the daemon: its verdict waits for the commit of its event alone.
//
// A restart opens the slots again. They wait for the names that they had asked: the first session of such a name gets
// the id that stands for it there (absent_sessions), and the event, unless it resumes after it.
namespace hookd::core {

using protocol::error;
using protocol::refusal;

namespace {

steady_time steady_of(std::chrono::system_clock::time_point wall, instant now) {
    return now.steady - std::chrono::duration_cast<steady_time::duration>(now.wall - wall);
}

responder::state state_of(durable_reply::kind kind) noexcept {
    switch (kind) {
        case durable_reply::kind::replied:
            return responder::state::replied;
        case durable_reply::kind::abstained:
            return responder::state::abstained;
        case durable_reply::kind::failed:
            break;
    }
    return responder::state::failed;
}

}  // namespace

// --- what is written ---

void waits::keep_durably(slot& slot, std::uint32_t uid, instant now) {
    slot.durable_ = std::make_unique<slot::durable_part>();
    slot.durable_->uid = uid;
    slot.durable_->emitted_at = now.wall;
    durable_.need_event(slot.seq_);
    write_wait(slot);
}

void waits::write_wait(slot& slot, std::string_view payload) {
    durable_wait kept{.id = slot.id_,
        .seq = slot.seq_,
        .event_name = slot.event_name_,
        .uid = slot.durable_->uid,
        .is_named = slot.user_.is_named(),
        .emitted = slot.durable_->emitted_at,
        .due = slot.durable_->emitted_at +
               std::chrono::duration_cast<std::chrono::system_clock::duration>(slot.when() - slot.emitted_),
        .reserved = slot.is_reserved_,
        .policy = slot.policy_,
        .on_failure = slot.on_failure_,
        .require = {slot.require_.begin(), slot.require_.end()},
        .operation = slot.operation_,
        .digest = slot.operation_ ? operations_.digest_of_operation(*slot.operation_) : operation_table::digest{},
        .is_chain = slot.is_chain(),
        .payload = payload};
    for (const auto& each : slot.responders_) {
        if (each.is_remote() || each.is_cluster()) {
            kept.asks_cluster = true;
        } else if (each.is != responder::state::passed) {
            kept.responders.push_back({each.name(), each.order, each.insists, each.is != responder::state::lagged});
        }
    }
    durable_.put(durable_kind::wait, key_of(slot.id_), encode(kept));
    slot.durable_->position = durable_.position();
}

// Which one of the responders of its name it is.
std::uint32_t waits::number_of(const slot& slot, const responder& responder) noexcept {
    return static_cast<std::uint32_t>(std::count_if(slot.responders_.data(), &responder,
        [&responder](const core::responder& each) { return each.name() == responder.name(); }));
}

void waits::write_silence(slot& slot, const responder& responder, durable_reply::kind kind, std::string_view failure) {
    put_reply(slot, {.id = slot.id_,
                        .is = kind,
                        .nth = number_of(slot, responder),
                        .name = responder.name(),
                        .insists = responder.insists,
                        .text = failure});
}

// `responder`: null if it was not asked.
void waits::write_reply(slot& slot, const responder* responder, const protocol::wait_result::reply& reply,
    std::int64_t order, std::string_view abort) {
    put_reply(slot, {.id = slot.id_,
                        .nth = responder != nullptr ? std::optional{number_of(slot, *responder)} : std::nullopt,
                        .name = reply.responder,
                        .host = reply.host,
                        .uid = reply.uid,
                        .order = order,
                        .elapsed = reply.elapsed,
                        .text = reply.text(),
                        .abort = abort});
}

void waits::put_reply(slot& slot, const durable_reply& reply) {
    durable_.put(durable_kind::reply, key_of(slot.id_, slot.durable_->replies++), encode(reply));
    slot.durable_->position = durable_.position();
}

void waits::erase_records(slot& slot) {
    durable_.erase(durable_kind::wait, key_of(slot.id_));
    for (std::uint32_t i = 0; i < slot.durable_->replies; ++i) {
        durable_.erase(durable_kind::reply, key_of(slot.id_, i));
    }
    durable_.release_event(slot.seq_);
    if (!restored_.empty()) {
        std::erase_if(restored_, [&slot](const restored_wait& each) { return each.id == slot.id_; });
    }
}

// --- verdicts that wait ---

// The newest completion, if its verdict is not durable yet: it stays its client's.
bool waits::hold_completion(const slot& slot, completion& ended) noexcept {
    auto* const known = std::get_if<protocol::wait_result>(&ended.result);
    const auto position = slot.durable_ ? durable_.position() : durable_.position_of_event(slot.seq_);
    if (known == nullptr || durable_.is_committed(position)) {
        return false;
    }
    try {
        known->keep();
        held_.push_back({position, {}});
    } catch (const std::bad_alloc&) {
        ended.result = error{protocol::errc::internal_error, {}};
        return false;
    }
    held_.back().done = std::move(ended);
    return true;
}

void waits::release_committed() {
    const auto waits_on = std::stable_partition(held_.begin(), held_.end(),
        [this](const held_completion& each) { return durable_.is_committed(each.position); });
    completions_.reserve_more(static_cast<std::size_t>(waits_on - held_.begin()));
    for (auto each = held_.begin(); each != waits_on; ++each) {
        if (waiter_hook<by_asker>& hook = *each->done.waiter; hook.is_linked()) {
            hook.unlink();
        }
        completions_.add(std::move(each->done));
    }
    held_.erase(held_.begin(), waits_on);
}

void waits::take_back(const error& failure, instant now) {
    for (auto& each : held_) {
        if (!durable_.is_committed(each.position)) {
            each.done.result = failure;
            each.position = 0;
        }
    }
    std::vector<slot*> lost;
    for (deadline& each : deadlines_) {
        if (each.type_ == deadline::kind::slot && static_cast<slot&>(each).seq_ > durable_.committed_seq()) {
            lost.push_back(&static_cast<slot&>(each));
        }
    }
    for (slot* const each : lost) {
        for (auto& responder : each->responders_) {
            responder.place = responder::not_queued;  // it never got the event
        }
        if (each->operation_) {
            operations_.abandon(*each->operation_);
        }
        while (!each->waiters_.empty()) {
            complete(each->waiters_.front(), failure);
        }
        drop(*each, refusal::cancelled, now);
    }
    release_committed();
}

// --- what a restart continues ---

void waits::restore(
    const durable_wait& kept, event::pointer event, absent_sessions& absent, responder_records& records, instant now) {
    const protocol::event_fields fields{.seq = kept.seq, .hook_event_id = kept.id, .event = kept.event_name};
    const auto account = budgets_.connect(kept.uid, kept.is_named);
    asker nobody{account};
    const auto emitted = steady_of(kept.emitted, now);
    const question asked{.event = fields,
        .policy = kept.policy,
        .on_failure = kept.on_failure,
        .require = {kept.require.begin(), kept.require.end()}};
    const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(kept.due - kept.emitted);
    slot& opened = kept.reserved ? reserve(asked, nobody, duration, {emitted, kept.emitted})
                                 : open(asked, nobody, duration, {emitted, kept.emitted});
    opened.durable_ = std::make_unique<slot::durable_part>();
    opened.durable_->uid = kept.uid;
    opened.durable_->emitted_at = kept.emitted;
    durable_.need_event(kept.seq);
    if (kept.operation) {
        opened.operation_ = kept.operation;
        operations_.resume(*kept.operation, kept.digest, opened);
    }
    restore_responders(opened, kept, absent, records);
    if (opened.chain_) {
        keep_chain_event(opened, event);
        opened.chain_->payload = kept.payload;
    }
    if (!opened.has_responders() && !kept.reserved) {
        park(opened, event);
    }
    restored_.push_back({kept.id, std::move(event)});
    opened.memory_.resize(opened.bytes_needed(1));
}

void waits::restore_responders(
    slot& slot, const durable_wait& kept, absent_sessions& absent, responder_records& records) {
    boost::unordered_flat_map<std::string_view, std::size_t> met;
    for (const auto& each : kept.responders) {
        slot.responders_.push_back({.session_id = absent.id_of(each.name, met[each.name]++),
            .record = records.of(each.name),
            .order = each.order,
            .place = kept.is_chain ? responder::not_queued : 0,
            .is = each.is_waited_for ? responder::state::waiting : responder::state::lagged,
            .insists = each.insists});
        slot.waiting_for_ += each.is_waited_for ? 1 : 0;
    }
    std::sort(slot.responders_.begin(), slot.responders_.end(),
        [](const responder& a, const responder& b) { return a.session_id < b.session_id; });
    if (kept.asks_cluster) {
        slot.responders_.push_back(
            {.session_id = responder::cluster_id, .record = cluster_record_, .is = responder::state::failed});
        slot.failures_.push_back({responder::cluster_id, "the daemon was restarted while other hosts were asked"});
    }
}

bool waits::restore_reply(const durable_reply& kept) {
    slot* const found = find_open(kept.id);
    if (found == nullptr) {
        return false;
    }
    slot& open = *found;
    ++open.durable_->replies;
    responder* own = nullptr;
    for (std::uint32_t nth = kept.nth.value_or(0); auto& each : open.responders_) {
        if (kept.nth && each.name() == kept.name && nth-- == 0) {
            own = &each;
            break;
        }
    }
    if (own != nullptr) {
        open.waiting_for_ -= own->is_waiting() ? 1 : 0;
        own->insists = own->insists || kept.insists;
        own->is = state_of(kept.is);
    }
    if (kept.is == durable_reply::kind::failed && own != nullptr) {
        open.failures_.push_back({own->session_id, std::string{kept.text}});
        open.reply_bytes_ += kept.text.size();
    } else if (kept.is == durable_reply::kind::replied) {
        auto& reply = open.replies_.emplace_back();
        reply.response = kept.text;
        reply.responder = kept.name;
        reply.uid = kept.uid;
        reply.host = kept.host;
        reply.elapsed = kept.elapsed;
        open.reply_orders_.push_back(kept.order);
        open.reply_bytes_ += sizeof reply + kept.text.size() + (open.abort_.empty() ? kept.abort.size() : 0);
        if (open.abort_.empty()) {
            open.abort_ = kept.abort;
        }
    }
    open.memory_.resize(open.bytes_needed(1));
    return true;
}

bool waits::is_absent_responder(const slot& slot, std::uint64_t session_id) noexcept {
    return std::any_of(slot.responders_.begin(), slot.responders_.end(), [session_id](const responder& each) {
        return each.session_id == session_id && each.is_waiting() && each.session == nullptr;
    });
}

void waits::expect_again(slot& slot, session& session, std::optional<std::uint64_t> place) {
    auto& expected = session.expected().replies_;
    responder& asked = *slot.find_responder(session.id());
    asked.session = &session;
    asked.index = static_cast<std::uint32_t>(expected.size());
    expected.push_back({&slot, static_cast<std::uint32_t>(&asked - slot.responders_.data())});
    ++expected_;
    if (place) {
        ask(asked, *place);
    }
    put_off(slot);
}

}  // namespace hookd::core
