#include "broker_state.hpp"

#include <algorithm>
#include <functional>

// Push sessions: how they begin, resume and end.
namespace hookd::core {

using protocol::errc;
using protocol::error;

/// Which names a session matches. Asked of thousands of events at once, which mostly share few names, while a pattern may take long.
class broker_state::name_matcher {
public:
    explicit name_matcher(const session& of) noexcept : of_(of) {}

    /// `name` must outlive this.
    [[nodiscard]] bool operator()(std::string_view name) {
        const auto [known, is_new] = known_.try_emplace(name, false);
        if (is_new) {
            known->second = of_.matches(name);
        }
        return known->second;
    }

private:
    const session& of_;
    boost::unordered_flat_map<std::string_view, bool> known_{};
};

std::optional<error> broker_state::refuse_resume(name_matcher& matches, const protocol::subscribe_params& params) const {
    const auto refusal = [this](std::string message) {
        return error{errc::resume_impossible, std::move(message),
                     protocol::resume_data(instance_, log_.oldest_seq(), head_seq_)};
    };
    if (!params.instance.empty() && protocol::parse_uuid(params.instance.view()) != instance_) {
        return refusal("cannot resume: that was another run of the daemon; subscribe without after_seq to start afresh");
    }
    if (!params.after_seq) {
        return std::nullopt;
    }
    if (*params.after_seq > head_seq_) {
        return refusal("cannot resume: after_seq is past the newest event; subscribe without after_seq to start afresh");
    }
    if (!log_.is_complete_after(*params.after_seq, std::ref(matches))) {
        return refusal("cannot resume: events after after_seq are no longer retained; subscribe without after_seq to start afresh");
    }
    return std::nullopt;
}

broker_state::result_or_error<protocol::subscribe_result> broker_state::subscribe(client& by,
                                                                                  const protocol::subscribe_params& params) {
    if (shutting_down_) {
        return error{errc::shutting_down, "the daemon is shutting down: connect again when it is back"};
    }
    if (by.push) {
        return error{errc::already_subscribed,
                     "this connection already has a push session: unsubscribe first, or subscribe on another connection"};
    }
    if (!by.may_use_set_aside_names && set_aside_names_.contains(std::string{params.name.view()})) {
        return error{errc::invalid_params,
                     "parameter 'name': \"" + std::string{params.name.view()} + "\" is a registered hook, and no other session may have its name"};
    }
    auto made = std::make_unique<session>();
    made->patterns = params.events;
    name_matcher matches{*made};
    if (auto failure = refuse_resume(matches, params)) {
        return std::move(*failure);
    }
    made->id = ++last_session_id_;
    made->of = &by;
    made->name = std::make_shared<const std::string>(params.name.empty() ? default_name(by) : std::string{params.name.view()});
    made->responds = params.responds && !by.hung_up;
    made->last_seq = params.after_seq.value_or(head_seq_);
    by.push = std::move(made);
    queue_for_newcomer(*by.push, matches, params.after_seq);
    topics_.add(*by.push);
    return protocol::subscribe_result{instance_, head_seq_, params.after_seq.has_value()};
}

void broker_state::queue_for_newcomer(session& newcomer, name_matcher& matches, std::optional<std::uint64_t> after_seq) {
    std::vector<event::pointer> events;
    if (after_seq) {
        log_.for_each_after(*after_seq, [&](const event::pointer& each) {
            if (matches(each->name())) {
                events.push_back(each);
            }
        });
    }
    if (newcomer.responds) {
        // Emitters that wait for a first responder: it gets their events before any other, or in their place where it replays them.
        for (auto at = unclaimed_.begin(); at != unclaimed_.end();) {
            slot& each = *at++;
            if ((after_seq && each.seq <= *after_seq) || !matches(each.event_name)) {
                continue;
            }
            const auto place = std::lower_bound(events.begin(), events.end(), each.seq,
                                                [](const event::pointer& a, std::uint64_t seq) { return a->seq() < seq; });
            if (place == events.end() || (*place)->seq() != each.seq) {
                if (events.size() >= limits_.capacity) {
                    break;  // no more than may wait for it; the others go on waiting for another
                }
                events.insert(place, each.unclaimed);
            }
            claim(each, newcomer);
        }
    }
    for (const auto& each : events) {
        queue(*newcomer.of, *each);
    }
}

void broker_state::set_names_aside(const std::vector<std::string>& names) {
    set_aside_names_ = {names.begin(), names.end()};
    for (const auto& [id, each] : clients_) {
        if (each->push && !each->may_use_set_aside_names && set_aside_names_.contains(*each->push->name)) {
            each->push->name = std::make_shared<const std::string>(default_name(*each));
        }
    }
}

bool broker_state::change_patterns(client& by, std::vector<std::string> patterns) {
    if (!by.push || by.push->closing) {
        return false;
    }
    topics_.remove(*by.push);
    by.push->patterns = std::move(patterns);
    name_matcher matches{*by.push};
    queue_for_newcomer(*by.push, matches, std::nullopt);
    topics_.add(*by.push);
    return true;
}

void broker_state::withdraw(client& by) {
    if (by.push && !by.push->closing) {
        topics_.remove(*by.push);
        by.push->patterns.clear();  // nor is it to be found by them when it ends
        by.push->has_globs = false;
    }
}

broker_state::unsubscribed broker_state::unsubscribe(client& by, instant now) {
    if (!by.push) {
        return {};
    }
    drop_queue(by);
    if (by.push->closing) {
        --closing_;
    } else {
        topics_.remove(*by.push);
        leave_debts(*by.push, now);
    }
    const unsubscribed result{true, by.push->last_seq};
    by.push.reset();
    return result;
}

void broker_state::close(session& which, protocol::close_reason reason, instant now) {
    if (which.closing) {
        return;
    }
    which.closing = reason;
    ++closing_;
    lagged_ += reason == protocol::close_reason::lagged ? 1U : 0U;
    topics_.remove(which);
    leave_debts(which, now);
    mark_ready(*which.of);
}

std::optional<broker_state::ended> broker_state::take_ended(client& to) {
    if (!to.push || !to.push->closing || to.handed_out != to.outbox.size()) {
        return std::nullopt;
    }
    const ended result{*to.push->closing, to.push->last_seq};
    to.push.reset();
    --closing_;
    return result;
}

void broker_state::shut_down(instant now) {
    shutting_down_ = true;
    while (!deadlines_.empty()) {
        auto& first = *deadlines_.begin();
        slot& each = first.type == deadline::kind::slot ? static_cast<slot&>(first) : *static_cast<waiter&>(first).waits_on;
        if (each.kept) {
            drop(each, protocol::refusal::expired);  // nobody asked
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
