// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include "missing.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

// Waits: a slot is opened before its event is published, and it is completed, expired, cancelled or abandoned exactly
// once; whoever comes later learns which.
namespace hookd::core {

using protocol::errc;
using protocol::error;
using protocol::outcome;
using protocol::refusal;
using protocol::wait_policy;

namespace {

// Slots that are over whose end is remembered (PROTOCOL.md, `respond`).
constexpr std::size_t remembered_slots = 65'536;

// Room for expected replies that a session keeps while none is expected of it.
constexpr std::size_t expected_kept_while_none = 1024;

// Waits that expire in one go; then others have their turn.
constexpr std::size_t most_expired_at_once = 1024;

refusal refusal_after(outcome how) noexcept { return how == outcome::answered ? refusal::answered : refusal::expired; }

error shutdown_error() { return {errc::shutting_down, "the daemon is shutting down: connect again when it is back"}; }

protocol::wait_result unknown_wait(std::string_view id) {
    protocol::wait_result result;
    result.hook_event_id = id;
    result.outcome = outcome::unknown;
    return result;
}

// `name` means one of any host, `host/name` that host's.
bool names(const responder& each, const std::string& required) {
    return each.name() == required || (each.is_remote() && each.own_name() == required);
}

// Whether a responder of that name has replied or abstained.
bool has_spoken(const slot& in, const std::string& name) {
    return std::any_of(in.responders.begin(), in.responders.end(),
        [&name](const responder& each) { return names(each, name) && each.has_spoken(); });
}

// Whether one without whom the operation does not proceed may still reply. Who that is on other hosts the cluster has
// perhaps yet to say.
bool waits_for_required(const slot& which) {
    return std::any_of(which.require.begin(), which.require.end(), [&which](const std::string& name) {
        return !has_spoken(which, name) &&
               std::any_of(which.responders.begin(), which.responders.end(), [&name](const responder& each) {
                   return (names(each, name) || each.is_cluster()) && each.is == responder::state::waiting;
               });
    });
}

// By the responder's order, then by name.
void sort_replies(slot& which) {
    auto& replies = which.replies;
    if (replies.size() < 2) {
        return;
    }
    std::vector<std::size_t> turns(replies.size());
    std::iota(turns.begin(), turns.end(), std::size_t{0});
    std::stable_sort(turns.begin(), turns.end(), [&which](std::size_t a, std::size_t b) {
        return std::tie(which.reply_orders[a], which.replies[a].responder) <
               std::tie(which.reply_orders[b], which.replies[b].responder);
    });
    std::vector<protocol::wait_result::reply> sorted;
    for (const std::size_t each : turns) {
        sorted.push_back(std::move(replies[each]));
    }
    replies = std::move(sorted);
}

std::string why_missing(const slot& which, const responder& each, outcome how) {
    switch (each.is) {
        case responder::state::left:
            return "left";
        case responder::state::lagged:
            return "lagged";
        case responder::state::failed: {
            const auto why = std::find_if(which.failures.begin(), which.failures.end(),
                [&each](const auto& failure) { return failure.first == each.session_id; });
            return "failed: " + why->second;
        }
        case responder::state::waiting:
            return how == outcome::timeout || how == outcome::shutdown ? std::string{to_string(how)} : std::string{};
        case responder::state::replied:
        case responder::state::abstained:
        case responder::state::passed:
            break;
    }
    return {};
}

/// Who is missing, and those of them without whom the operation does not proceed.
struct absence {
    std::vector<protocol::wait_result::absentee> all{};
    std::vector<protocol::wait_result::absentee> decisive{};
};

absence absence_of(const slot& which, outcome how) {
    absence found;
    const auto is_required = [&which](const responder& each) {
        return std::any_of(which.require.begin(), which.require.end(),
            [&](const std::string& name) { return names(each, name) && !has_spoken(which, name); });
    };
    for (const auto& each : which.responders) {
        if (auto why = why_missing(which, each, how); !why.empty()) {
            found.all.push_back({std::string{each.own_name()}, std::move(why), std::string{each.host()}, each.insists});
            if (each.insists || is_required(each)) {
                found.decisive.push_back(found.all.back());
            }
        }
    }
    for (const auto& name : which.require) {
        if (std::none_of(which.responders.begin(), which.responders.end(),
                [&name](const responder& each) { return names(each, name) && each.is != responder::state::passed; })) {
            found.all.push_back({.responder = name, .why = "absent"});
            found.decisive.push_back(found.all.back());
        }
    }
    return found;
}

// Of this host they are known without it.
std::vector<std::string> without_own_host(std::vector<std::string> names, const std::string& host) {
    for (auto& each : names) {
        if (!host.empty() && each.size() > host.size() + 1 && each[host.size()] == '/' && each.starts_with(host)) {
            each.erase(0, host.size() + 1);
        }
    }
    return names;
}

// As `abort` is kept: the inside of a JSON string.
std::string inside_of_json(std::string_view text) {
    std::string quoted;
    protocol::append_json_string(quoted, text);
    return quoted.substr(1, quoted.size() - 2);
}

std::shared_ptr<const protocol::wait_result::silent_responders> describe_silent(const slot& which) {
    auto silent = std::make_shared<protocol::wait_result::silent_responders>();
    silent->passed = which.foreign->passed;
    for (const auto& each : which.responders) {
        if (each.is == responder::state::abstained) {
            silent->abstained.push_back(each.name());
        }
    }
    return silent;
}

}  // namespace

slot& broker::open_slot(
    const protocol::event_fields& event, client& owner, std::chrono::milliseconds duration, instant now) {
    auto made = std::make_unique<slot>();
    slot& result = *made;
    result.id = event.hook_event_id;
    result.seq = event.seq;
    result.event_name = event.event;
    result.emitted = now.steady;
    result.emitted_at = now.wall;
    result.when = now.steady + duration;
    result.owner = &owner;
    result.payer = owner.user;
    result.payer_uid = owner.who.uid;
    slots_.emplace(result.id, slot_entry{std::move(made)});
    // Later ones mostly end later: the hint makes that constant time.
    deadlines_.insert(deadlines_.end(), result);
    owner.slots.push_back(result);
    ++owner.waiting;
    ++owner.user->waits;
    ++open_slots_;
    return result;
}

// Room for its reply was found by refuse_reservation().
slot& broker::open_reservation(
    const protocol::event_fields& event, client& owner, std::chrono::milliseconds duration, instant now) {
    slot& result = open_slot(event, owner, duration, now);
    result.reserved = true;
    ++reserved_slots_;
    ++owner.user->reservations;
    take_room(result);
    return result;
}

std::size_t broker::count_responders(std::string_view event_name) {
    const auto& matches = topics_.find(event_name).matches;
    return static_cast<std::size_t>(
        std::count_if(matches.begin(), matches.end(), [](const session* each) { return each->decides(); }));
}

std::variant<broker::pending, protocol::wait_result, error> broker::emit_and_wait(
    client& by, const protocol::emit_and_wait_params& params, std::string_view raw_params, waiter& who, instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    slot* under_way = nullptr;
    if (params.operation_id) {
        auto known = operations_.find(*params.operation_id, protocol::emit_and_wait_params::method, raw_params, now);
        if (auto* const failure = std::get_if<error>(&known)) {
            return std::move(*failure);
        }
        if (const auto* const operation = std::get<operation_table::operation*>(known)) {
            if (operation->under_way == nullptr) {
                return std::get<protocol::wait_result>(operation->done);
            }
            under_way = operation->under_way;
        }
    }
    if (auto failure = refuse_wait(by)) {
        return std::move(*failure);
    }
    if (under_way != nullptr) {
        if (auto failure = join(who, *under_way, by)) {
            return std::move(*failure);
        }
        return pending{};
    }
    if (auto failure = refuse_origin(params.origin)) {
        return std::move(*failure);
    }
    if (auto failure = refuse_room(by, params, who.footprint_bytes)) {
        return std::move(*failure);
    }
    const bool is_chain = params.policy == wait_policy::chain;
    if (held_bytes_ > 0 && held_bytes_ + params.payload.size() > limits_.capacity_bytes &&
        (is_chain || (!params.require_subscriber && count_responders(params.event.view()) == 0))) {
        return protocol::limit_error("capacity_bytes", limits_.capacity_bytes,
            "events that wait for a first subscriber, or for their turn in a chain, take as many bytes as they may: "
            "retry later");
    }
    const auto timeout = params.timeout.value_or(limits_.default_timeout);
    auto fields = next_event(params, now);
    fields.expects_response = true;
    fields.timeout = timeout;
    slot& opened = open_slot(fields, by, timeout, now);
    opened.policy = params.policy.value_or(wait_policy::first);
    opened.on_failure = params.on_failure.value_or(protocol::failure_policy::open);
    opened.require = without_own_host(params.require, limits_.host);
    if (is_chain) {
        opened.turns = std::make_unique<chain>();
    }
    if (!fields.host.empty()) {
        opened.foreign = std::make_unique<foreign_question>();
    }
    auto sent_out = publish(fields, params.payload, by, &opened, now);
    if (params.scope == protocol::event_scope::cluster && cluster_ != nullptr && fields.host.empty()) {
        ask_cluster(opened, sent_out.what);
    }
    if (opened.responders.empty() && params.require_subscriber) {
        ++outcomes_[static_cast<std::size_t>(outcome::no_subscribers)];
        auto result = conclude_wait(opened, outcome::no_subscribers, now);
        if (params.operation_id) {
            operations_.add(*params.operation_id, protocol::emit_and_wait_params::method, raw_params, result, now);
        }
        drop(opened, refusal::expired, now);
        advance_pending(now);
        return result;
    }
    if (opened.turns || opened.responders.empty()) {
        hold(opened, sent_out.what->footprint_bytes());
    }
    if (opened.turns) {
        opened.turns->published = sent_out.what;
    }
    if (opened.responders.empty()) {
        opened.parked = std::move(sent_out.what);
        parked_.push_back(opened);
    }
    if (params.operation_id) {
        opened.operation = params.operation_id;
        operations_.begin(*params.operation_id, protocol::emit_and_wait_params::method, raw_params, opened);
    }
    if (params.operation_id) {
        write_wait(opened);
    }
    take_room(opened);
    attach_waiter(who, opened, by, false);
    advance(opened, now);  // where nobody that it would ask could take the event
    advance_pending(now);
    return pending{};
}

std::variant<broker::pending, protocol::wait_result, error> broker::await_response(
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
        auto result = conclude_wait(reserved, *reserved.kept, now);
        drop(reserved, refusal_after(*reserved.kept), now);
        advance_pending(now);
        return result;
    }
    if (auto failure = refuse_wait(by)) {
        return std::move(*failure);
    }
    if (auto failure = join(who, reserved, by)) {
        return std::move(*failure);
    }
    who.when = now.steady + params.timeout.value_or(limits_.default_timeout);
    if (who.when < reserved.when) {
        deadlines_.insert(who);
    }
    return pending{};
}

