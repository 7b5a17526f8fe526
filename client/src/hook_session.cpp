// SPDX-License-Identifier: BSL-1.0
#include "hook_session.hpp"

#include "answer_state.hpp"
#include "bounded_time.hpp"
#include "decoding.hpp"
#include "encoding.hpp"
#include "errors.hpp"

#include <base/text/glob.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <random>
#include <tuple>

namespace hookd::detail {

using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

// Read ahead while hooks are busy. Enough that a short burst during a long hook does not stall the connection, which
// the daemon would end after a while; small enough not to matter.
constexpr std::size_t max_queued_bytes = std::size_t{4} * 1024 * 1024;
// What an event costs besides its text.
constexpr std::size_t event_overhead_bytes = 512;

// How long the last replies may take to be written.
constexpr milliseconds flush_patience{2'000};

std::size_t bytes_of(const event& received) noexcept { return received.text().size() + event_overhead_bytes; }

bool has_code(const error& failure, protocol::errc code) noexcept { return failure.code() == static_cast<int>(code); }

bool means_no_connection(const error& failure) noexcept {
    switch (failure.kind()) {
        case error_kind::no_daemon:
        case error_kind::unreachable:
        case error_kind::untrusted:
        case error_kind::broken:
            return true;
        default:
            return false;
    }
}

/// Another hook's reply, as a veto that came first, has ended the wait: which is usual, and no failure.
bool is_decided_already(std::string_view reason) noexcept { return reason == "answered"; }

/// Why the daemon did not accept a reply.
std::string text_of_refusal(const std::string& reason) {
    return reason == "expired"     ? "it came after the time limit"
           : reason == "cancelled" ? "the emitter no longer waits"
           : reason == "unknown"   ? "the daemon no longer knows the event"
                                   : reason;
}

class callback_sink final : public reply_sink {
public:
    callback_sink(std::function<void(std::string_view)> result, std::function<void(const error&)> failure)
        : result_(std::move(result)), failure_(std::move(failure)) {}
    void on_result(std::string_view result) override { result_(result); }
    void on_error(const error& failure) override { failure_(failure); }

private:
    std::function<void(std::string_view)> result_;
    std::function<void(const error&)> failure_;
};

// Sets a flag for a scope, exceptions included.
class scoped_flag {
public:
    explicit scoped_flag(bool& flag) noexcept : flag_(flag) { flag_ = true; }
    ~scoped_flag() { flag_ = false; }
    scoped_flag(const scoped_flag&) = delete;
    scoped_flag& operator=(const scoped_flag&) = delete;

private:
    bool& flag_;
};

std::string describe(const event& received) {
    return received.name() + " (event " + std::to_string(received.seq()) + ")";
}

}  // namespace

hook_session::hook_session(const hook_runner_options& options, const daemon_address& address, const hook_table& table,
    std::shared_ptr<answer_box> answers, std::optional<resume_point>& position)
    : options_(options),
      address_(address),
      table_(table),
      answers_(std::move(answers)),
      position_(position),
      connection_(std::make_shared<connection>(
          io_.get_executor(), address, client_options{}.connect_timeout, static_cast<connection_observer&>(*this))),
      backoff_(bounded_time(options.reconnect_min), bounded_time(options.reconnect_max), std::random_device{}()),
      resume_from_(position) {
    wakeup_.assign(answers_->descriptor());
    std::ignore = answers_->take();  // of an earlier run
}

hook_session::~hook_session() {
    connection_->detach();
    wakeup_.release();  // it belongs to the answer_box
}

void hook_session::run() {
    await_wakeup();
    connect();
    while (!done_) {
        io_.run_one();
    }
    connection_->flush_blocking(flush_patience);
    if (failure_) {
        throw error{*failure_};
    }
}

// --- the connection -------------------------------------------------------------------------------------------------

void hook_session::connect() {
    connection_->connect([this](const std::optional<error>& failure) {
        if (!failure) {
            subscribe();
        } else if (should_retry(*failure)) {
            notify_obstacle(*failure);
            retry_later();
        } else {
            end_with(*failure);
        }
    });
}

// A peer is there, so waiting alone may not help. Reported once until it is connected again.
void hook_session::notify_obstacle(const error& failure) {
    if (failure.kind() != error_kind::no_daemon && !std::exchange(notified_obstacle_, true)) {
        notify(notice::kind::disconnected, std::string{"trying again: "} + failure.what());
    }
}

void hook_session::retry_later() {
    timer_.expires_after(backoff_.next());
    timer_.async_wait([this](const error_code& failure) {
        if (!failure) {
            connect();
        }
    });
}

void hook_session::subscribe() {
    subscribe_options wanted{.events = table_.patterns(),
        .name = options_.name,
        .responds = !table_.hooks.empty(),
        .as_responder = options_.as_responder,
        .resume_from = resume_from_};
    connection_->request(protocol::subscribe_params::method,
        encode_subscribe(wanted, {static_cast<bool>(table_.on_cancelled), static_cast<bool>(table_.on_verdict)}),
        std::make_unique<callback_sink>(
            [this](std::string_view result) {
                if (const auto opened = understood(decode_subscription, result)) {
                    on_subscribed(*opened);
                }
            },
            [this](const error& failure) { on_subscribe_failed(failure); }));
    if (!ever_subscribed_ && !options_.wait_for_daemon) {
        timer_.expires_after(bounded_time(options_.answer_timeout));
        timer_.async_wait([this](const error_code& cancelled) {
            if (!cancelled && !ever_subscribed_ && !stopping_) {
                end_with(timed_out_error(address_.path));
            }
        });
    }
}

// A result that makes no sense ends the connection.
template <class Result>
std::optional<Result> hook_session::understood(Result (*decode)(std::string_view), std::string_view text) {
    try {
        return decode(text);
    } catch (const error& failure) {
        connection_->close(failure);
        return std::nullopt;
    }
}

void hook_session::on_subscribed(const subscription& opened) {
    subscribed_ = true;
    ever_subscribed_ = true;
    notified_connected_ = true;
    notified_obstacle_ = false;
    backoff_.reset();
    if (!instance_ || *instance_ != opened.instance) {
        instance_ = std::make_shared<const std::string>(opened.instance);
        newest_seq_ = 0;
    }
    received_seq_ = opened.resumed && resume_from_ ? resume_from_->after_seq : opened.head_seq;
    update_position();
    notify(notice::kind::connected, "subscribed at the daemon's event " + std::to_string(opened.head_seq), opened);
    for (const auto& [asked, answered] : std::exchange(undelivered_, {})) {
        send_reply(asked, answered);
    }
}

void hook_session::on_subscribe_failed(const error& failure) {
    if (means_no_connection(failure)) {
        return;  // on_broken, or the attempt to connect, says so
    }
    if (has_code(failure, protocol::errc::resume_impossible) && resume_from_) {
        notify(notice::kind::resume_impossible, "could not resume after event " +
                                                    std::to_string(resume_from_->after_seq) +
                                                    ", so events may have been missed (" + failure.what() + ")");
        resume_from_.reset();
        subscribe();
    } else if (should_retry(failure)) {
        connection_->close(failure);
    } else {
        end_with(failure);
    }
}

void hook_session::on_cancelled(const ended_wait& ended) {
    auto& queue = questions_.queue;
    const auto queued = std::find_if(queue.begin(), queue.end(),
        [&](const auto& each) { return each.received.hook_event_id() == ended.hook_event_id; });
    if (queued != queue.end()) {
        questions_.queued_bytes -= bytes_of(queued->received);
        queue.erase(queued);
        return deliver_events();
    }
    const auto open = std::find_if(unanswered_.begin(), unanswered_.end(),
        [&](const auto& each) { return each.second.hook_event_id == ended.hook_event_id; });
    if (open == unanswered_.end()) {
        return;
    }
    // A reply that comes too late is reported. For any other reason the hook's reply is not needed any longer.
    if (ended.reason != to_string(protocol::refusal::expired)) {
        close_question(open->first);
    }
    if (table_.on_cancelled) {
        table_.on_cancelled(ended);
    }
    deliver_events();
    end_if_drained();
}

void hook_session::on_verdict(const verdict_notice& decided) {
    if (table_.on_verdict) {
        table_.on_verdict(decided);
    }
}

void hook_session::on_closed(const session_end& end) {
    subscribed_ = false;
    received_seq_ = std::max(received_seq_, end.last_seq);
    daemon_stopped_ = end.why == session_end::reason::shutdown;
    if (end.why == session_end::reason::lagged && !stopping_) {
        notify(notice::kind::lagged, "the daemon closed the session because it lagged behind; resuming after event " +
                                         std::to_string(received_seq_));
        resume_from_ = resume_point{received_seq_, *instance_};
        subscribe();
    } else if (end.why == session_end::reason::gap && !stopping_) {
        notify(notice::kind::gap,
            "the daemon's link to its cluster was interrupted, so events of other hosts may have been missed after "
            "event " +
                std::to_string(received_seq_));
        resume_from_ = resume_point{received_seq_, *instance_};
        subscribe();
    }
}

void hook_session::on_broken(const error& failure) {
    subscribed_ = false;
    if (done_ || stopping_) {
        done_ = true;
        return;
    }
    if (!should_retry(failure)) {
        end_with(failure);
        return;
    }
    if (instance_) {
        resume_from_ = resume_point{received_seq_, *instance_};
    }
    // Once for each session that was lost, not for each attempt that fails.
    if (std::exchange(notified_connected_, false)) {
        notify(notice::kind::disconnected,
            std::string{"lost the daemon, trying again: "} +
                (std::exchange(daemon_stopped_, false) ? "it was shut down" : failure.what()));
    }
    retry_later();
}

// Whether to connect again after that failure.
bool hook_session::should_retry(const error& failure) const noexcept {
    if (!ever_subscribed_ && !options_.wait_for_daemon) {
        return false;
    }
    // Another user's socket, too: it may have taken the path while our daemon was away, which may come back.
    return means_no_connection(failure) ||
           (failure.kind() == error_kind::refused &&
               (has_code(failure, protocol::errc::limit_exceeded) || has_code(failure, protocol::errc::shutting_down)));
}

// --- events ---------------------------------------------------------------------------------------------------------

void hook_session::on_event(event arrived) {
    // Numbers only grow within a run of the daemon, but for questions: one of a chain comes at its turn, one out of the
    // journal again. Of other events, what is not above the newest has been delivered or is queued. The first may be
    // older than the session: its emitter has waited for a subscriber.
    if (!subscribed_ || (arrived.seq() <= newest_seq_ && !arrived.expects_response())) {
        return;
    }
    newest_seq_ = std::max(newest_seq_, arrived.seq());
    const auto before = std::exchange(received_seq_, std::max(received_seq_, newest_seq_));
    auto& its_lane = lane_of(arrived.expects_response());
    if (&its_lane == &unawaited_ && unawaited_.queued_bytes > max_queued_bytes && may_miss_events()) {
        return note_missed();
    }
    its_lane.queued_bytes += bytes_of(arrived);
    its_lane.queue.push_back({std::move(arrived), ++arrivals_, before, instance_});
    deliver_events();
}

void hook_session::note_missed() {
    if (missed_++ == 0) {
        notify(notice::kind::missed, "events that no emitter waits for are missed from event " +
                                         std::to_string(newest_seq_) + " on: as many as may wait for their hook do");
    }
}

void hook_session::note_missed_count() {
    if (const auto count = std::exchange(missed_, 0); count > 0) {
        notify(notice::kind::missed, "missed " + std::to_string(count) + " events that no emitter waited for");
    }
}

// The one whose event is next, of those that may deliver one; null if there is none.
hook_session::lane* hook_session::next_lane() noexcept {
    const std::size_t most = std::max<std::size_t>(options_.max_unanswered, 1);
    lane* next = nullptr;
    for (auto* const each : {&questions_, &unawaited_}) {
        const bool may = !each->queue.empty() && each->unanswered < most;
        if (may && (next == nullptr || each->queue.front().arrival < next->queue.front().arrival)) {
            next = each;
        }
    }
    return next;
}

void hook_session::update_position() {
    const queued_event* oldest = nullptr;
    for (const auto* const each : {&questions_, &unawaited_}) {
        if (!each->queue.empty() && (oldest == nullptr || each->queue.front().arrival < oldest->arrival)) {
            oldest = &each->queue.front();
        }
    }
    if (oldest != nullptr) {
        position_ = resume_point{oldest->resume_before, *oldest->instance};
    } else if (instance_) {
        position_ = resume_point{received_seq_, *instance_};
    }
}

void hook_session::deliver_events() {
    if (delivering_) {
        return;
    }
    {
        const scoped_flag busy{delivering_};
        for (lane* next = next_lane(); next != nullptr && !answers_->stop_requested(); next = next_lane()) {
            queued_event first = std::move(next->queue.front());
            next->queue.pop_front();
            next->queued_bytes -= bytes_of(first.received);
            update_position();
            if (next == &unawaited_) {
                note_missed_count();
            }
            deliver(std::move(first.received));
        }
    }
    // Resuming may deliver the frames that are there already, and lead here again.
    if (questions_.queued_bytes > max_queued_bytes ||
        (unawaited_.queued_bytes > max_queued_bytes && !may_miss_events())) {
        connection_->pause_reading();
    } else {
        connection_->resume_reading();
    }
}

void hook_session::deliver(event received) {
    for (const auto& each : table_.listeners) {
        if (base::glob_matches(each.pattern, received.name())) {
            each.handler(received);
        }
    }
    if (const auto* route = table_.find_hook(received.name())) {
        if (const auto* hook = std::get_if<hook_runner::hook>(&route->handler)) {
            run_hook(*hook, received);
        } else {
            run_later_hook(std::get<hook_runner::later_hook>(route->handler), std::move(received));
        }
    } else if (!table_.hooks.empty()) {
        submit_reply({received.hook_event_id(), describe(received), received.expects_response()}, abstain());
    }
    // Before the next event is delivered: a hook may take long.
    connection_->flush();
}

void hook_session::run_hook(const hook_runner::hook& hook, const event& received) {
    const question asked{received.hook_event_id(), describe(received), received.expects_response()};
    std::string why;
    try {
        submit_reply(asked, hook(received));
        return;
    } catch (const std::exception& thrown) {
        why = thrown.what();
    } catch (...) {
        why = "it threw something other than a std::exception";
    }
    notify(notice::kind::hook_failed, "the hook for " + asked.described + " failed: " + why);
    submit_reply(asked, failed(why));
}

void hook_session::run_later_hook(const hook_runner::later_hook& hook, event received) {
    const auto number = answers_->draw();
    unanswered_.emplace(number, question{received.hook_event_id(), describe(received), received.expects_response()});
    ++lane_of(received.expects_response()).unanswered;
    std::string why;
    try {
        hook(std::move(received), answer{std::make_shared<answer::state>(answers_, number)});
        take_answers();
        return;
    } catch (const std::exception& thrown) {
        why = thrown.what();
    } catch (...) {
        why = "it threw something other than a std::exception";
    }
    // The hook may have answered before it threw; what it said counts then.
    take_answers(number);
    if (const auto asked = close_question(number)) {
        notify(notice::kind::hook_failed, "the hook for " + asked->described + " failed: " + why);
        submit_reply(*asked, failed(why));
    }
}

// --- replies --------------------------------------------------------------------------------------------------------

void hook_session::await_wakeup() {
    wakeup_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const error_code& failure) {
        if (failure) {
            return;
        }
        answers_->clear_wakeup();
        await_wakeup();
        take_answers();
        connection_->flush();
        deliver_events();
        if (answers_->stop_requested() && !stopping_) {
            stopping_ = true;
            timer_.expires_after(bounded_time(options_.drain_timeout));
            timer_.async_wait([this](const error_code& cancelled) { done_ = done_ || !cancelled; });
        }
        end_if_drained();
    });
}

