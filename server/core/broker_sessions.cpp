// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <tuple>

// Push sessions: how they begin, resume, change and end.
namespace hookd::core {

using protocol::errc;
using protocol::error;

std::optional<error> broker::refuse_subscription(const client& client, const protocol::subscribe_params& params) const {
    if (shutting_down_) {
        return shutdown_error();
    }
    if (client.session() != nullptr && !client.session()->is_ended()) {
        return error{errc::already_subscribed,
            "this connection already has a push session: unsubscribe first, or subscribe on another connection"};
    }
    if (!client.options().may_use_set_aside_names && set_aside_names_.contains(std::string{params.name.view()})) {
        return error{errc::invalid_params, "parameter 'name': \"" + std::string{params.name.view()} +
                                               "\" is a registered hook, and no other session may have its name"};
    }
    return budgets::refuse_patterns(
        client.account().user(), sessions_.topics().pattern_bytes(), topic_table::pattern_bytes(params.events));
}

broker::result_or_error<protocol::subscribe_result> broker::subscribe(
    client& client, const protocol::subscribe_params& params, instant now, const missed_events& missed) {
    if (auto failure = refuse_subscription(client, params)) {
        return std::move(*failure);
    }
    auto found = find_backlog(client, params, missed, now);
    if (auto* const failure = std::get_if<error>(&found)) {
        return std::move(*failure);
    }
    auto& first = std::get<backlog>(found);
    const auto absent = first.is_cut ? std::nullopt : find_absent(client, params);
    auto made = std::make_unique<session>(absent.value_or(sessions_.next_session_id(client)), client, params,
        params.responds && !client.is_half_closed(), params.after_seq.value_or(head_seq_),
        sessions_.topics().pointers());
    if (absent) {
        add_restored(first, *made, params.after_seq);
    }
    log_.remember_pointers(params.where);
    sessions::rename(*made, params.name.empty() ? std::make_shared<responder_record>(client.default_name())
                                                : records_.of(params.name.view()));
    if (absent) {
        absent_.remove(made->name());
    }
    session& opened = replace_session(client, std::move(made));
    deliver_backlog(opened, first);
    sessions_.list(opened);
    if (first.is_cut) {
        sessions_.close(opened, protocol::close_reason::lagged, now);
    }
    announce_to_cluster(opened);
    waits_.advance_pending(now);
    return protocol::subscribe_result{instance_, head_seq_, params.after_seq.has_value()};
}

// A session that lagged leaves its successor the replies that are expected of it, and its id, by which slots know who
// may reply.
session& broker::replace_session(client& client, std::unique_ptr<session> next) {
    if (session* const ended = client.session()) {
        waits::transfer_expected(*ended, *next);
        if (!next->spans_cluster()) {
            withdraw_from_cluster(*ended);
        }
    }
    return sessions_.open(client, std::move(next));
}

// What it replays, and what emitters that wait for a first responder have: it gets their events before any other, or in
// their place if it replays them.
void broker::add_kept(backlog& found, const session& session, name_matcher& matches,
    std::optional<std::uint64_t> after_seq, std::uint64_t through_seq) {
    auto& events = found.events;
    auto steps = steps_of_resume;
    const auto is_wanted = [&session, &steps](const event& each) {
        payload_view payload{session.where().pointers(), each.payload(), steps};
        return sessions::sees(session, each.is_foreign()) && sessions::wants(session, each.expects_response(), payload);
    };
    if (after_seq) {
        log_.for_each_after(std::max(*after_seq, through_seq), [&](const event::pointer& each) {
            if (matches(each->name()) && is_wanted(*each)) {
                events.push_back(each);
            }
        });
    }
    if (!session.decides()) {
        return;
    }
    waits_.for_each_parked([&](slot& each) {
        if ((after_seq && each.seq() <= *after_seq) || !matches.once(each.event_name()) || !is_wanted(*each.parked())) {
            return true;
        }
        const auto place = std::lower_bound(events.begin(), events.end(), each.seq(),
            [](const event::pointer& a, std::uint64_t seq) { return a->seq() < seq; });
        if (place == events.end() || (*place)->seq() != each.seq()) {
            if (events.size() >= limits_.capacity) {
                return false;  // no more than may wait for it; the others continue to wait for another
            }
            events.insert(place, each.parked());
        }
        found.parked.push_back(&each);
        return true;
    });
}

// The absent session of an earlier process that one of that name is, if it decides and continues none of its own.
std::optional<std::uint64_t> broker::find_absent(const client& client, const protocol::subscribe_params& params) const {
    if (absent_.empty() || client.session() != nullptr || !params.responds || params.shadow ||
        client.is_half_closed()) {
        return std::nullopt;
    }
    return absent_.find(params.name.empty() ? client.default_name() : std::string{params.name.view()});
}

// The waits that the absent session of that id was asked in; it gets their events, unless it has them or gets them at
// its turn.
void broker::add_restored(backlog& found, const session& session, std::optional<std::uint64_t> after_seq) {
    waits_.for_each_restored(session.id(), [&](slot& each, const event::pointer& event) {
        found.restored.push_back(&each);
        if (each.is_chain() || (after_seq && each.seq() <= *after_seq)) {
            return;
        }
        const auto place = std::lower_bound(found.events.begin(), found.events.end(), each.seq(),
            [](const event::pointer& a, std::uint64_t seq) { return a->seq() < seq; });
        if (place == found.events.end() || (*place)->seq() != each.seq()) {
            found.events.insert(place, event);
        }
    });
}

void broker::deliver_backlog(session& session, const backlog& missed) {
    client& client = session.client();
    auto next = missed.parked.begin();
    auto restored = missed.restored.begin();
    for (const auto& each : missed.events) {
        if (next != missed.parked.end() && (*next)->seq() == each->seq()) {
            waits_.assign(**next++, session, client.end_place());
        }
        for (; restored != missed.restored.end() && (*restored)->seq() <= each->seq(); ++restored) {
            const bool is_asked = (*restored)->seq() == each->seq();
            waits_.expect_again(**restored, session, is_asked ? std::optional{client.end_place()} : std::nullopt);
        }
        sessions_.queue(client, *each);
    }
    for (; restored != missed.restored.end(); ++restored) {
        waits_.expect_again(**restored, session, std::nullopt);
    }
}

void broker::set_names_aside(const std::vector<std::string>& names, std::vector<protocol::hook_definition> disabled) {
    set_aside_names_.clear();
    for (const auto& each : names) {
        set_aside_names_.emplace(each, true);
    }
    for (const auto& each : disabled) {
        set_aside_names_.insert_or_assign(each.name, false);
    }
    sessions_.topics().set_disabled(std::move(disabled));
    sessions_.for_each([this](client& each) {
        session* const session = each.session();
        if (session != nullptr && !each.options().may_use_set_aside_names &&
            set_aside_names_.contains(session->name())) {
            sessions::rename(*session, std::make_shared<responder_record>(each.default_name()));
            announce_to_cluster(*session);
        }
    });
}

bool broker::change_session(client& client, const protocol::subscribe_params& params) {
    session* const session = client.session();
    if (session == nullptr || session->closing()) {
        return false;
    }
    sessions_.unlist(*session);
    const bool spanned_cluster = session->spans_cluster();
    sessions::change(*session, params);
    log_.remember_pointers(params.where);
    if (spanned_cluster && !session->spans_cluster() && cluster_ != nullptr) {
        cluster_->withdraw(session->id());
    }
    name_matcher matches{*session};
    backlog found;
    add_kept(found, *session, matches, std::nullopt, 0);
    deliver_backlog(*session, found);
    sessions_.list(*session);
    announce_to_cluster(*session);
    return true;
}

void broker::withdraw(client& client) {
    if (session* const session = client.session()) {
        sessions_.unlist(*session);
        withdraw_from_cluster(*session);
    }
}

broker::unsubscribed broker::unsubscribe(client& client, instant now) {
    if (client.session() == nullptr || client.session()->is_ended()) {
        return {};
    }
    const unsubscribed result{true, client.session()->last_seq()};
    end_session(client, now);
    return result;
}

void broker::end_session(client& client, instant now) {
    session* const session = client.session();
    if (session == nullptr) {
        return;
    }
    sessions::drop_output(client);
    replays_.fail(*session, "left", now.steady);
    waits_.abandon_expected(*session);
    remove_session(client);
    waits_.advance_pending(now);
}

void broker::remove_session(client& client) {
    withdraw_from_cluster(*client.session());
    sessions_.remove(client);
}

void broker::session_closing(session& session, protocol::close_reason reason, instant now) {
    replays_.fail(session, to_string(reason), now.steady);
    if (reason != protocol::close_reason::lagged && reason != protocol::close_reason::gap) {
        waits_.abandon_expected(session);
    }
}

std::optional<sessions::ended> broker::take_ended(client& client) {
    const auto ended = sessions_.take_ended(client);
    if (ended && ended->is_over) {
        remove_session(client);
    }
    return ended;
}

protocol::who_result broker::who(const protocol::who_params& params) const {
    protocol::who_result result;
    result.timeout = limits_.default_timeout;
    condition_steps steps;
    payload_view payload{sessions_.topics().pointers(), params.payload, steps};
    const auto found = sessions_.topics().look_up(params.event.view());
    pass_list passed;
    note_disabled(found, true, payload, passed);
    for (const session* const each : found.matches) {
        if (!sessions::wants(*each, true, payload)) {
            note_passed(&passed, *each, protocol::pass_reason::where);
            continue;
        }
        if (!each->responds()) {
            result.observers += each->closing() ? 0U : 1U;
            continue;
        }
        const client& client = each->client();
        const bool is_registered = client.options().may_use_set_aside_names;
        result.responders.push_back({.name = each->name(),
            .pid = is_registered ? 0 : client.peer().pid,
            .uid = client.peer().uid,
            .registered = is_registered,
            .on_failure = each->insists() ? protocol::failure_policy::closed : protocol::failure_policy::open,
            .order = each->order(),
            .state = each->closing()     ? "lagged"
                     : each->is_shadow() ? "shadow"
                                         : "ok"});
    }
    result.passed_over = passed.share(result.passed_over);
    if (params.scope == protocol::event_scope::cluster && cluster_ != nullptr) {
        cluster_->add_responders(params.event.view(), result);
    }
    std::stable_sort(result.responders.begin(), result.responders.end(),
        [](const auto& a, const auto& b) { return std::tie(a.order, a.name) < std::tie(b.order, b.name); });
    return result;
}

}  // namespace hookd::core