void broker::attach_waiter(waiter& who, slot& to, client& by, bool extra) {
    who.waits_on = &to;
    who.asked_by = &by;
    who.extra = extra;
    to.waiters.push_back(who);
    by.waiters.push_back(who);
    memory_.take(who.footprint_bytes);
    by.user->memory_bytes += who.footprint_bytes;
    if (extra) {
        ++by.waiting;
        ++by.user->waits;
        ++extra_waiters_;
    }
}

void broker::complete(waiter& who, std::variant<protocol::wait_result, error> result) {
    slot& waited = *who.waits_on;
    waited.waiters.erase(waited.waiters.iterator_to(who));
    give_back_room(waited);  // a copy less
    who.asked_by->waiters.erase(who.asked_by->waiters.iterator_to(who));
    deadline& due = who;
    if (due.is_linked()) {
        deadlines_.erase(deadlines_.iterator_to(due));
    }
    memory_.give_back(who.footprint_bytes);
    who.asked_by->user->memory_bytes -= who.footprint_bytes;
    if (who.extra) {
        --who.asked_by->waiting;
        --who.asked_by->user->waits;
        --extra_waiters_;
    }
    client& asker = *std::exchange(who.asked_by, nullptr);
    who.waits_on = nullptr;
    if (durability_.is_committed(waited.is_durable ? durability_.position() : waited.position)) {
        completions_.push_back({&who, std::move(result)});
        return;
    }
    if (auto* const verdict = std::get_if<protocol::wait_result>(&result)) {
        verdict->keep();
    }
    hold_answer(&asker, [this, &who, result = std::move(result)](const error* failure) mutable {
        completions_.push_back({&who, failure != nullptr ? *failure : std::move(result)});
    });
}

