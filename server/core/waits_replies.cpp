// SPDX-License-Identifier: BSL-1.0
#include "reserve_more.hpp"
#include "waits.hpp"

#include <algorithm>
#include <utility>

// Replies: who is expected to give one, how it comes or is lost, and when that ends the wait.
//
// Waits of policy "chain": the responders are all noted when the event is published, and asked one after the other.
//
//   not asked --its turn--> asked --reply, abstains, fails, leaves--> the next one's turn
//       |\--its session lagged or left--> skipped, and missing
//       \---the payload of its turn does not meet its `where`--> passed, as if it were not there
//
// A responder that is asked gets the event as it was published, but for the payload, which is the one that those before
// it left, and the time, which is what is left of it.
namespace hookd::core {

using protocol::error;
using protocol::outcome;
using protocol::refusal;
using protocol::respond_result;
using protocol::wait_policy;

namespace {

// Room for expected replies that a session keeps while none is expected of it.
constexpr std::size_t expected_kept_while_none = 1024;

}  // namespace

// --- who is expected to reply ---

responder& waits::expect(slot& slot, session& session) {
    auto& expected = session.expected().replies_;
    const auto index = static_cast<std::uint32_t>(slot.responders_.size());
    reserve_more(expected, 1);
    slot.responders_.push_back({.session_id = session.id(),
        .session = &session,
        .record = session.record(),
        .order = session.order(),
        .index = static_cast<std::uint32_t>(expected.size()),
        .insists = session.insists()});
    expected.push_back({&slot, index});
    ++slot.waiting_for_;
    ++expected_;
    return slot.responders_.back();
}

void waits::ask(responder& responder, std::uint64_t place) noexcept {
    responder.place = place;
    ++responder.record->asked;
}

void waits::add_lagged(slot& slot, const session& session) {
    ++session.record()->lagged;
    slot.responders_.push_back({.session_id = session.id(),
        .record = session.record(),
        .order = session.order(),
        .is = responder::state::lagged,
        .insists = session.insists()});
}

// Takes it off the expected replies of its session; the last of these moves to its place.
void waits::record_reply(slot& slot, responder& responder, responder::state state) {
    auto& expected = responder.session->expected().replies_;
    const expected_reply moved = expected.back();
    expected[responder.index] = moved;
    moved.slot->responders_[moved.responder].index = responder.index;
    expected.pop_back();
    if (expected.empty() && expected.capacity() > expected_kept_while_none) {
        std::vector<expected_reply>{}.swap(expected);
    }
    responder.session = nullptr;
    responder.is = state;
    --slot.waiting_for_;
    --expected_;
    slot.give_back_room();
}

// One that lagged may speak all the same, though it is not waited for.
void waits::conclude(slot& slot, responder& responder, responder::state state) {
    if (responder.session != nullptr) {
        record_reply(slot, responder, state);
    } else {
        responder.is = state;
    }
}

// They need not work on it any longer.
void waits::release_expected(slot& slot, refusal reason, instant now) {
    for (auto& each : slot.responders_) {
        if (each.session != nullptr) {
            if (each.is_asked()) {
                listener_.reply_not_needed(*each.session, slot.id_, reason, now);
            }
            record_reply(slot, each, responder::state::waiting);
        }
    }
}

void waits::abandon_expected(session& session) {
    const auto abandoned = std::exchange(session.expected().replies_, {});
    expected_ -= abandoned.size();
    for (const auto& each : abandoned) {
        auto& left = each.slot->responders_[each.responder];
        left.session = nullptr;
        left.is = responder::state::left;
        --each.slot->waiting_for_;
        each.slot->give_back_room();
        put_off(*each.slot);
    }
}

void waits::lose_expected(session& session, std::uint64_t first_place) {
    const auto& expected = session.expected().replies_;
    for (std::size_t i = expected.size(); i > 0; --i) {
        const expected_reply each = expected[i - 1];
        auto& lost = each.slot->responders_[each.responder];
        if (lost.place >= first_place) {
            ++lost.record->lagged;
            // The last one, which has been looked at, moves to its place.
            record_reply(*each.slot, lost, responder::state::lagged);
            put_off(*each.slot);
        }
    }
}

void waits::transfer_expected(session& old_session, session& new_session) {
    new_session.expected().replies_ = std::exchange(old_session.expected().replies_, {});
    for (const auto& each : new_session.expected().replies_) {
        each.slot->responders_[each.responder].session = &new_session;
    }
}

// --- replies ---

std::variant<respond_result, error> waits::respond(
    replier replier, const protocol::respond_params& params, instant now) {
    const auto id = protocol::parse_uuid(params.hook_event_id.view());
    const auto found = id ? slots_.find(*id) : slots_.end();
    if (found == slots_.end()) {
        return refuse(refusal::unknown);
    }
    if (!found->second.open) {
        return refuse(found->second.over);
    }
    slot& open = *found->second.open;
    if (open.kept_) {
        return refuse(*open.kept_ == outcome::answered ? refusal::answered : refusal::expired);
    }
    return respond_to(open, replier, params, now);
}

std::variant<respond_result, error> waits::respond_to(
    slot& slot, replier& replier, const protocol::respond_params& params, instant now) {
    if (replier.session != nullptr && replier.session->is_shadow()) {
        ++counters_.accepted;
        return respond_result{};  // whatever it says decides nothing
    }
    responder* const own = replier.session == nullptr ? nullptr : slot.find_responder(replier.session->id());
    const bool is_repeated = own != nullptr ? !own->is_waiting() && own->is != responder::state::lagged
                                            : slot.has_replied(replier.client_id);
    if (is_repeated) {
        return refuse(refusal::answered);
    }
    if (own != nullptr && own->is_waiting() && !own->is_asked()) {
        return refuse(refusal::unknown);  // its turn in the chain has not come
    }
    if (params.abstain || !params.failed.empty()) {
        return take_silence(slot, own, replier, params, now);
    }
    const bool decides = slot.decides_at_once() || (slot.policy_ != wait_policy::all && !params.abort.raw.empty());
    // What is passed on at once to the one who waits is not charged; anything else is kept, or copied.
    const bool passes_on = decides && slot.waiters_.size() == 1;
    if (!passes_on) {
        const auto rewritten_bytes = slot.is_rewritten_by(own, params) ? params.payload.size() : 0;
        if (auto failure = charge_reply(slot, own, replier, params, rewritten_bytes)) {
            return std::move(*failure);
        }
    }
    accept_reply(slot, own, replier, params, passes_on && replier.requests_stay, now);
    return respond_result{};
}

// It abstains or has failed.
std::variant<respond_result, error> waits::take_silence(
    slot& slot, responder* responder, const replier& replier, const protocol::respond_params& params, instant now) {
    using state = core::responder::state;
    if (responder == nullptr) {
        ++counters_.accepted;
        return respond_result{};
    }
    if (params.abstain) {
        ++responder->record->replied;
    } else {
        if (auto failure = charge_reply(slot, responder, replier, params, 0)) {
            return std::move(*failure);
        }
        slot.failures_.push_back({responder->session_id, std::string{params.failed.view()}});
        responder->insists = responder->insists || params.insists;
        ++responder->record->failed;
    }
    if (slot.durable_) {
        const auto kind = params.abstain ? durable_reply::kind::abstained : durable_reply::kind::failed;
        write_silence(slot, *responder, kind, params.failed.view());
    }
    conclude(slot, *responder, params.abstain ? state::abstained : state::failed);
    ++counters_.accepted;
    advance(slot, now);
    return respond_result{};
}

// All that may fail is done before the reply counts, but for ending the wait.
void waits::accept_reply(slot& slot, responder* responder, replier& replier, const protocol::respond_params& params,
    bool may_borrow, instant now) {
    const auto elapsed = now.steady - slot.emitted_;
    const bool vetoes = !params.abort.raw.empty();
    protocol::wait_result::reply reply{.responder = std::move(replier.name), .uid = replier.uid, .elapsed = elapsed};
    if (may_borrow) {
        reply.passed_on = params.response;
    } else {
        reply.response = params.response;
    }
    std::string reason{vetoes && slot.abort_.empty() ? params.abort.raw : std::string_view{}};
    std::string payload{slot.is_rewritten_by(responder, params) ? params.payload : std::string_view{}};
    slot.make_room_for_reply();
    const auto order = replier.session != nullptr ? replier.session->order() : 0;
    if (slot.durable_) {
        write_reply(slot, responder, reply, order, params.abort.raw);
        if (!payload.empty()) {
            write_wait(slot, payload);
        }
    }
    listener_.reply_accepted(slot.event_name_, elapsed);
    if (responder != nullptr) {
        responder->record->times.add(elapsed);
    }

    const loan lent{*this, slot};
    slot.replies_.push_back(std::move(reply));
    slot.reply_orders_.push_back(order);
    if (!reason.empty()) {
        slot.abort_ = std::move(reason);
    }
    if (!payload.empty()) {
        slot.chain_->payload = std::move(payload);
    }
    ++counters_.accepted;
    if (responder != nullptr) {
        ++responder->record->replied;
        responder->record->vetoed += vetoes ? 1U : 0U;
        conclude(slot, *responder, core::responder::state::replied);
    } else {
        slot.outsiders_.push_back(replier.client_id);
    }
    advance(slot, now);
}

waits::loan::~loan() {
    if (slot* const open = waits_.find_open(slot_)) {
        open->drop_borrowed_reply();
    }
}

respond_result waits::refuse(refusal reason) noexcept {
    ++counters_.refused[static_cast<std::size_t>(reason)];
    return {reason};
}

std::optional<error> waits::charge(slot& slot, std::size_t bytes) {
    if (bytes > slot.memory_.bytes()) {
        if (auto failure = budgets_.refuse_memory(slot.user_, bytes - slot.memory_.bytes())) {
            return failure;
        }
    }
    slot.memory_.resize(bytes);
    return std::nullopt;
}

std::optional<error> waits::charge_reply(slot& slot, const responder* responder, const replier& replier,
    const protocol::respond_params& params, std::size_t rewritten_bytes) {
    const bool is_failure = !params.failed.empty();
    // With what holds it: small replies of many passers-by would else take memory that is not counted.
    const std::size_t bytes = is_failure ? params.failed.view().size()
                                         : sizeof(protocol::wait_result::reply) + params.response.size() +
                                               (slot.abort_.empty() ? params.abort.raw.size() : 0) + rewritten_bytes;
    const bool pays_too = replier.user.is_named() && &replier.user != &slot.user_;
    if (pays_too) {
        if (auto failure = budgets_.refuse_share(replier.user, bytes)) {
            return failure;
        }
    }
    std::size_t to_come = slot.replies_to_come();
    if (!slot.decides_at_once()) {
        to_come -= responder != nullptr ? 1 : 0;
    } else if (!is_failure) {
        to_come = 0;  // it is the one that decides
    }
    const bool has_reason = !slot.abort_.empty() || !params.abort.raw.empty();
    if (auto failure = charge(slot, slot.bytes_needed(bytes, to_come, has_reason))) {
        return failure;
    }
    slot.reply_bytes_ += bytes;
    if (pays_too) {
        slot.reply_users_.emplace_back(replier.user, bytes);
    }
    return std::nullopt;
}

// --- what that comes to ---

// Ends the wait if nothing is left to wait for.
void waits::advance(slot& slot, instant now) {
    if (slot.kept_) {
        return;
    }
    const bool is_first = slot.policy_ == wait_policy::first && !slot.replies_.empty() &&
                          (slot.require_.empty() || !slot.waits_for_required());
    if (is_first || slot.is_vetoed()) {
        return keep_or_finish(slot, outcome::answered, now);
    }
    if (slot.chain_) {
        ask_next(slot, now);
    }
    if (slot.waiting_for_ > 0 || slot.responders_.empty()) {
        return;
    }
    const auto& all = slot.responders_;
    const bool lost_one = std::any_of(all.begin(), all.end(), [](const responder& each) { return each.is_lost(); });
    if (!lost_one) {
        const bool one_spoke =
            std::any_of(all.begin(), all.end(), [](const responder& each) { return each.has_spoken(); });
        const auto without_replies = slot.asks_cluster_ && !one_spoke ? outcome::no_subscribers : outcome::abstained;
        keep_or_finish(slot, slot.replies_.empty() ? without_replies : outcome::answered, now);
    } else if (!slot.is_reserved_) {
        finish(slot, outcome::abandoned, now);
    }
}

void waits::ask_next(slot& slot, instant now) {
    using turn_state = wait_listener::turn::state;
    condition_steps steps;
    std::optional<payload_view> payload;
    while (responder* const next = slot.next_turn()) {
        if (next->session == nullptr) {
            return;  // an earlier process would have asked it, and it is not there yet
        }
        if (!payload) {
            payload.emplace(next->session->where().pointers(), slot.payload_of_turn(), steps);
        }
        const auto turn = listener_.begin_turn(slot, *next->session, *payload, now);
        if (turn.is == turn_state::taken) {
            return ask(*next, turn.place);
        }
        if (turn.is == turn_state::put_off) {
            return;
        }
        if (turn.is == turn_state::passed) {
            record_reply(slot, *next, responder::state::passed);
        } else if (next->is_waiting()) {  // else the room that the event took has cost it the session
            ++next->record->lagged;
            record_reply(slot, *next, responder::state::lagged);
        }
    }
}

void waits::advance_some_pending(instant now) {
    for (std::size_t steps = 0; steps < most_steps && has_pending();) {
        if (!orphans_.empty()) {
            waiter& next = orphans_.front();
            if (next.is_waiting()) {
                steps += steps_of(*next.slot_);
                give_up(next, false, now);
            } else {
                ++steps;
                orphans_.pop_front();  // its verdict waits for the log, and no client takes it any more
            }
            continue;
        }
        slot& next = pending_.front();
        pending_.pop_front();
        steps += steps_of(next);
        advance(next, now);
    }
}

}  // namespace hookd::core
