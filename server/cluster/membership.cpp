// SPDX-License-Identifier: BSL-1.0
#include "cluster/membership.hpp"

#include "core/broker.hpp"

#include <base/text/glob.hpp>

#include <algorithm>
#include <utility>

namespace hookd::cluster {

namespace {

// How long a helper that is up may owe an answer to what it was sent.
constexpr std::chrono::seconds longest_debt{10};

constexpr std::uint32_t alarming_permille = 500;

constexpr std::size_t most_responders = 1024;  // of other hosts, of one question
constexpr std::size_t most_told = 1024;        // events whose telling is under way

template <class Map, class Time>
bool has_older_than(const Map& map, std::chrono::steady_clock::time_point limit, Time time_of) {
    return std::any_of(map.begin(), map.end(), [&](const auto& each) { return time_of(each.second) < limit; });
}

}  // namespace

membership::membership(surroundings environment, membership_options options)
    : environment_(std::move(environment)),
      options_(std::move(options)),
      foreign_(std::make_shared<foreign_questions>(
          environment_.events, [this](std::string frame) { link_->send(std::move(frame)); })),
      link_(std::make_shared<helper_link>(environment_.context, environment_.events, environment_.log, *this,
          [file = options_.url_file] { return helper_for(read_url(file)); })) {}

void membership::stop() {
    link_->stop();
    fail_all("the daemon is shutting down");
}

bool membership::takes(std::string_view event) const {
    return options_.events.empty() ||
           std::any_of(options_.events.begin(), options_.events.end(),
               [event](const std::string& pattern) { return base::glob_matches(pattern, event); });
}

// In the turn that goes on, or one of its own.
template <class Work>
void membership::with_broker(Work work) {
    environment_.events.run([&work](core::broker& state, const core::instant& now) { work(state, now); });
}

void membership::say(server::log_level level, const std::string& text) const {
    environment_.log.write(level, "cluster " + options_.url_file.string() + ": " + text);
}

// --- to the helper ---

std::optional<std::string> membership::ask(const core::cluster_event& asked) {
    if (state_ != link_state::up) {
        ++failed_;
        return why_down_;
    }
    ++asked_;
    open_.emplace(asked.id, question{clock::now(), false});
    link_->send(ask_frame(asked));
    return std::nullopt;
}

void membership::close(const uuid& id) {
    if (open_.erase(id) != 0) {
        link_->send(close_frame(id));
    }
}

void membership::tell(const core::cluster_event& event, core::cluster_port::told_handler on_told) {
    std::string refused = state_ != link_state::up    ? why_down_
                          : told_.size() >= most_told ? "too many events wait to be told already"
                                                      : "";
    if (!refused.empty()) {
        ++failed_;
        return environment_.events.run_later([on_told = std::move(on_told), refused = std::move(refused)](
                                                 core::broker&, const core::instant&) { on_told(refused); });
    }
    const auto request = ++last_request_;
    told_.emplace(request, told_event{clock::now(), std::move(on_told)});
    link_->send(tell_frame(request, event));
}

void membership::announce(std::uint64_t session_id, const visible_session& session) {
    if (state_ == link_state::up) {
        unknown_[session_id] = clock::now();
        link_->send(session_frame(session_id, session));
    }
}

void membership::withdraw(std::uint64_t session_id) {
    unknown_.erase(session_id);
    if (state_ == link_state::up) {
        link_->send(session_gone_frame(session_id));
    }
}

// --- the helper's life ---

void membership::on_started() {
    link_->send(hello_frame(
        {read_url(options_.url_file), environment_.host, environment_.events.instance(), environment_.lease}));
}

std::string membership::on_tick(clock::time_point now) {
    const auto limit = now - longest_debt;
    const bool owes_asked = std::any_of(open_.begin(), open_.end(),
        [limit](const auto& each) { return !each.second.is_asked && each.second.asked_at < limit; });
    if (owes_asked || has_older_than(told_, limit, [](const told_event& each) { return each.at; }) ||
        has_older_than(unknown_, limit, [](clock::time_point since) { return since; })) {
        return "the helper has not done in 10 s what it was asked";
    }
    return {};
}

void membership::on_lost(const std::string& reason) {
    if (state_ != link_state::down || why_down_ != reason) {
        say(server::log_level::warning, reason);
    }
    state_ = link_state::down;
    fail_all(reason);
}

// Whatever waits for the helper waits no longer.
void membership::fail_all(const std::string& reason) {
    why_down_ = reason;
    foreign_->forget_all();
    unknown_.clear();
    environment_.on_known();
    failed_ += told_.size() + open_.size();
    for (auto& [request, each] : std::exchange(told_, {})) {
        each.then(reason);
    }
    with_broker([this, &reason](core::broker& state, const core::instant& now) {
        for (const auto& [id, each] : std::exchange(open_, {})) {
            state.fail_delegation(id, reason, now);
        }
    });
    hosts_.clear();
    queue_permille_.reset();
}

void membership::announce_all() {
    unknown_.clear();
    for (const auto& [id, session] : environment_.announced) {
        announce(id, session);
    }
    environment_.on_known();
}

// --- from the helper ---

void membership::on_frame(std::string_view frame) {
    auto message = read(frame);
    std::visit([this](auto& each) { take(each); }, message);
}

void membership::take(const state_message& message) {
    engine_ = message.engine.empty() ? engine_ : message.engine;
    const auto before = std::exchange(state_, message.state);
    if (state_ == link_state::up) {
        why_down_ = "its link is down";  // until the helper says why
        ups_ += before != link_state::up ? 1 : 0;
        say(server::log_level::info, "up" + (engine_.empty() ? "" : ", " + engine_) + ", as host " + environment_.host);
        return announce_all();
    }
    // A link on its way back does not say what was wrong: that is still why the cluster has failed.
    const auto reason = message.reason.empty() ? why_down_ : message.reason;
    if (before == link_state::up || reason != why_down_) {
        say(server::log_level::warning, reason);
    }
    fail_all(reason);
}

void membership::take(hosts_message& message) {
    hosts_ = std::move(message.hosts);
    std::erase_if(hosts_, [this](const visible_host& each) { return each.name == environment_.host; });
    const bool was_filling = queue_permille_.value_or(0) >= alarming_permille;
    queue_permille_ = message.queue_permille;
    if (!was_filling && queue_permille_.value_or(0) >= alarming_permille) {
        say(server::log_level::warning,
            "the engine's queue of notifications is " + std::to_string(*queue_permille_ / 10) +
                " % full, and nothing gets through once it is full: end the session that listens and stays in a "
                "transaction (PostgreSQL: pg_stat_activity)");
    }
}

void membership::take(const session_ready_message& message) {
    unknown_.erase(message.session);
    environment_.on_known();
}

void membership::take(const asked_message& message) {
    const auto found = open_.find(message.id);
    if (found == open_.end() || std::exchange(found->second.is_asked, true)) {
        return;
    }
    ask_times_.add(clock::now() - found->second.asked_at);
    for (const auto& each : message.responders) {
        auto& owing = found->second.owing;
        if (std::find(owing.begin(), owing.end(), each.host) == owing.end()) {
            owing.push_back(each.host);
        }
    }
    if (found->second.owing.empty()) {
        open_.erase(found);
    }
    with_broker([&message](core::broker& state, const core::instant& now) {
        if (message.responders.size() > most_responders) {
            return state.fail_delegation(message.id,
                "more than " + std::to_string(most_responders) + " hooks of other hosts would be asked", now);
        }
        state.delegate(message.id, message.responders, now);
    });
}

void membership::take(const ask_failed_message& message) {
    if (open_.erase(message.id) == 0) {
        return;
    }
    ++failed_;
    with_broker([&message](core::broker& state, const core::instant& now) {
        state.fail_delegation(message.id, message.reason, now);
    });
}

void membership::take(told_message& message) {
    const auto found = told_.find(message.request);
    if (found == told_.end()) {
        return;
    }
    const auto on_told = std::move(found->second.then);
    told_.erase(found);
    failed_ += message.failed ? 1 : 0;
    on_told(std::move(message.failed));
}

void membership::take(const event_message& message) {
    if (!message.fault.empty()) {
        say(server::log_level::warning,
            "host " + message.host + " has sent an event that cannot be read: " + message.fault);
    }
    if (message.timeout) {
        return foreign_->ask(message);
    }
    if (!message.fault.empty()) {
        return;
    }
    server::emit_request request;
    request.event = message.event;
    request.payload = message.payload;
    request.cause = message.cause;
    request.scope = protocol::event_scope::local;
    request.origin = protocol::event_origin{message.id, message.host, message.emitted_at};
    environment_.events.async_emit(
        std::move(request), [this, event = message.event, host = message.host](
                                const boost::system::error_code& failure, const protocol::emit_result&) {
            if (failure) {
                say(server::log_level::warning,
                    "the event " + event + " of host " + host + " was not delivered: " + failure.message());
            }
        });
}

void membership::take(const cancel_message& message) { foreign_->cancel(message.id); }

// The helper forgets a question that no host owes an answer to: it is not to be told of its end.
void membership::strike(const uuid& id, const std::string& host) {
    const auto found = open_.find(id);
    if (found != open_.end() && found->second.is_asked && std::erase(found->second.owing, host) != 0 &&
        found->second.owing.empty()) {
        open_.erase(found);
    }
}

void membership::take(const settled_message& message) {
    strike(message.id, message.host);
    with_broker([&message](core::broker& state, const core::instant& now) {
        (void)state.record_remote_answer(message.id, message.host, message.answer, now);
    });
}

void membership::take(const host_left_message& message) {
    say(server::log_level::warning,
        "host " + message.host + " has left" + (message.why.empty() ? "" : ": " + message.why));
    std::vector<uuid> ids;
    for (const auto& [id, each] : open_) {
        ids.push_back(id);
    }
    for (const auto& id : ids) {
        strike(id, message.host);
    }
    with_broker([&](core::broker& state, const core::instant& now) {
        for (const auto& id : ids) {
            state.host_left(id, message.host, now);
        }
    });
}

void membership::take(const gap_message& message) {
    ++gaps_;
    say(server::log_level::warning, "events of other hosts may be lost: " + message.reason);
    with_broker([](core::broker& state, const core::instant& now) { state.close_for_gap(now); });
}

void membership::take(const fatal_message& message) { say(server::log_level::error, message.reason); }

protocol::stats_result::cluster_link membership::stats() const {
    protocol::stats_result::cluster_link result;
    result.engine = engine_;
    result.state = to_string(state_);
    result.events = options_.events;
    result.hosts = hosts_.size();
    result.asked = asked_;
    result.answered = foreign_->answered();
    result.failed = failed_;
    result.gaps = gaps_;
    result.reconnects = ups_ > 0 ? ups_ - 1 : 0;
    if (queue_permille_) {
        result.queue_usage = *queue_permille_ / 1000.0;
    }
    ask_times_.summarize(result);
    return result;
}

}  // namespace hookd::cluster