// It is not asked yet: that is, the event is not in its queue.
responder& broker::add_responder(slot& to, session& from) {
    const auto index = static_cast<std::uint32_t>(to.responders.size());
    to.responders.push_back({.session_id = from.id,
        .from = &from,
        .record = from.record,
        .order = from.order,
        .index = static_cast<std::uint32_t>(from.expected_replies.size()),
        .insists = from.insists});
    from.expected_replies.push_back({&to, index});
    ++to.waiting_for;
    ++expected_replies_;
    return to.responders.back();
}

void broker::ask(responder& which, std::uint64_t place) {
    which.place = place;
    ++which.record->asked;
}

void broker::add_lagged(slot& to, const session& from) {
    ++from.record->lagged;
    to.responders.push_back({.session_id = from.id,
        .record = from.record,
        .order = from.order,
        .is = responder::state::lagged,
        .insists = from.insists});
}

void broker::assign(slot& which, session& by, std::uint64_t place) {
    parked_.erase(parked_.iterator_to(which));
    which.parked.reset();
    if (!which.turns) {
        release_held(which);
    }
    ask(add_responder(which, by), place);
    if (which.is_durable) {
        write_wait(which);
    }
}

// Takes `by` off the expected replies of its session; the last of these moves to its place.
void broker::record_reply(slot& which, responder& by, responder::state as) {
    auto& expected_replies = by.from->expected_replies;
    const expected_reply moved = expected_replies.back();
    expected_replies[by.index] = moved;
    moved.to->responders[moved.responder].index = by.index;
    expected_replies.pop_back();
    if (expected_replies.empty() && expected_replies.capacity() > expected_kept_while_none) {
        std::vector<expected_reply>{}.swap(expected_replies);
    }
    by.from = nullptr;
    by.is = as;
    --which.waiting_for;
    --expected_replies_;
    give_back_room(which);
}

