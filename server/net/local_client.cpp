// SPDX-License-Identifier: BSL-1.0
#include "local_client.hpp"

#include <boost/asio/post.hpp>

#include <unistd.h>

namespace hookd::server {
namespace {

// Of one in-process subscriber, then the others have their turn.
constexpr int most_events_at_a_time = 64;

}  // namespace

void checked_call::start(std::shared_ptr<checked_call> call, broker_strand& strand) {
    strand.checks().run([call = std::move(call), &context = strand.context()]() mutable {
        call->check();
        boost::asio::post(context, [call = std::move(call)] { end(call); });
    });
}

void checked_call::end(const std::shared_ptr<checked_call>& call) {
    const auto strand = call->strand_.lock();
    if (!strand) {
        return;
    }
    strand->run([call, strand] {
        call->is_checked_ = true;
        if (const auto client = call->client_.lock()) {
            client->run_calls();
        } else {
            call->carry_out(*strand, nullptr);
        }
    });
}

core::client& local_client::attached() {
    if (client_ == nullptr) {
        client_ = &strand_->state().attach(
            {::getpid(), ::getuid()}, this, {.may_use_set_aside_names = request_.may_use_set_aside_names});
    }
    return *client_;
}

void local_client::detach() {
    closed_ = true;
    if (client_ != nullptr) {
        strand_->state().detach(*std::exchange(client_, nullptr), strand_->now());
    }
}

void local_client::run_calls() {
    while (!calls_.empty() && calls_.front()->is_checked()) {
        const auto next = std::move(calls_.front());
        calls_.pop_front();
        next->carry_out(*strand_, shared_from_this());
    }
}

void local_client::on_ready() {
    const auto self = shared_from_this();  // a handler may drop the subscription
    auto& state = strand_->state();
    try {
        for (int events = 0; !closed_; ++events) {
            if (events == most_events_at_a_time) {
                return state.wake(*client_, core::urgency::told);
            }
            if (const auto notice = state.take_notice(*client_)) {
                deliver(*notice);
                state.sent(*client_, 0);
                continue;
            }
            const auto next = state.take_next(*client_);
            if (!next) {
                break;
            }
            request_.on_event({next->seq(), next->id(), next->name(), next->emitted_at(), next->expects_response(),
                next->timeout(), next->payload(), next->cause(), next->deadline(), next->host()});
        }
        if (closed_) {
            return;
        }
        const auto ended = state.take_ended(*client_);
        if (ended && request_.on_closed) {
            request_.on_closed(ended->reason, ended->last_seq);
        }
    } catch (...) {
        if (!closed_) {
            state.wake(*client_, core::urgency::told);
        }
        throw;
    }
}

void local_client::deliver(const core::notice& notice) {
    if (notice.verdict) {
        auto params = notice.verdict->body();
        params.remove_prefix(protocol::verdict_head.size());
        params.remove_suffix(1);
        request_.on_verdict(params);
    } else {
        request_.on_cancelled(notice.hook_event_id, notice.reason);
    }
}

}  // namespace hookd::server
