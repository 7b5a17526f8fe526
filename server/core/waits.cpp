// SPDX-License-Identifier: BSL-1.0
#include "waits.hpp"
#include "reserve_more.hpp"

#include <algorithm>
#include <new>
#include <utility>

// How waits begin and end. What happens between is in waits_replies.cpp, with other hosts in waits_cluster.cpp.
namespace hookd::core {

using protocol::errc;
using protocol::error;
using protocol::outcome;
using protocol::refusal;

namespace {

// Slots that are over whose end is remembered (PROTOCOL.md, `respond`).
constexpr std::size_t remembered_slots = 65'536;

// Pairs of a slot and a session that it waits for: about 40 bytes each.
constexpr std::size_t most_expected = std::size_t{1} << 22;

refusal refusal_after(outcome outcome) noexcept {
    return outcome == protocol::outcome::answered ? refusal::answered : refusal::expired;
}

protocol::wait_result unknown_wait(std::string_view id) {
    protocol::wait_result result;
    result.hook_event_id = id;
    result.outcome = outcome::unknown;
    return result;
}

}  // namespace

std::optional<error> waits::refuse_wait(const asker& asker) const {
    if (auto failure = budgets_.refuse_wait(asker.account())) {
        return failure;
    }
    return expected_ < most_expected ? std::nullopt : std::optional{budgets_.memory_error()};
}

// --- slots ---

slot& waits::open(const question& question, asker& asker, std::chrono::milliseconds duration, instant now) {
    auto made = std::make_unique<slot>(question, now, asker.account(), budgets_);
    slot& result = *made;
    deadline& due = result;
    due.when_ = now.steady + duration;
    slots_.emplace(result.id_, slot_entry{std::move(made)});
    // Later ones mostly end later: the hint makes that constant time.
    deadlines_.insert(deadlines_.end(), due);
    ++open_slots_;
    return result;
}

slot& waits::reserve(const question& question, asker& asker, std::chrono::milliseconds duration, instant now) {
    slot& result = open(question, asker, duration, now);
    result.is_reserved_ = true;
    result.reservation_ = budgets_.reserve(asker.account());
    return result;
}

void waits::begin_reserved(slot& slot) { slot.memory_.resize(slot.bytes_needed(1)); }

void waits::keep_chain_event(slot& slot, event::pointer event) {
    slot.held_ = budgets_.hold_event(event->footprint_bytes());
    slot.chain_->published = std::move(event);
}

void waits::park(slot& slot, event::pointer event) {
    if (!slot.chain_) {
        slot.held_ = budgets_.hold_event(event->footprint_bytes());
    }
    slot.parked_ = std::move(event);
    parked_.push_back(slot);
}

void waits::assign(slot& slot, session& session, std::uint64_t place) {
    parked_.erase(parked_.iterator_to(slot));
    slot.parked_.reset();
    if (!slot.chain_) {
        slot.held_ = {};
    }
    ask(expect(slot, session), place);
    if (slot.durable_) {
        write_wait(slot);
    }
}

void waits::begin(slot& slot, std::unique_ptr<waiter> waiter, asker& asker, instant now) {
    slot.memory_.resize(slot.bytes_needed(1));
    attach(slot, std::move(waiter), asker);
    advance(slot, now);  // if none that it would ask could take the event
}

protocol::wait_result waits::end_unasked(slot& slot, instant now) {
    ++counters_.outcomes[static_cast<std::size_t>(outcome::no_subscribers)];
    auto result = conclude_wait(slot, outcome::no_subscribers, now);
    drop(slot, refusal::expired, now);
    return result;
}

std::optional<error> waits::join(slot& slot, std::unique_ptr<waiter>&& waiter, asker& asker) {
    const std::size_t needed = slot.bytes_needed(slot.waiters_.size() + 1);
    const std::size_t more = needed > slot.memory_.bytes() ? needed - slot.memory_.bytes() : 0;
    if (auto failure = budgets_.refuse_memory(asker.account().user(), waiter->footprint_bytes() + more)) {
        return failure;
    }
    if (auto failure = charge(slot, needed)) {
        return failure;
    }
    waiter->permit_ = budgets_.begin_wait(asker.account());
    attach(slot, std::move(waiter), asker);
    return std::nullopt;
}

std::variant<waits::pending, protocol::wait_result, error> waits::await(std::string_view hook_event_id,
    std::unique_ptr<waiter>&& waiter, asker& asker, std::chrono::milliseconds timeout, instant now) {
    slot* const reserved = find_open(hook_event_id);
    if (reserved == nullptr || !reserved->is_reserved_) {
        ++counters_.outcomes[static_cast<std::size_t>(outcome::unknown)];
        return unknown_wait(hook_event_id);
    }
    if (reserved->kept_) {
        const outcome kept = *reserved->kept_;
        ++counters_.outcomes[static_cast<std::size_t>(kept)];
        auto result = conclude_wait(*reserved, kept, now);
        drop(*reserved, refusal_after(kept), now);
        return result;
    }
    if (auto failure = refuse_wait(asker)) {
        return std::move(*failure);
    }
    core::waiter& joined = *waiter;
    if (auto failure = join(*reserved, std::move(waiter), asker)) {
        return std::move(*failure);
    }
    deadline& due = joined;
    due.when_ = now.steady + timeout;
    if (due < *reserved) {
        deadlines_.insert(due);
    }
    return pending{};
}

slot* waits::find_open(const protocol::uuid& id) const {
    const auto found = slots_.find(id);
    return found == slots_.end() ? nullptr : found->second.open.get();
}

slot* waits::find_open(std::string_view hook_event_id) const {
    const auto id = protocol::parse_uuid(hook_event_id);
    return id ? find_open(*id) : nullptr;
}

std::string_view waits::event_that_awaits(std::string_view hook_event_id) const {
    const slot* const found = find_open(hook_event_id);
    return found != nullptr && !found->kept_ ? std::string_view{found->event_name_} : std::string_view{};
}

bool waits::is_turn_of(std::uint64_t session_id, std::string_view hook_event_id) const {
    const slot* const found = find_open(hook_event_id);
    return found != nullptr && found->chain_ &&
           std::any_of(found->responders_.begin(), found->responders_.end(), [session_id](const responder& each) {
               return each.session_id == session_id && each.is_waiting() && each.is_asked();
           });
}

// --- waiters ---

void waits::attach(slot& slot, std::unique_ptr<waiter> waiter, asker& asker) {
    waiter->slot_ = &slot;
    waiter->memory_ = budgets_.charge(asker.account().user());
    waiter->memory_.resize(waiter->footprint_bytes());
    asker.waiters_.push_back(*waiter);
    slot.waiters_.push_back(std::move(waiter));
}

void waits::complete(waiter& waiter, verdict result) {
    completions_.reserve_more(1);
    slot& waited = *waiter.slot_;
    completion ended{waited.waiters_.take(waiter), std::move(result)};
    waited.give_back_room();  // a copy less
    if (deadline& due = waiter; due.is_linked()) {
        due.unlink();
    }
    waiter.memory_ = {};
    waiter.permit_ = {};
    waiter.slot_ = nullptr;
    if (!durable_.is_on() || !hold_completion(waited, ended)) [[likely]] {
        static_cast<waiter_hook<by_asker>&>(waiter).unlink();
        completions_.add(std::move(ended));
    }
}

// --- ends ---

void waits::keep_or_finish(slot& slot, outcome outcome, instant now) {
    if (slot.is_reserved_ && slot.waiters_.empty()) {
        slot.kept_ = outcome;
        release_expected(slot, refusal_after(outcome), now);
        return;
    }
    finish(slot, outcome, now);
}

// A veto is heard without the replies; anything else without them could be taken for consent.
waits::verdict waits::describe_without_replies(const slot& slot, outcome outcome) const noexcept {
    try {
        if (slot.abort_.empty()) {
            return budgets_.memory_error();
        }
        protocol::wait_result brief;
        protocol::append_uuid(brief.hook_event_id, slot.id_);
        brief.seq = slot.seq_;
        brief.outcome = outcome;
        brief.abort = slot.abort_;
        return brief;
    } catch (const std::bad_alloc&) {
        return error{errc::internal_error, {}};
    }
}

template <class Make>
waits::verdict waits::try_verdict(const slot& slot, outcome outcome, Make make) const noexcept {
    try {
        return make();
    } catch (const std::bad_alloc&) {
        return describe_without_replies(slot, outcome);
    }
}

// Where even the list of those that are to be answered has no room, nothing has changed; else it ends.
void waits::finish(slot& slot, outcome outcome, instant now) {
    completions_.reserve_more(slot.waiters_.size());
    ++counters_.outcomes[static_cast<std::size_t>(outcome)];
    auto result = try_verdict(slot, outcome, [&] { return conclude_wait(slot, outcome, now); });
    slot.give_back_memory();
    if (slot.operation_) {
        if (const auto* const known = std::get_if<protocol::wait_result>(&result)) {
            operations_.finish(*slot.operation_, *known, now);
        } else {
            operations_.abandon(*slot.operation_);
        }
    }
    while (slot.waiters_.size() > 1) {
        complete(slot.waiters_.front(), try_verdict(slot, outcome, [&result] { return result; }));
    }
    if (!slot.waiters_.empty()) {
        complete(slot.waiters_.front(), std::move(result));
    }
    drop(slot, refusal_after(outcome), now);
}

protocol::wait_result waits::describe(slot& slot, outcome outcome, instant now) {
    return reviewed(slot, slot.describe(outcome), now);
}

protocol::wait_result waits::reviewed(slot& slot, protocol::wait_result result, instant now) {
    if (!slot.foreign_ && result.outcome != protocol::outcome::cancelled) {
        listener_.review(slot, result, now);
    }
    return result;
}

protocol::wait_result waits::conclude_wait(slot& slot, outcome outcome, instant now) {
    auto result = describe(slot, outcome, now);
    slot.count_failures(outcome);
    slot.is_concluded_ = true;
    if (slot.foreign_) {
        result.silent = slot.describe_silent();
        return result;  // the verdict is another host's
    }
    ++(!result.bypassed.empty() ? counters_.bypassed
        : result.abort.empty()  ? counters_.proceeded
        : slot.abort_.empty()   ? counters_.failed_closed
                                : counters_.vetoed);
    listener_.concluded(slot, result, now);
    return result;
}

// No emitter is left to hear of it: nothing has proceeded, nor been stopped.
void waits::conclude_unheard(slot& slot, outcome outcome, instant now) {
    slot.count_failures(outcome);
    if (!slot.foreign_ && listener_.wants_unheard()) {
        listener_.concluded(slot, describe(slot, outcome, now), now);
    }
}

void waits::drop(slot& slot, refusal reason, instant now) {
    release_expected(slot, reason, now);
    if (!slot.is_concluded_) {
        listener_.given_up(slot, reason);
    }
    if (slot.asks_cluster_) {
        listener_.cluster_question_over(slot.id_);
    }
    if (slot.durable_) {
        erase_records(slot);
    }
    --open_slots_;
    auto& entry = slots_.at(slot.id_);
    over_.push_back(slot.id_);
    entry.over = reason;
    entry.open.reset();
    if (over_.size() > remembered_slots) {
        slots_.erase(over_.front());
        over_.pop_front();
    }
}

void waits::cancel(asker& asker, std::string_view request_id, instant now) {
    std::vector<waiter*> answering;
    for (auto& each : asker.waiters_) {
        if (each.request_id() == request_id) {
            answering.push_back(&each);
        }
    }
    for (waiter* const each : answering) {
        if (each->is_waiting()) {  // the end of another may have ended it
            give_up(*each, true, now);
        }
    }
    advance_pending(now);
}

void waits::cancel(waiter& waiter, instant now) {
    give_up(waiter, true, now);
    advance_pending(now);
}

// A reservation was never this waiter's.
void waits::give_up(waiter& waiter, bool with_operation, instant now) {
    slot& waited = *waiter.slot_;
    complete(waiter, protocol::cancelled_error());
    if (!waited.is_reserved_ && waited.waiters_.empty() && (with_operation || !waited.operation_)) {
        if (waited.operation_) {
            operations_.abandon(*waited.operation_);
        }
        ++counters_.outcomes[static_cast<std::size_t>(outcome::cancelled)];
        conclude_unheard(waited, outcome::cancelled, now);
        drop(waited, refusal::cancelled, now);
    }
}

void waits::expire(instant now) {
    for (std::size_t steps = 0;
         steps < most_steps && !deadlines_.empty() && deadlines_.begin()->when() <= now.steady;) {
        deadline& due = *deadlines_.begin();
        if (due.type_ == deadline::kind::waiter) {
            auto& late = static_cast<waiter&>(due);
            ++steps;
            ++counters_.outcomes[static_cast<std::size_t>(outcome::timeout)];
            slot& waited = *late.slot_;
            complete(late,
                try_verdict(waited, outcome::timeout, [&] { return reviewed(waited, waited.describe_so_far(), now); }));
            continue;
        }
        auto& late = static_cast<slot&>(due);
        steps += steps_of(late);
        if (late.is_reserved_ && late.waiters_.empty()) {
            conclude_unheard(late, late.kept_.value_or(outcome::timeout), now);
            drop(late, late.kept_ ? refusal_after(*late.kept_) : refusal::expired, now);
        } else {
            finish(late, outcome::timeout, now);
        }
    }
    advance_pending(now);
}

void waits::shut_down(instant now) {
    while (!deadlines_.empty()) {
        deadline& first = *deadlines_.begin();
        slot& open =
            first.type_ == deadline::kind::slot ? static_cast<slot&>(first) : *static_cast<waiter&>(first).slot_;
        if (open.kept_) {
            conclude_unheard(open, *open.kept_, now);
            drop(open, refusal::expired, now);  // no request asked for it
        } else {
            finish(open, outcome::shutdown, now);
        }
    }
}

}  // namespace hookd::core