// One that lagged may speak all the same, though nobody waits for it.
void broker::conclude(slot& which, responder& by, responder::state as) {
    if (by.from != nullptr) {
        record_reply(which, by, as);
    } else {
        by.is = as;
    }
}

// They need not work on it any longer.
void broker::release_expected(slot& which, refusal over, instant now) {
    for (auto& each : which.responders) {
        if (each.from != nullptr) {
            if (each.from->cancellations && each.is_asked()) {
                tell(*each.from, {.hook_event_id = which.id, .reason = over}, now);
            }
            record_reply(which, each, responder::state::waiting);
        }
    }
}

void broker::abandon_expected(session& which, instant now) {
    const auto expected_replies = std::exchange(which.expected_replies, {});
    expected_replies_ -= expected_replies.size();
    for (const auto& each : expected_replies) {
        auto& left = each.to->responders[each.responder];
        left.from = nullptr;
        left.is = responder::state::left;
        --each.to->waiting_for;
        give_back_room(*each.to);
    }
    // A slot expects one reply of a session, so ending one leaves the others of this list alone.
    for (const auto& each : expected_replies) {
        advance(*each.to, now);
    }
}

std::string_view broker::event_that_awaits(std::string_view hook_event_id) const {
    const auto id = protocol::parse_uuid(hook_event_id);
    const auto at = id ? slots_.find(*id) : slots_.end();
    return at != slots_.end() && at->second.open && !at->second.open->kept
               ? std::string_view{at->second.open->event_name}
               : std::string_view{};
}

