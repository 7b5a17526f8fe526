// SPDX-License-Identifier: BSL-1.0
#include "cluster/foreign_questions.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <utility>

namespace hookd::cluster {

namespace asio = boost::asio;
using protocol::wait_policy;

namespace {

// Whether the host that asked needs no other answer: by its policy one reply, or one veto, decides.
bool decides(wait_policy policy, const protocol::wait_result& result) {
    return policy == wait_policy::first
               ? !result.responses.empty()
               : policy == wait_policy::veto &&
                     std::any_of(result.responses.begin(), result.responses.end(), [](const auto& each) {
                         protocol::respond_params params{.response = each.text()};
                         return !protocol::check_reply(params) && !params.abort.raw.empty();
                     });
}

}  // namespace

void foreign_questions::ask(const event_message& question) {
    if (!question.fault.empty()) {
        return refuse(question, "the question cannot be read: " + question.fault);
    }
    if (waits_.size() >= most) {
        return refuse(question, "busy");
    }
    const auto [found, is_new] = waits_.try_emplace(question.id, nullptr);
    if (!is_new) {
        return;  // it was asked twice
    }
    found->second = std::make_shared<wait>();
    found->second->origin = question.host;
    found->second->policy = question.policy;
    server::wait_request request;
    request.event = question.event;
    request.payload = question.payload;
    request.timeout = question.timeout;
    request.policy = question.policy;
    request.on_failure = protocol::failure_policy::open;
    request.cause = question.cause;
    request.scope = protocol::event_scope::local;
    request.origin = protocol::event_origin{question.id, question.host, question.emitted_at};
    auto done = [self = shared_from_this(), id = question.id](
                    const boost::system::error_code& failure, protocol::wait_result result) {
        self->events_.run([self, id, failure, result = std::move(result)](
                              core::broker&, const core::instant&) { self->finish(id, failure, result); });
    };
    auto cancellable = asio::bind_cancellation_slot(found->second->cancel.slot(), std::move(done));
    events_.async_emit_and_wait(std::move(request), std::move(cancellable));
}

void foreign_questions::cancel(const uuid& id) {
    const auto found = waits_.find(id);
    if (found == waits_.end()) {
        return;
    }
    const auto cancelled = found->second;
    waits_.erase(found);
    cancelled->cancel.emit(asio::cancellation_type::terminal);
}

void foreign_questions::forget_all() {
    while (!waits_.empty()) {
        cancel(uuid{waits_.begin()->first});
    }
}

void foreign_questions::finish(const uuid& id, const boost::system::error_code& failure, protocol::wait_result result) {
    const auto found = waits_.find(id);
    if (found == waits_.end()) {
        return;  // cancelled
    }
    const auto asked = found->second;
    waits_.erase(found);
    core::remote_answer answer;
    if (failure) {
        answer.failed = failure.message();
    }
    const bool is_decision = decides(asked->policy, result);
    answer.replies = std::move(result.responses);
    answer.missing = std::move(result.missing);
    if (result.silent) {
        answer.silent = *result.silent;
    }
    ++answered_;
    answer_(reply_frame(asked->origin, id, is_decision, answer));
}

void foreign_questions::refuse(const event_message& question, const std::string& reason) {
    core::remote_answer answer;
    answer.failed = reason;
    answer_(reply_frame(question.host, question.id, false, answer));
}

}  // namespace hookd::cluster