void hook_session::take_answers(std::optional<answer_box::ticket> threw) {
    for (const auto& each : answers_->take()) {
        if (each.dropped && each.which == threw) {
            continue;
        }
        const auto asked = close_question(each.which);
        if (asked && each.dropped) {
            notify(notice::kind::hook_failed, "the hook for " + asked->described + " failed: " + each.value.text());
        }
        if (asked) {
            submit_reply(*asked, each.value);
        }
    }
}

// Nothing where it has been answered.
std::optional<hook_session::question> hook_session::close_question(answer_box::ticket number) {
    const auto open = unanswered_.find(number);
    if (open == unanswered_.end()) {
        return std::nullopt;
    }
    auto asked = std::move(open->second);
    unanswered_.erase(open);
    --lane_of(asked.expects_response).unanswered;
    return asked;
}

void hook_session::submit_reply(const question& asked, const reply& answered) {
    if (!asked.expects_response) {
        return;
    }
    if (subscribed_) {
        send_reply(asked, answered);
    } else {
        undelivered_.emplace_back(asked, answered);
    }
}

void hook_session::send_reply(const question& asked, const reply& answered) {
    connection_->request(protocol::respond_params::method, encode_respond(asked.hook_event_id, answered),
        std::make_unique<callback_sink>(
            [this, asked](std::string_view result) {
                const auto taken = understood(decode_respond_result, result);
                if (taken && !taken->accepted && !is_decided_already(taken->reason)) {
                    notify(notice::kind::reply_refused,
                        "the reply to " + asked.described + " was not accepted: " + text_of_refusal(taken->reason));
                }
            },
            [this, asked, sent = answered.type(), fallback = answered.on_refusal()](
                const error& failure) { on_reply_failed(asked, sent, fallback, failure); }));
}

void hook_session::on_reply_failed(
    const question& asked, reply::kind sent, const reply::fallback& fallback, const error& failure) {
    if (means_no_connection(failure)) {
        return;  // reported as disconnected; the daemon has noticed that this responder left
    }
    if (const auto instead = fallback ? fallback(failure) : std::nullopt) {
        return submit_reply(asked, *instead);
    }
    notify(notice::kind::reply_refused, "the reply to " + asked.described + " was refused: " + failure.what());
    // A reply that is not valid is a hook that failed; the emitter is not to wait for it until its time is over.
    if (sent == reply::kind::response) {
        submit_reply(asked, failed(failure.what()));
    }
}

// --- the end --------------------------------------------------------------------------------------------------------

void hook_session::end_if_drained() {
    if (stopping_ && (unanswered_.empty() || !subscribed_)) {
        done_ = true;
    }
}

void hook_session::end_with(const error& failure) {
    failure_ = failure;
    done_ = true;
}

void hook_session::notify(notice::kind type, std::string message, std::optional<subscription> session) const {
    if (table_.on_notice) {
        table_.on_notice({type, std::move(message), std::move(session)});
    }
}

}  // namespace hookd::detail