broker::result_or_error<protocol::respond_result> broker::respond(
    client& by, const protocol::respond_params& params, instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    while (!deadlines_.empty() && deadlines_.begin()->when <= now.steady) {
        expire(now);  // what is due is over, though the timer may not have had its turn
    }
    if (by.push && by.push->shadow && record_shadow(*by.push, params, now)) {
        ++accepted_;
        return protocol::respond_result{};  // whatever it says, and however late, decides nothing
    }
    auto result = find_and_respond(by, params, now);
    advance_pending(now);
    return result;
}

broker::result_or_error<protocol::respond_result> broker::find_and_respond(
    client& by, const protocol::respond_params& params, instant now) {
    const auto id = protocol::parse_uuid(params.hook_event_id.view());
    const auto at = id ? slots_.find(*id) : slots_.end();
    if (id && take_replayed_reply(by, *id, params, now)) {
        return protocol::respond_result{};
    }
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
    auto result = respond_to(to, by, params, now);
    if (const auto* const said = std::get_if<protocol::respond_result>(&result); said != nullptr && said->accepted()) {
        write_reply(*id, by, params);
    }
    return result;
}

broker::result_or_error<protocol::respond_result> broker::respond_to(
    slot& to, client& by, const protocol::respond_params& params, instant now) {
    if (by.push && by.push->shadow) {
        ++accepted_;
        return protocol::respond_result{};  // whatever it says decides nothing
    }
    responder* own = nullptr;
    if (by.push) {
        const auto found = std::lower_bound(to.responders.begin(), to.responders.end(), by.push->id,
            [](const responder& each, std::uint64_t key) { return each.session_id < key; });
        if (found != to.responders.end() && found->session_id == by.push->id && found->is != responder::state::left) {
            own = &*found;
        }
    }
    const bool repeated = own != nullptr
                              ? own->is != responder::state::waiting && own->is != responder::state::lagged
                              : std::find(to.outsiders.begin(), to.outsiders.end(), by.id) != to.outsiders.end();
    if (repeated) {
        return refuse(refusal::answered);
    }
    if (own != nullptr && !own->is_asked() && own->is == responder::state::waiting) {
        return refuse(refusal::unknown);  // its turn in the chain has not come
    }
    if (params.abstain || !params.failed.empty()) {
        if (own != nullptr) {
            if (!params.abstain) {
                if (auto failure = charge_reply(to, own, by, params, 0)) {
                    return std::move(*failure);
                }
                to.failures.emplace_back(own->session_id, params.failed.view());
                own->insists = own->insists || params.insists;
                ++own->record->failed;
            } else {
                ++own->record->replied;
            }
            conclude(to, *own, params.abstain ? responder::state::abstained : responder::state::failed);
            ++accepted_;
            advance(to, now);
        } else {
            ++accepted_;
        }
        return protocol::respond_result{};
    }
    const bool decides = (to.policy == wait_policy::first && to.require.empty()) ||
                         (to.policy != wait_policy::all && !params.abort.raw.empty());
    // What is passed on at once to the one who waits is charged to nobody; anything else is kept, or copied.
    const bool passes_on = decides && to.waiters.size() == 1;
    const bool may_borrow = passes_on && by.requests_stay;
    const bool rewrites = to.turns && own != nullptr && !params.payload.empty() && params.abort.raw.empty();
    if (!passes_on) {
        if (auto failure = charge_reply(to, own, by, params, rewrites ? params.payload.size() : 0)) {
            return std::move(*failure);
        }
    }
    if (rewrites) {
        to.turns->payload = params.payload;
    }
    return accept_reply(to, own, by, params, may_borrow, now);
}

