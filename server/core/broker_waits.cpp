#include "broker_state.hpp"

#include <algorithm>

// Waits: a slot is opened before its event is published, and it is completed, expired, cancelled or abandoned exactly once; whoever
// comes later learns which.
namespace hookd::core {

using protocol::errc;
using protocol::error;
using protocol::outcome;
using protocol::refusal;
using protocol::wait_policy;

namespace {

// Slots that are over whose end is remembered (PROTOCOL.md, `respond`).
constexpr std::size_t remembered_slots = 65'536;

// Pairs of a slot and a session that it waits for: about 40 bytes each.
constexpr std::size_t most_debts = std::size_t{1} << 22;

// Room for debts that a session keeps while it has none.
constexpr std::size_t debts_kept_while_none = 1024;

// Waits that expire in one go; then others have their turn.
constexpr std::size_t most_expired_at_once = 1024;

refusal refusal_after(outcome how) noexcept { return how == outcome::answered ? refusal::answered : refusal::expired; }

error memory_error(std::size_t limit) {
    return protocol::limit_error("memory", limit,
                                 "the daemon keeps as many bytes of replies as it may: retry when emitters have fetched theirs");
}

error shutdown_error() { return {errc::shutting_down, "the daemon is shutting down: connect again when it is back"}; }

protocol::wait_result unknown_wait(std::string_view id) {
    protocol::wait_result result;
    result.hook_event_id = id;
    result.outcome = outcome::unknown;
    return result;
}

// The reason that a closed failure policy gives: what happened and who is missing.
std::string failure_reason(const protocol::wait_result& result) {
    std::string reason = "no verdict (" + std::string{to_string(result.outcome)} + ")";
    if (result.missing.empty()) {
        reason += result.outcome == outcome::no_subscribers ? ": no hook is subscribed to this event" : ": no hook replied";
    }
    constexpr std::size_t most_named = 16;
    for (std::size_t i = 0; i < result.missing.size() && i < most_named; ++i) {
        reason += (i == 0 ? ": missing " : ", ") + result.missing[i].responder + " (" + result.missing[i].why + ")";
    }
    if (result.missing.size() > most_named) {
        reason += " and " + std::to_string(result.missing.size() - most_named) + " more";
    }
    return reason;
}

}  // namespace

std::optional<error> broker_state::refuse_wait(const client& by) {
    if (by.waiting >= limits_.max_waiting_per_connection) {
        return protocol::limit_error("max_waiting_per_connection", limits_.max_waiting_per_connection,
                                     "this connection waits for as many verdicts as it may: wait for one, or use another connection");
    }
    if (open_slots_ + extra_waiters_ >= limits_.max_waiting) {
        return protocol::limit_error("max_waiting", limits_.max_waiting, "the daemon waits for as many verdicts as it may: retry later");
    }
    if (debts_ >= most_debts) {
        return memory_error(limits_.memory_bytes);
    }
    return std::nullopt;
}

slot& broker_state::open_slot(const protocol::event_fields& event, client& owner, std::chrono::milliseconds duration, instant now) {
    auto made = std::make_unique<slot>();
    slot& result = *made;
    result.id = event.hook_event_id;
    result.seq = event.seq;
    result.event_name = event.event;
    result.emitted = now.steady;
    result.when = now.steady + duration;
    result.owner = &owner;
    slots_.emplace(result.id, slot_entry{std::move(made)});
    // Later ones mostly end later: the hint makes that constant time.
    deadlines_.insert(deadlines_.end(), result);
    owner.slots.push_back(result);
    ++owner.waiting;
    ++open_slots_;
    return result;
}

bool broker_state::has_responder(std::string_view event_name) {
    const auto& matches = topics_.find(event_name).matches;
    return std::any_of(matches.begin(), matches.end(), [](const session* each) { return each->responds; });
}

std::variant<broker_state::pending, protocol::wait_result, error> broker_state::emit_and_wait(
    client& by, const protocol::emit_and_wait_params& params, std::string_view raw_params, waiter& who, instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    slot* join = nullptr;
    if (params.operation_id) {
        auto known = operations_.find(*params.operation_id, protocol::emit_and_wait_params::method, raw_params, now.steady);
        if (auto* const failure = std::get_if<error>(&known)) {
            return std::move(*failure);
        }
        if (const auto* const operation = std::get<operation_table::operation*>(known)) {
            if (operation->under_way == nullptr) {
                return std::get<protocol::wait_result>(operation->done);
            }
            join = operation->under_way;
        }
    }
    if (auto failure = refuse_wait(by)) {
        return std::move(*failure);
    }
    const std::size_t copied_bytes = join != nullptr ? join->reply_bytes : 0;
    if (!operations_.make_room(who.footprint_bytes + copied_bytes) ||
        (join != nullptr && !charge(*join, copied_bytes, join->waiters.size() + 1))) {
        return memory_error(memory_.limit());
    }
    if (join != nullptr) {
        attach_waiter(who, *join, by, true);
        return pending{};
    }
    if (!params.require_subscriber && unclaimed_bytes_ + params.payload.size() > limits_.capacity_bytes &&
        !unclaimed_.empty() && !has_responder(params.event.view())) {
        return protocol::limit_error("capacity_bytes", limits_.capacity_bytes,
                                     "events that wait for a first subscriber take as many bytes as they may: retry later");
    }
    const auto timeout = params.timeout.value_or(limits_.default_timeout);
    auto fields = next_event(params.event.view(), params.cause.view(), now);
    fields.expects_response = true;
    fields.timeout = timeout;
    slot& opened = open_slot(fields, by, timeout, now);
    opened.policy = params.policy.value_or(wait_policy::first);
    opened.on_failure = params.on_failure.value_or(protocol::failure_policy::open);
    auto sent_out = publish(fields, params.payload, by, &opened, now);
    if (opened.responders.empty() && params.require_subscriber) {
        ++outcomes_[static_cast<std::size_t>(outcome::no_subscribers)];
        auto result = describe(opened, outcome::no_subscribers);
        if (params.operation_id) {
            operations_.add(*params.operation_id, protocol::emit_and_wait_params::method, raw_params, result, now.steady);
        }
        drop(opened, refusal::expired);
        return result;
    }
    if (opened.responders.empty()) {
        unclaimed_bytes_ += sent_out.what->footprint_bytes();
        opened.unclaimed = std::move(sent_out.what);
        unclaimed_.push_back(opened);
    }
    if (params.operation_id) {
        opened.operation = params.operation_id;
        operations_.begin(*params.operation_id, protocol::emit_and_wait_params::method, raw_params, opened);
    }
    attach_waiter(who, opened, by, false);
    end_if_nobody_left(opened, now);  // where the event itself was too much for each of them
    return pending{};
}

std::variant<broker_state::pending, protocol::wait_result, error> broker_state::await_response(
    client& by, const protocol::await_response_params& params, waiter& who, instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    const auto id = protocol::parse_uuid(params.hook_event_id.view());
    const auto at = id ? slots_.find(*id) : slots_.end();
    if (at == slots_.end() || !at->second.open || !at->second.open->reserved) {
        ++outcomes_[static_cast<std::size_t>(outcome::unknown)];
        return unknown_wait(params.hook_event_id.view());
    }
    slot& reserved = *at->second.open;
    if (reserved.kept) {
        ++outcomes_[static_cast<std::size_t>(*reserved.kept)];
        auto result = describe(reserved, *reserved.kept);
        drop(reserved, refusal_after(*reserved.kept));
        return result;
    }
    if (auto failure = refuse_wait(by)) {
        return std::move(*failure);
    }
    if (!operations_.make_room(who.footprint_bytes + reserved.reply_bytes) ||
        !charge(reserved, reserved.reply_bytes, reserved.waiters.size() + 1)) {
        return memory_error(memory_.limit());
    }
    attach_waiter(who, reserved, by, true);
    who.when = now.steady + params.timeout.value_or(limits_.default_timeout);
    if (who.when < reserved.when) {
        deadlines_.insert(who);
    }
    return pending{};
}

void broker_state::attach_waiter(waiter& who, slot& to, client& by, bool extra) {
    who.waits_on = &to;
    who.asked_by = &by;
    who.extra = extra;
    to.waiters.push_back(who);
    by.waiters.push_back(who);
    memory_.take(who.footprint_bytes);
    if (extra) {
        ++by.waiting;
        ++extra_waiters_;
    }
}

void broker_state::complete(waiter& who, std::variant<protocol::wait_result, error> result) {
    slot& waited = *who.waits_on;
    waited.waiters.erase(waited.waiters.iterator_to(who));
    (void)charge(waited, waited.reply_bytes, waited.waiters.size());  // a copy less
    who.asked_by->waiters.erase(who.asked_by->waiters.iterator_to(who));
    deadline& due = who;
    if (due.is_linked()) {
        deadlines_.erase(deadlines_.iterator_to(due));
    }
    memory_.give_back(who.footprint_bytes);
    if (who.extra) {
        --who.asked_by->waiting;
        --extra_waiters_;
    }
    who.waits_on = nullptr;
    who.asked_by = nullptr;
    completions_.push_back({&who, std::move(result)});
}

void broker_state::add_responder(slot& to, session& from) {
    const auto index = static_cast<std::uint32_t>(to.responders.size());
    to.responders.push_back({from.id, &from, from.name, static_cast<std::uint32_t>(from.debts.size()), responder::state::waiting});
    from.debts.push_back({&to, index});
    ++to.waiting_for;
    ++debts_;
}

void broker_state::claim(slot& which, session& by) {
    unclaimed_.erase(unclaimed_.iterator_to(which));
    unclaimed_bytes_ -= which.unclaimed->footprint_bytes();
    which.unclaimed.reset();
    add_responder(which, by);
}

// Takes `by` off the debts of its session; the last debt moves to its place.
void broker_state::settle(slot& which, responder& by, responder::state as) {
    auto& debts = by.from->debts;
    const debt moved = debts.back();
    debts[by.debt] = moved;
    moved.to->responders[moved.responder].debt = by.debt;
    debts.pop_back();
    if (debts.empty() && debts.capacity() > debts_kept_while_none) {
        std::vector<debt>{}.swap(debts);
    }
    by.from = nullptr;
    by.is = as;
    --which.waiting_for;
    --debts_;
}

void broker_state::release_debts(slot& which) {
    for (auto& each : which.responders) {
        if (each.from != nullptr) {
            settle(which, each, responder::state::waiting);
        }
    }
}

void broker_state::leave_debts(session& which, instant now) {
    const auto debts = std::exchange(which.debts, {});
    debts_ -= debts.size();
    for (const auto& each : debts) {
        auto& left = each.to->responders[each.responder];
        left.from = nullptr;
        left.is = responder::state::left;
        --each.to->waiting_for;
    }
    // A slot stands in the debts of a session once, so ending one leaves the others of this list alone.
    for (const auto& each : debts) {
        end_if_nobody_left(*each.to, now);
    }
}

std::string_view broker_state::event_that_awaits(std::string_view hook_event_id) const {
    const auto id = protocol::parse_uuid(hook_event_id);
    const auto at = id ? slots_.find(*id) : slots_.end();
    return at != slots_.end() && at->second.open && !at->second.open->kept ? std::string_view{at->second.open->event_name} : std::string_view{};
}

broker_state::result_or_error<protocol::respond_result> broker_state::respond(client& by, const protocol::respond_params& params,
                                                                              instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    while (!deadlines_.empty() && deadlines_.begin()->when <= now.steady) {
        expire(now);  // what is due is over, though the timer may not have had its turn
    }
    const auto id = protocol::parse_uuid(params.hook_event_id.view());
    const auto at = id ? slots_.find(*id) : slots_.end();
    if (at == slots_.end()) {
        return refuse(refusal::unknown);
    }
    if (!at->second.open) {
        return refuse(at->second.over);
    }
    slot& to = *at->second.open;
    if (to.kept) {
        return refuse(refusal_after(*to.kept));
    }
    responder* own = nullptr;
    if (by.push) {
        const auto found = std::lower_bound(to.responders.begin(), to.responders.end(), by.push->id,
                                            [](const responder& each, std::uint64_t key) { return each.session_id < key; });
        if (found != to.responders.end() && found->session_id == by.push->id && found->is != responder::state::left) {
            own = &*found;
        }
    }
    const bool repeated = own != nullptr ? own->is != responder::state::waiting
                                         : std::find(to.outsiders.begin(), to.outsiders.end(), by.id) != to.outsiders.end();
    if (repeated) {
        return refuse(refusal::answered);
    }
    if (params.abstain || !params.failed.empty()) {
        if (own != nullptr) {
            if (!params.abstain) {
                if (!charge(to, to.reply_bytes + params.failed.view().size(), to.waiters.size())) {
                    return memory_error(memory_.limit());
                }
                to.failures.emplace_back(own->session_id, params.failed.view());
            }
            settle(to, *own, params.abstain ? responder::state::abstained : responder::state::failed);
            ++accepted_;
            end_if_nobody_left(to, now);
        } else {
            ++accepted_;
        }
        return protocol::respond_result{};
    }
    const bool decides = to.policy == wait_policy::first || (to.policy == wait_policy::veto && !params.abort.raw.empty());
    // What is passed on at once to the one who waits is charged to nobody; anything else is kept, or copied.
    const bool passes_on = decides && to.waiters.size() == 1;
    const bool may_borrow = passes_on && by.requests_stay;
    // With what holds it: small replies of many passers-by would else take memory that nobody counts.
    const std::size_t bytes = sizeof(protocol::wait_result::reply) + params.response.size() + params.abort.raw.size();
    if (!passes_on && !charge(to, to.reply_bytes + bytes, to.waiters.size())) {
        return memory_error(memory_.limit());
    }
    return accept_reply(to, own, by, params, may_borrow, now);
}

protocol::respond_result broker_state::accept_reply(slot& to, responder* own, client& by, const protocol::respond_params& params,
                                                    bool may_borrow, instant now) {
    const auto elapsed = now.steady - to.emitted;
    auto& reply = to.replies.emplace_back();
    reply.passed_on = params.response;
    if (!may_borrow) {
        reply.keep();
    }
    reply.responder = by.push ? *by.push->name : default_name(by);
    reply.elapsed = elapsed;
    const bool vetoes = !params.abort.raw.empty();
    if (vetoes && to.abort.empty()) {
        to.abort = params.abort.raw;
    }
    if (topic* const known = topics_.peek(to.event_name)) {
        known->times.add(elapsed);
    }
    ++accepted_;
    if (own != nullptr) {
        settle(to, *own, responder::state::replied);
    } else {
        to.outsiders.push_back(by.id);
    }
    if (to.policy == wait_policy::first || (to.policy == wait_policy::veto && vetoes)) {
        keep_or_finish(to, outcome::answered, now);
    } else {
        end_if_nobody_left(to, now);
    }
    return {};
}

protocol::respond_result broker_state::refuse(refusal why) {
    ++refused_[static_cast<std::size_t>(why)];
    return {why};
}

// Replies take their bytes once for each request that waits for them, since each gets a copy, and once where none does.
bool broker_state::charge(slot& which, std::size_t reply_bytes, std::size_t waiters) {
    const std::size_t needed = reply_bytes * std::max<std::size_t>(waiters, 1);
    if (needed > which.charged_bytes) {
        if (!operations_.make_room(needed - which.charged_bytes)) {
            return false;
        }
        memory_.take(needed - which.charged_bytes);
    } else {
        memory_.give_back(which.charged_bytes - needed);
    }
    which.reply_bytes = reply_bytes;
    which.charged_bytes = needed;
    return true;
}

void broker_state::end_if_nobody_left(slot& which, instant now) {
    if (which.waiting_for > 0 || which.responders.empty() || which.kept) {
        return;
    }
    const bool all_spoke = std::none_of(which.responders.begin(), which.responders.end(), [](const responder& each) {
        return each.is == responder::state::left || each.is == responder::state::failed;
    });
    if (all_spoke) {
        keep_or_finish(which, which.replies.empty() ? outcome::abstained : outcome::answered, now);
    } else if (!which.reserved) {
        finish(which, outcome::abandoned, now);
    }
}

void broker_state::keep_or_finish(slot& which, outcome how, instant now) {
    if (which.reserved && which.waiters.empty()) {
        which.kept = how;
        release_debts(which);
        return;
    }
    finish(which, how, now);
}

protocol::wait_result broker_state::describe(slot& which, outcome how) {
    protocol::wait_result result;
    protocol::append_uuid(result.hook_event_id, which.id);
    result.seq = which.seq;
    result.outcome = how;
    result.responses = std::move(which.replies);  // the slot ends with this, or has none
    for (const auto& each : which.responders) {
        if (each.is == responder::state::left) {
            result.missing.push_back({*each.name, "left"});
        } else if (each.is == responder::state::failed) {
            const auto why = std::find_if(which.failures.begin(), which.failures.end(),
                                          [&each](const auto& failure) { return failure.first == each.session_id; });
            result.missing.push_back({*each.name, "failed: " + why->second});
        } else if (each.is == responder::state::waiting && (how == outcome::timeout || how == outcome::shutdown)) {
            result.missing.push_back({*each.name, std::string{to_string(how)}});
        }
    }
    result.abort = which.abort;
    if (result.abort.empty() && which.on_failure == protocol::failure_policy::closed && how != outcome::answered &&
        how != outcome::abstained) {
        std::string quoted;
        protocol::append_json_string(quoted, failure_reason(result));
        result.abort = quoted.substr(1, quoted.size() - 2);
    }
    return result;
}

void broker_state::finish(slot& which, outcome how, instant now) {
    ++outcomes_[static_cast<std::size_t>(how)];
    auto result = describe(which, how);
    (void)charge(which, 0, 0);  // no longer kept here: what remembers it may need the room
    if (which.operation) {
        operations_.finish(*which.operation, result, now.steady);
    }
    while (!which.waiters.empty()) {
        waiter& next = which.waiters.front();
        const bool last = &next == &which.waiters.back();
        complete(next, last ? std::move(result) : result);
    }
    drop(which, refusal_after(how));
}

void broker_state::drop(slot& which, refusal as) {
    release_debts(which);
    if (which.unclaimed) {
        unclaimed_.erase(unclaimed_.iterator_to(which));
        unclaimed_bytes_ -= which.unclaimed->footprint_bytes();
    }
    deadlines_.erase(deadlines_.iterator_to(which));
    memory_.give_back(which.charged_bytes);
    if (which.owner != nullptr) {
        which.owner->slots.erase(which.owner->slots.iterator_to(which));
        --which.owner->waiting;
    }
    --open_slots_;
    const protocol::uuid id = which.id;
    auto& entry = slots_.at(id);
    entry.over = as;
    entry.open.reset();
    over_.push_back(id);
    if (over_.size() > remembered_slots) {
        slots_.erase(over_.front());
        over_.pop_front();
    }
}

void broker_state::cancel(waiter& who) {
    slot& waited = *who.waits_on;
    complete(who, error{errc::cancelled, "the request was cancelled"});
    // With an operation_id it lives on, so that a retry finds it; a reservation was never this waiter's.
    if (!waited.reserved && !waited.operation) {
        drop(waited, refusal::cancelled);
    }
}

std::optional<steady_time> broker_state::next_deadline() const {
    return deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->when};
}

void broker_state::expire(instant now) {
    for (std::size_t i = 0; i < most_expired_at_once && !deadlines_.empty() && deadlines_.begin()->when <= now.steady; ++i) {
        deadline& due = *deadlines_.begin();
        if (due.type == deadline::kind::waiter) {
            auto& who = static_cast<waiter&>(due);
            ++outcomes_[static_cast<std::size_t>(outcome::timeout)];
            complete(who, describe(*who.waits_on, outcome::timeout));
            continue;
        }
        auto& which = static_cast<slot&>(due);
        if (which.reserved && which.waiters.empty()) {
            drop(which, which.kept ? refusal_after(*which.kept) : refusal::expired);
        } else {
            finish(which, outcome::timeout, now);
        }
    }
}

}  // namespace hookd::core
