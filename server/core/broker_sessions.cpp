// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <tuple>

// Push sessions: how they begin, resume and end.
namespace hookd::core {

using protocol::errc;
using protocol::error;

namespace {

// What a session may change while it is open.
void set_terms(session& of, const protocol::subscribe_params& params) {
    of.patterns = params.events;
    of.asked_only = params.asked_only;
    of.where = params.where;
    of.insists = params.on_failure == protocol::failure_policy::closed;
    of.order = params.order;
    of.shadow = params.shadow;
    of.spans_cluster = params.scope == protocol::event_scope::cluster;
}

}  // namespace

/// Which names a session matches. Asked of thousands of events at once, which mostly share few names. Once it has taken
/// most_steps, it says no to all that it has not been asked before.
class broker::name_matcher {
public:
    explicit name_matcher(const session& of) noexcept : of_(of) {}

    /// `name` must outlive this.
    [[nodiscard]] bool operator()(std::string_view name) {
        const auto [known, is_new] = known_.try_emplace(name, false);
        if (is_new) {
            known->second = compare(name);
        }
        return known->second;
    }
    /// The same without room for each name that it is asked about; the last one's answer is at hand.
    [[nodiscard]] bool once(std::string_view name) {
        if (name != last_name_) {
            last_name_ = name;
            last_answer_ = compare(name);
        }
        return last_answer_;
    }

    [[nodiscard]] std::optional<error> refuse() const {
        if (steps_ <= most_steps) {
            return std::nullopt;
        }
        return protocol::limit_error("match_steps", most_steps,
            "parameter 'events' takes too many steps to compare with the events that wait or are retained: subscribe "
            "with fewer patterns, or with fewer stars in them");
    }

private:
    // A step takes some nanoseconds; everybody waits meanwhile.
    static constexpr std::size_t most_steps = 2'000'000;

    [[nodiscard]] bool compare(std::string_view name) {
        if (steps_ > most_steps) {
            return false;
        }
        glob_subject subject{name};
        const bool answer = of_.matches(subject);
        steps_ += subject.steps();
        return answer;
    }