protocol::respond_result broker::accept_reply(
    slot& to, responder* own, client& by, const protocol::respond_params& params, bool may_borrow, instant now) {
    const auto elapsed = now.steady - to.emitted;
    auto& reply = to.replies.emplace_back();
    reply.passed_on = params.response;
    if (!may_borrow) {
        reply.keep();
    }
    reply.responder = name_of(by);
    reply.uid = by.who.uid;
    reply.elapsed = elapsed;
    to.reply_orders.push_back(by.push ? by.push->order : 0);
    const bool vetoes = !params.abort.raw.empty();
    if (vetoes && to.abort.empty()) {
        to.abort = params.abort.raw;
    }
    if (topic* const known = topics_.peek(to.event_name)) {
        known->times.add(elapsed);
    }
    ++accepted_;
    if (own != nullptr) {
        ++own->record->replied;
        own->record->vetoed += vetoes ? 1U : 0U;
        own->record->times.add(elapsed);
        conclude(to, *own, responder::state::replied);
    } else {
        to.outsiders.push_back(by.id);
    }
    if (to.policy != wait_policy::all && vetoes) {
        keep_or_finish(to, outcome::answered, now);
    } else {
        advance(to, now);
    }
    return {};
}

protocol::respond_result broker::refuse(refusal why) {
    ++refused_[static_cast<std::size_t>(why)];
    return {why};
}

void broker::advance(slot& which, instant now) {
    if (which.kept) {
        return;
    }
    if (which.policy == wait_policy::first && !which.replies.empty() && !waits_for_required(which)) {
        return keep_or_finish(which, outcome::answered, now);
    }
    if (which.turns) {
        ask_next(which, now);
    }
    if (which.waiting_for > 0 || which.responders.empty()) {
        return;
    }
    const bool all_spoke = std::none_of(
        which.responders.begin(), which.responders.end(), [](const responder& each) { return each.is_lost(); });
    if (all_spoke) {
        const bool anybody = std::any_of(
            which.responders.begin(), which.responders.end(), [](const responder& each) { return each.has_spoken(); });
        const auto without_replies = which.asks_cluster && !anybody ? outcome::no_subscribers : outcome::abstained;
        keep_or_finish(which, which.replies.empty() ? without_replies : outcome::answered, now);
    } else if (!which.reserved) {
        finish(which, outcome::abandoned, now);
    }
}

void broker::advance_pending(instant now) {
    while (!pending_.empty()) {
        const auto at = slots_.find(pending_.back());
        pending_.pop_back();
        if (at != slots_.end() && at->second.open) {
            advance(*at->second.open, now);
        }
    }
}

void broker::keep_or_finish(slot& which, outcome how, instant now) {
    if (which.reserved && which.waiters.empty()) {
        which.kept = how;
        release_expected(which, refusal_after(how), now);
        return;
    }
    finish(which, how, now);
}

protocol::wait_result broker::describe(slot& which, outcome how, instant now) {
    protocol::wait_result result;
    protocol::append_uuid(result.hook_event_id, which.id);
    result.seq = which.seq;
    result.outcome = how;
    sort_replies(which);
    result.responses = std::move(which.replies);  // the slot ends with this, or has none
    if (which.turns) {
        result.payload = which.turns->payload;
    }
    auto missing = absence_of(which, how);
    result.missing = std::move(missing.all);
    result.abort = which.abort;
    const bool undecided = how != outcome::answered && how != outcome::abstained;
    if (how == outcome::cancelled) {
        return result;  // nobody is to be stopped
    }
    if (result.abort.empty() && which.on_failure == protocol::failure_policy::closed && undecided) {
        result.abort = inside_of_json(no_decision_reason(which.event_name, how, result.missing));
    } else if (result.abort.empty() && !missing.decisive.empty()) {
        result.abort = inside_of_json(missing_reason(which.event_name, missing.decisive));
    }
    if (!which.foreign) {
        override_abort(which, result, now);
    }
    return result;
}

protocol::wait_result broker::conclude_wait(slot& which, outcome how, instant now) {
    auto result = describe(which, how, now);
    count_failures(which, how);
    which.concluded = true;
    if (which.foreign) {
        result.silent = describe_silent(which);
        return result;  // the verdict is another host's
    }
    ++(!result.bypassed.empty() ? bypassed_
        : result.abort.empty()  ? proceeded_
        : which.abort.empty()   ? failed_closed_
                                : vetoed_);
    if (verdict_sessions_ > 0 || recorder_ != nullptr) {
        announce(which, result, now);
    }
    return result;
}

