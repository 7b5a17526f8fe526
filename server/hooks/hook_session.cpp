// SPDX-License-Identifier: BSL-1.0
#include "hooks/hook_session.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace hookd::server {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::optional<std::chrono::steady_clock::time_point> deadline_of(const event_view& event) {
    return event.expects_response ? std::optional{event.deadline} : std::nullopt;
}

/// Whether it is about the reply. Any other error means that the broker or the session is over.
bool is_refusal(const error_code& failure) {
    using protocol::errc;
    return failure == errc::invalid_params || failure == errc::not_in_catalog || failure == errc::limit_exceeded;
}

subscribe_request request_of(const hook_definition& hook) {
    subscribe_request wanted;
    wanted.events = hook.events;
    wanted.name = hook.name;
    wanted.may_use_set_aside_names = true;
    wanted.asked_only = hook.asked_only;
    wanted.on_failure = hook.on_failure;
    wanted.order = hook.order;
    wanted.shadow = hook.shadow;
    wanted.scope = hook.scope;
    wanted.where = hook.where;
    return wanted;
}

}  // namespace

void hook_session::open(const hook_definition& hook, outcome_handler done, std::function<void()> on_lost) {
    auto wanted = request_of(hook);
    // Not shared: the subscription that holds these belongs to this object.
    wanted.on_event = [weak = weak_from_this()](const event_view& event) {
        if (const auto self = weak.lock()) {
            self->take(event);
        }
    };
    wanted.on_cancelled = [weak = weak_from_this()](const uuid& id, protocol::refusal reason) {
        const auto self = weak.lock();
        if (self && reason != protocol::refusal::expired) {  // when the emitter's time is over, so is the command's
            asio::post(self->surroundings_.hooks, [self, id] { self->on_cancelled_(id); });
        }
    };
    wanted.on_closed = [hooks = surroundings_.hooks, on_lost = std::move(on_lost)](
                           protocol::close_reason why, std::uint64_t) {
        if (why == protocol::close_reason::lagged || why == protocol::close_reason::gap) {
            asio::post(hooks, on_lost);
        }
    };
    auto opened = [self = shared_from_this(), done = std::move(done)](error_code failure, subscription session) {
        self->subscription_ = std::move(session);
        self->phase_ = failure ? phase::over : phase::open;
        self->failure_ = failure;
        for (const auto& each : std::exchange(self->until_open_, {})) {
            each(failure);
        }
        done(failure);
    };
    surroundings_.events.async_subscribe(
        std::move(wanted), asio::bind_executor(surroundings_.hooks, std::move(opened)));
}

void hook_session::when_open(outcome_handler action) {
    if (phase_ == phase::opening) {
        until_open_.push_back(std::move(action));
    } else {
        action(failure_);
    }
}

void hook_session::change(const hook_definition& hook, outcome_handler done) {
    when_open([self = shared_from_this(), wanted = request_of(hook), done = std::move(done)](error_code failure) {
        if (failure) {
            return done(failure);
        }
        self->subscription_.async_change(wanted, asio::bind_executor(self->surroundings_.hooks, done));
    });
}

std::string hook_session::load::add(std::size_t payload_bytes, std::size_t most_bytes) {
    if (jobs.fetch_add(1) >= max_jobs) {
        --jobs;
        return "it is busy: " + std::to_string(max_jobs) + " events wait for it already";
    }
    if (const auto before = bytes.fetch_add(payload_bytes); before > 0 && before + payload_bytes > most_bytes) {
        remove(payload_bytes);
        return "it is busy: the events that wait for it take too much memory";
    }
    return {};
}

void hook_session::load::remove(std::size_t payload_bytes) {
    bytes -= payload_bytes;
    --jobs;
}

void hook_session::take(const event_view& event) {
    const bool is_asked = event.expects_response;
    if (auto why = load_of(is_asked).add(event.payload.size(), is_asked ? most_asked_bytes : most_told_bytes);
        !why.empty()) {
        return refuse(event, std::move(why));
    }
    asio::post(surroundings_.hooks,
        [self = shared_from_this(), job = hook_job{shared_from_this(), event.hook_event_id, event.seq,
                                        std::string{event.event}, std::string{event.payload}, std::string{event.cause},
                                        std::string{event.host}, is_asked, deadline_of(event)}]() mutable {
            self->on_job_(std::move(job));
        });
}

void hook_session::refuse(const event_view& event, std::string why) {
    if (event.expects_response) {
        asio::post(
            surroundings_.hooks, [self = shared_from_this(), id = event.hook_event_id, why = std::move(why)]() mutable {
                self->send_reply(id, {.failed = std::move(why)});
            });
    } else {
        note_missed();
    }
}

void hook_session::note_missed() {
    // One word for all that come until it is heard: a flood of events is no flood of words.
    if (missed_.fetch_add(1) == 0) {
        asio::post(surroundings_.hooks, [self = shared_from_this()] { self->on_missed_(self->missed_.exchange(0)); });
    }
}

void hook_session::finish(const hook_job& job, reply answer, refusal_handler on_refused) {
    if (job.deadline) {
        send_reply(job.id, std::move(answer), std::move(on_refused));
    }
    load_of(job.is_asked).remove(job.payload.size());
    close_if_over();
}

void hook_session::send_reply(const uuid& id, reply answer, refusal_handler on_refused) {
    if (muted_) {
        return;
    }
    if (phase_ == phase::opening) {  // an event may come before the broker's word that it is open
        return when_open([self = shared_from_this(), id, answer, on_refused](
                             error_code) { self->send_reply(id, answer, on_refused); });
    }
    if (phase_ == phase::over) {
        return;
    }
    ++answers_under_way_;
    answer.refusal = std::make_shared<std::string>();
    auto answered = [self = shared_from_this(), id, on_refused = std::move(on_refused), refusal = answer.refusal](
                        error_code failure, protocol::respond_result) mutable {
        --self->answers_under_way_;
        if (on_refused && is_refusal(failure)) {
            auto instead =
                on_refused(static_cast<protocol::errc>(failure.value()), "its reply was refused: " + *refusal);
            const bool gives_up = !instead.failed.empty();
            self->send_reply(id, std::move(instead), gives_up ? refusal_handler{} : std::move(on_refused));
        }
        self->close_if_over();
    };
    subscription_.async_respond(id, std::move(answer), asio::bind_executor(surroundings_.hooks, std::move(answered)));
}

void hook_session::retire() {
    // Closed at once, events that are on their way here would have lost their responder.
    when_open([self = shared_from_this()](error_code failure) {
        if (failure) {
            return;
        }
        self->subscription_.async_withdraw(asio::bind_executor(self->surroundings_.hooks, [self](error_code) {
            self->phase_ = phase::withdrawn;
            self->close_if_over();
        }));
    });
}

void hook_session::close_if_over() {
    if (phase_ == phase::withdrawn && asked_.jobs == 0 && told_.jobs == 0 && answers_under_way_ == 0) {
        phase_ = phase::over;
        asio::post(surroundings_.context, [self = shared_from_this()] { self->subscription_.close(); });
    }
}

}  // namespace hookd::server