    const session& of_;
    std::size_t steps_ = 0;
    boost::unordered_flat_map<std::string_view, bool> known_{};
    std::string_view last_name_{};
    bool last_answer_ = false;
};

std::optional<error> broker::refuse_resume(name_matcher& matches, const protocol::subscribe_params& params) const {
    const auto refusal = [this](std::string message) {
        return error{errc::resume_impossible, std::move(message),
            protocol::resume_data(instance_, log_.oldest_seq(), head_seq_)};
    };
    if (!params.instance.empty() && protocol::parse_uuid(params.instance.view()) != instance_) {
        return refusal(
            "cannot resume: that was another run of the daemon; subscribe without after_seq to start afresh");
    }
    if (!params.after_seq) {
        return std::nullopt;
    }
    if (*params.after_seq > head_seq_) {
        return refusal(
            "cannot resume: after_seq is past the newest event; subscribe without after_seq to start afresh");
    }
    const bool spans_cluster = params.scope == protocol::event_scope::cluster;
    std::size_t steps_left = payload_view::most_steps;
    const auto concerns = [&](const dropped_event& each) {
        return (each.expects_response || !params.asked_only) && (spans_cluster || !each.is_foreign) &&
               matches(each.name) && each.may_meet(params.where, steps_left);
    };
    if (!log_.is_complete_after(*params.after_seq, concerns)) {
        return refusal(
            "cannot resume: events after after_seq are no longer retained; subscribe without after_seq to start "
            "afresh");
    }
    return std::nullopt;
}

broker::result_or_error<protocol::subscribe_result> broker::subscribe(
    client& by, const protocol::subscribe_params& params, instant now) {
    if (shutting_down_) {
        return error{errc::shutting_down, "the daemon is shutting down: connect again when it is back"};
    }
    if (by.push && !by.push->told) {
        return error{errc::already_subscribed,
            "this connection already has a push session: unsubscribe first, or subscribe on another connection"};
    }
    if (!by.may_use_set_aside_names && set_aside_names_.contains(std::string{params.name.view()})) {
        return error{errc::invalid_params, "parameter 'name': \"" + std::string{params.name.view()} +
                                               "\" is a registered hook, and no other session may have its name"};
    }
    auto made = std::make_unique<session>();
    set_terms(*made, params);
    name_matcher matches{*made};
    if (auto failure = refuse_patterns(by, params.events)) {
        return std::move(*failure);
    }
    if (auto failure = refuse_resume(matches, params)) {
        return std::move(*failure);
    }
    made->of = &by;
    made->record =
        params.name.empty() ? std::make_shared<responder_record>(default_name(by)) : records_.of(params.name.view());
    made->responds = params.responds && !by.half_closed;
    made->cancellations = params.cancellations;
    made->verdicts = params.verdicts;
    made->last_seq = params.after_seq.value_or(head_seq_);
    auto found = collect_backlog(*made, matches, params.after_seq);
    if (auto failure = matches.refuse()) {
        return std::move(*failure);
    }
    log_.remember_pointers(params.where);
    take_over(by, std::move(made));
    add_continued(found, by.push->id, params.after_seq);
    deliver_backlog(*by.push, found);
    topics_.add(*by.push);
    announce_session(*by.push);
    advance_pending(now);
    return protocol::subscribe_result{instance_, head_seq_, params.after_seq.has_value()};
}

// A session that lagged leaves its successor what it owes, and its id, by which slots know who may reply.
void broker::take_over(client& by, std::unique_ptr<session> next) {
    if (by.push) {
        next->id = by.push->id;
        next->expected_replies = std::exchange(by.push->expected_replies, {});
        for (const auto& each : next->expected_replies) {
            each.to->responders[each.responder].from = next.get();
        }
        if (!next->spans_cluster) {
            withdraw_session(*by.push);
        }
        remove_session(by);
    } else {
        next->id = take_expected_id(*next).value_or(last_session_id_ + 1);
        last_session_id_ = std::max(last_session_id_, next->id);
    }
    verdict_sessions_ += next->verdicts ? 1U : 0U;
    by.push = std::move(next);
}

// What it replays, and what emitters that wait for a first responder have: it gets their events before any other, or in
// their place where it replays them.
broker::backlog broker::collect_backlog(
    const session& newcomer, name_matcher& matches, std::optional<std::uint64_t> after_seq) {
    backlog found;
    auto& events = found.events;
    const auto wanted = [&newcomer](const event& each) {
        payload_view payload{each.payload()};
        return sees(newcomer, each.host()) && wants(newcomer, each.expects_response(), payload);
    };
    if (after_seq) {
        log_.for_each_after(*after_seq, [&](const event::pointer& each) {
            if (matches(each->name()) && wanted(*each)) {
                events.push_back(each);
            }
        });
    }
    if (!newcomer.decides()) {
        return found;
    }
    for (auto& each : parked_) {
        if ((after_seq && each.seq <= *after_seq) || !matches.once(each.event_name) || !wanted(*each.parked)) {
            continue;
        }
        const auto place = std::lower_bound(events.begin(), events.end(), each.seq,
            [](const event::pointer& a, std::uint64_t seq) { return a->seq() < seq; });
        if (place == events.end() || (*place)->seq() != each.seq) {
            if (events.size() >= limits_.capacity) {
                break;  // no more than may wait for it; the others go on waiting for another
            }
            events.insert(place, each.parked);
        }
        found.assigned.push_back(&each);
    }
    return found;
}

void broker::deliver_backlog(session& newcomer, const backlog& found) {
    const std::uint64_t first_place = newcomer.of->sent + newcomer.of->outbox.size();
    for (std::size_t i = 0, next = 0; i < found.events.size(); ++i) {
        if (next < found.assigned.size() && found.assigned[next]->seq == found.events[i]->seq()) {
            assign(*found.assigned[next++], newcomer, first_place + i);
        }
        queue(*newcomer.of, *found.events[i]);
    }
    for (slot* const each : found.continued) {
        continue_wait(*each, newcomer, found.events, first_place);
    }
}

void broker::set_names_aside(const std::vector<std::string>& names, const std::vector<std::string>& disabled) {
    set_aside_names_.clear();
    for (const auto& each : names) {
        set_aside_names_.emplace(each, std::find(disabled.begin(), disabled.end(), each) == disabled.end());
    }
    for (const auto& [id, each] : clients_) {
        if (each->push && !each->may_use_set_aside_names && set_aside_names_.contains(each->push->name())) {
            each->push->record = std::make_shared<responder_record>(default_name(*each));
            announce_session(*each->push);
        }
    }
}

bool broker::change_session(client& by, const protocol::subscribe_params& params) {
    if (!by.push || by.push->closing) {
        return false;
    }
    topics_.remove(*by.push);
    const bool spanned_cluster = by.push->spans_cluster;
    set_terms(*by.push, params);
    log_.remember_pointers(params.where);
    if (spanned_cluster && !by.push->spans_cluster && cluster_ != nullptr) {
        cluster_->withdraw(by.push->id);
    }
    name_matcher matches{*by.push};
    deliver_backlog(*by.push, collect_backlog(*by.push, matches, std::nullopt));
    topics_.add(*by.push);
    announce_session(*by.push);
    return true;
}

void broker::withdraw(client& by) {
    if (by.push) {
        topics_.remove(*by.push);
        withdraw_session(*by.push);
        by.push->patterns.clear();  // nor is it to be found by them when it ends
        by.push->has_globs = false;
    }
}

broker::unsubscribed broker::unsubscribe(client& by, instant now) {
    if (!by.push || by.push->told) {
        return {};
    }
    const unsubscribed result{true, by.push->last_seq};
    end_session(by, now);
    return result;
}

void broker::end_session(client& of, instant now) {
    if (!of.push) {
        return;
    }
    drop_queue(of);
    of.notices.clear();
    replays_.fail(*of.push, "left", now.steady);
    abandon_expected(*of.push, now);  // which may close it, for what it is told by that
    closing_ -= of.push->closing && !of.push->told ? 1U : 0U;
    forget_session(of);
    advance_pending(now);
}

void broker::forget_session(client& of) {
    withdraw_session(*of.push);
    remove_session(of);
}

void broker::remove_session(client& of) {
    topics_.remove(*of.push);
    verdict_sessions_ -= of.push->verdicts ? 1U : 0U;
    of.push.reset();
}

std::string broker::name_of(const client& who) { return who.push ? who.push->name() : default_name(who); }

protocol::who_result broker::who(const protocol::who_params& params) const {
    protocol::who_result result;
    result.timeout = limits_.default_timeout;
    payload_view conditions{params.payload};
    for (const session* const each : topics_.matching(params.event.view())) {
        if (!wants(*each, true, conditions)) {
            continue;
        }
        if (!each->responds) {
            result.observers += each->closing ? 0U : 1U;
            continue;
        }
        result.responders.push_back({.name = each->name(),
            .pid = each->of->may_use_set_aside_names ? 0 : each->of->who.pid,
            .uid = each->of->who.uid,
            .registered = each->of->may_use_set_aside_names,
            .on_failure = each->insists ? protocol::failure_policy::closed : protocol::failure_policy::open,
            .order = each->order,
            .state = each->closing  ? "lagged"
                     : each->shadow ? "shadow"
                                    : "ok"});
    }
    if (params.scope == protocol::event_scope::cluster && cluster_ != nullptr) {
        cluster_->add_responders(params.event.view(), result);
    }
    std::stable_sort(result.responders.begin(), result.responders.end(),
        [](const auto& a, const auto& b) { return std::tie(a.order, a.name) < std::tie(b.order, b.name); });
    return result;
}

void broker::close(session& which, protocol::close_reason reason, instant now) {
    if (which.closing) {
        return;
    }
    which.closing = reason;
    replays_.fail(which, to_string(reason), now.steady);
    ++closing_;
    lagged_ += reason == protocol::close_reason::lagged ? 1U : 0U;
    if (reason != protocol::close_reason::lagged && reason != protocol::close_reason::gap) {
        topics_.remove(which);
        abandon_expected(which, now);
    } else if (!which.decides()) {
        topics_.remove(which);  // nobody misses it
    }
    mark_ready(*which.of);
}

void broker::drop_queue(client& of) { of.outbox.pop_back(of.outbox.size() - of.peeked); }

// Drops what has not been handed out to a session that lagged: its replies to that will never come.
void broker::lose_queue(client& of) {
    drop_queue(of);
    of.notices.remove_if([](const notice& each) { return each.verdict != nullptr; });
    auto& expected_replies = of.push->expected_replies;
    for (std::size_t i = expected_replies.size(); i > 0; --i) {
        const expected_reply each = expected_replies[i - 1];
        auto& lost = each.to->responders[each.responder];
        if (lost.place >= of.next_place()) {
            ++lost.record->lagged;
            record_reply(*each.to, lost,
                responder::state::lagged);  // the last one, which has been looked at, moves to its place
            pending_.push_back(each.to->id);
        }
    }
}

std::optional<broker::ended> broker::take_ended(client& to) {
    if (!to.push || !to.push->closing || to.push->told || to.peeked != to.outbox.size()) {
        return std::nullopt;
    }
    const ended result{*to.push->closing, to.push->last_seq};
    --closing_;
    const bool owes = result.reason == protocol::close_reason::lagged || result.reason == protocol::close_reason::gap;
    if (owes && to.push->decides()) {
        to.push->told = true;
    } else {
        forget_session(to);
    }
    return result;
}

void broker::shut_down(instant now) {
    shutting_down_ = true;
    write_changes();
    durability_.end();  // a retry after the restart takes up what ends now
    if (bypass_) {
        end_bypass("ended with the daemon");
    }
    while (!deadlines_.empty()) {
        auto& first = *deadlines_.begin();
        slot& each =
            first.type == deadline::kind::slot ? static_cast<slot&>(first) : *static_cast<waiter&>(first).waits_on;
        if (each.kept) {
            conclude_unheard(each, *each.kept, now);
            drop(each, protocol::refusal::expired, now);  // nobody asked
        } else {
            finish(each, protocol::outcome::shutdown, now);
        }
    }
    for (auto& [id, each] : clients_) {
        if (each->push) {
            close(*each->push, protocol::close_reason::shutdown, now);
        }
    }
}

}  // namespace hookd::core