void broker::conclude_unheard(slot& which, outcome how, instant now) {
    count_failures(which, how);
    if (verdict_sessions_ > 0 && !which.foreign) {
        announce(which, describe(which, how, now), now);
    }
}

void broker::count_failures(const slot& which, outcome how) {
    for (const auto& each : which.responders) {
        const bool is_late =
            each.is == responder::state::waiting && (how == outcome::timeout || how == outcome::shutdown);
        each.record->failed += each.is == responder::state::left || is_late ? 1U : 0U;
    }
}

void broker::finish(slot& which, outcome how, instant now) {
    ++outcomes_[static_cast<std::size_t>(how)];
    auto result = conclude_wait(which, how, now);
    give_back_memory(which);  // no longer kept here: what remembers it may need the room
    if (which.operation) {
        operations_.finish(*which.operation, result, now);
    }
    while (!which.waiters.empty()) {
        waiter& next = which.waiters.front();
        const bool last = &next == &which.waiters.back();
        complete(next, last ? std::move(result) : result);
    }
    drop(which, refusal_after(how), now);
}

void broker::hold(slot& which, std::size_t bytes) {
    held_bytes_ += bytes;
    which.held_bytes += bytes;
}

void broker::release_held(slot& which) { held_bytes_ -= std::exchange(which.held_bytes, 0); }

void broker::drop(slot& which, refusal as, instant now) {
    release_expected(which, as, now);
    erase_wait(which);
    if (recorder_ != nullptr && !which.concluded) {
        recorder_->wait_given_up(which.seq, as);
    }
    if (which.asks_cluster) {
        leave_cluster(which);
    }
    if (which.parked) {
        parked_.erase(parked_.iterator_to(which));
    }
    release_held(which);
    deadlines_.erase(deadlines_.iterator_to(which));
    give_back_memory(which);
    --which.payer->waits;
    if (which.reserved) {
        --which.payer->reservations;
        --reserved_slots_;
    }
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

void broker::cancel(waiter& who, instant now) { give_up(who, true, now); }

// A reservation was never this waiter's.
void broker::give_up(waiter& who, bool with_operation, instant now) {
    slot& waited = *who.waits_on;
    complete(who, error{errc::cancelled, "the request was cancelled"});
    if (!waited.reserved && waited.waiters.empty() && (with_operation || !waited.operation)) {
        if (waited.operation) {
            operations_.abandon(*waited.operation);
        }
        ++outcomes_[static_cast<std::size_t>(outcome::cancelled)];
        conclude_unheard(waited, outcome::cancelled, now);
        drop(waited, refusal::cancelled, now);
    }
    advance_pending(now);
}

std::optional<steady_time> broker::next_deadline() const {
    const auto replay = replays_.next_deadline();
    const auto wait = deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->when};
    return replay && wait ? std::min(*replay, *wait) : replay ? replay : wait;
}

void broker::expire(instant now) {
    std::vector<replay_table::replay> late;
    replays_.expire(now.steady, late);
    tell_replays_are_over(late, refusal::expired, now);
    for (std::size_t i = 0; i < most_expired_at_once && !deadlines_.empty() && deadlines_.begin()->when <= now.steady;
         ++i) {
        deadline& due = *deadlines_.begin();
        if (due.type == deadline::kind::bypass) {
            end_bypass("has expired");
            continue;
        }
        if (due.type == deadline::kind::waiter) {
            auto& who = static_cast<waiter&>(due);
            ++outcomes_[static_cast<std::size_t>(outcome::timeout)];
            complete(who, describe(*who.waits_on, outcome::timeout, now));
            continue;
        }
        auto& which = static_cast<slot&>(due);
        if (which.reserved && which.waiters.empty()) {
            conclude_unheard(which, which.kept.value_or(outcome::timeout), now);
            drop(which, which.kept ? refusal_after(*which.kept) : refusal::expired, now);
        } else {
            finish(which, outcome::timeout, now);
        }
    }
    advance_pending(now);
}

}  // namespace hookd::core
