// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>
#include <hookd/server/catalog.hpp>
#include <hookd/server/options.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace boost::system {
template <>
struct is_error_code_enum<hookd::protocol::errc> : std::true_type {};
}  // namespace boost::system

namespace hookd::protocol {
/// The errors of the wire contract as error codes of the category "hookd".
[[nodiscard]] boost::system::error_code make_error_code(errc code) noexcept;
}  // namespace hookd::protocol

namespace hookd::core {
class broker;
class durable_log;
class journal;
struct durable_change;
struct instant;
}  // namespace hookd::core

namespace hookd::server {

class broker_strand;
class local_client;

using protocol::uuid;

/// `emit` (PROTOCOL.md).
struct emit_request {
    std::string event{};
    std::string payload = "{}";  ///< JSON text
    std::optional<std::chrono::milliseconds> reserve{};
    std::string cause{};  ///< names of the events that led to this one, oldest first, separated by commas
    std::optional<protocol::event_scope> scope{};    ///< absent: the catalog's, else local
    std::optional<protocol::event_origin> origin{};  ///< absent: it is fired here and now
};

/// `emit_and_wait` (PROTOCOL.md).
struct wait_request {
    std::string event{};
    std::string payload = "{}";  ///< JSON text
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<protocol::wait_policy> policy{};         ///< absent: the catalog's, else first
    std::optional<protocol::failure_policy> on_failure{};  ///< absent: the catalog's, else open
    bool require_subscriber = true;
    std::vector<std::string> require{};            ///< names of responders without whom it does not proceed; at most 16
    std::string cause{};                           ///< as emit_request::cause
    std::optional<protocol::event_scope> scope{};  ///< as emit_request::scope
    std::optional<protocol::event_origin> origin{};  ///< as emit_request::origin
};

/// `respond` (PROTOCOL.md).
struct reply {
    std::string response = "{}";  ///< JSON object text; a non-empty string `abort` in it vetoes
    bool abstain = false;
    std::string failed{};  ///< why the hook broke; empty: it did not
    bool insists = false;  ///< failed, and the operation must not proceed, whatever subscribe_request::on_failure is
    /// Where not null: takes the message of an error_code that the operation ends with, which names the place in
    /// `response`. Read it in the handler.
    std::shared_ptr<std::string> refusal{};
};

/// An event as an in-process subscriber sees it: valid during the call of its handler only.
struct event_view {
    std::uint64_t seq = 0;
    uuid hook_event_id{};
    std::string_view event{};
    std::chrono::system_clock::time_point emitted_at{};
    bool expects_response = false;
    std::chrono::milliseconds timeout{};  ///< 0 where no emitter waits
    std::string_view payload{};           ///< JSON text, byte for byte
    std::string_view cause{};             ///< the events that led to it, as emit_request::cause
    std::chrono::steady_clock::time_point
        deadline{};           ///< when the emitter's time is over; the epoch where no emitter waits
    std::string_view host{};  ///< where it was fired; empty: here
};

/// `subscribe` (PROTOCOL.md), in-process.
struct subscribe_request {
    std::vector<std::string> events{};  ///< names or globs; empty: every event
    std::string name{};                 ///< empty: `pid N`
    bool responds = true;
    bool may_use_set_aside_names = false;  ///< see broker::set_names_aside()
    bool asked_only = false;               ///< only events that an emitter waits for
    protocol::failure_policy on_failure =
        protocol::failure_policy::open;  ///< closed: where it is missing, the operation does not proceed
    std::int64_t order = 0;              ///< its turn in a chain and its place among responses; ties by name
    bool shadow = false;                 ///< asked and recorded, but decides and delays nothing
    protocol::event_scope scope =
        protocol::event_scope::local;                  ///< cluster: events of scope cluster of other hosts, too
    std::vector<protocol::payload_condition> where{};  ///< conditions on the payload, all of which must hold
    std::optional<std::uint64_t> after_seq{};
    /// Called for each event, in order, on the broker's strand: it must not block. It may start any operation of the
    /// broker. What it or on_closed throws leaves the io_context's run(); that event, or the end, counts as delivered,
    /// and when run() is called again the session continues with what comes after it.
    std::function<void(const event_view&)> on_event{};
    /// Called when a wait ends while this session has not replied to its event: `answered`, `expired` or `cancelled`.
    /// May be empty. As on_event.
    std::function<void(const uuid& hook_event_id, protocol::refusal reason)> on_cancelled{};
    /// Called with the params of the notification `verdict` (PROTOCOL.md), JSON, when the wait for a matching event is
    /// over. May be empty. As on_event.
    std::function<void(std::string_view params)> on_verdict{};
    /// Called once when the broker ends the session; may be empty.
    std::function<void(protocol::close_reason reason, std::uint64_t last_seq)> on_closed{};
};

/// A push session in-process. Ends when it is closed or destroyed: no handler is called after that.
///
/// Thread-safety: none for one object; close() and the destructor must run on a thread that runs the io_context, or
/// while none does. Lifetime: the broker must outlive it.
class subscription {
public:
    subscription() noexcept = default;
    explicit subscription(std::shared_ptr<local_client> session) noexcept;
    subscription(subscription&&) noexcept = default;
    subscription& operator=(subscription&& other) noexcept;
    ~subscription();

    void close() noexcept;

    /// Replies as this session's responder. Signature: void(error_code, protocol::respond_result); errc::cancelled once
    /// closed. Not for a default-constructed or moved-from object.
    template <class CompletionToken>
    auto async_respond(uuid hook_event_id, reply answer, CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code, protocol::respond_result)>(
            [session = session_](auto handler, const uuid& id, auto said) {
                start_respond(session, id, std::move(said), std::move(handler));
            },
            token, hook_event_id, std::move(answer));
    }

    /// Changes what the session gets and how it counts, with no event missed or got twice in between: `events`,
    /// `where`, `asked_only`, `on_failure`, `order` and `shadow` of the request; all else in it is left as it is.
    /// Signature: void(error_code); an error leaves the session as it was; errc::cancelled once it is over. Not for a
    /// default-constructed or moved-from object.
    template <class CompletionToken>
    auto async_change(subscribe_request request, CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code)>(
            [session = session_](
                auto handler, auto wanted) { start_change(session, std::move(wanted), std::move(handler)); },
            token, std::move(request));
    }

    /// No event is got any more once the handler is called, but those that have been may still be replied to: with
    /// close(), emitters would learn that their responder has left. Signature: void(error_code). Not for a
    /// default-constructed or moved-from object.
    template <class CompletionToken>
    auto async_withdraw(CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code)>(
            [session = session_](auto handler) { start_withdraw(session, std::move(handler)); }, token);
    }

private:
    using respond_handler =
        boost::asio::any_completion_handler<void(boost::system::error_code, protocol::respond_result)>;
    using change_handler = boost::asio::any_completion_handler<void(boost::system::error_code)>;
    static void start_respond(std::shared_ptr<local_client> session, uuid id, reply answer, respond_handler handler);
    static void start_change(std::shared_ptr<local_client> session, subscribe_request wanted, change_handler handler);
    static void start_withdraw(std::shared_ptr<local_client> session, change_handler handler);

    std::shared_ptr<local_client> session_{};
};

/// The broker on an io_context of the caller's, without a socket: emit, wait, subscribe and respond in-process. A
/// listener beside it serves the same events on a socket.
///
/// All state lives on one strand; with options.threads == 1 that is the context's only thread, and an operation started
/// there runs at once, unless its JSON takes long to check: a thread does that, and the client's next operations wait.
/// Operations may be started from any thread. Handlers are called on their associated executor (the io_context's by
/// default), never within the initiating function.
/// Errors: error_code of protocol::errc; errc::invalid_params for an event name, payload, cause or reply that the wire
/// would refuse, and errc::not_in_catalog for what the catalog would; errc::limit_exceeded past the limits of options,
/// where all in-process operations are those of one connection: options.max_waiting_per_connection bounds all their
/// waits together. Exceptions: what a handler throws leaves the io_context's run(), not the function of the broker that
/// caused the call, and when run() is called again all continues; no other wait and no peer on a socket suffers from
/// it. Cancellation: async_emit_and_wait and async_await_response support all cancellation types; the wait ends with
/// errc::cancelled. With more than one thread the signal must be emitted on the handler's executor, as Asio asks.
/// Coroutines: GCC 12 destroys an aggregate that is made inside a `co_await` expression twice. Give the request a name
/// first: `emit_request request{.event = "a"}; co_await events.async_emit(request, use_awaitable);` Lifetime: the
/// io_context must outlive it; no operation may be pending when it is destroyed (shut_down() ends them). While a wait
/// was pending lately, a timer keeps the context's run() from returning; shut_down() ends that too.
class broker {
public:
    explicit broker(boost::asio::io_context& context, const broker_options& options = {});
    broker(const broker&) = delete;
    broker& operator=(const broker&) = delete;
    ~broker();

    [[nodiscard]] const uuid& instance() const noexcept;

    /// Signature: void(error_code, protocol::emit_result).
    template <class CompletionToken>
    auto async_emit(emit_request request, CompletionToken&& token) {
        return initiate<protocol::emit_result, &broker::start_emit>(std::move(request), token);
    }

    /// Signature: void(error_code, protocol::wait_result).
    template <class CompletionToken>
    auto async_emit_and_wait(wait_request request, CompletionToken&& token) {
        return initiate<protocol::wait_result, &broker::start_emit_and_wait>(std::move(request), token);
    }

    /// Waits for the reply to an event that was emitted with `reserve`. Signature: void(error_code,
    /// protocol::wait_result).
    template <class CompletionToken>
    auto async_await_response(uuid hook_event_id, std::chrono::milliseconds timeout, CompletionToken&& token) {
        return initiate<protocol::wait_result, &broker::start_await_response>(
            await_request{hook_event_id, timeout}, token);
    }

    /// Signature: void(error_code, subscription). Events may arrive before the handler is called.
    template <class CompletionToken>
    auto async_subscribe(subscribe_request request, CompletionToken&& token) {
        return initiate<subscription, &broker::start_subscribe>(std::move(request), token);
    }

    /// Replies as a caller that knows the id. Signature: void(error_code, protocol::respond_result).
    template <class CompletionToken>
    auto async_respond(uuid hook_event_id, reply answer, CompletionToken&& token) {
        return initiate<protocol::respond_result, &broker::start_respond>(
            outside_reply{hook_event_id, std::move(answer)}, token);
    }

    /// Whom an async_emit_and_wait would ask now. `payload`: JSON text. Signature: void(error_code,
    /// protocol::who_result).
    template <class CompletionToken>
    auto async_who(std::string event, std::string payload, CompletionToken&& token) {
        return initiate<protocol::who_result, &broker::start_who>(
            who_request{std::move(event), std::move(payload)}, token);
    }

    /// Counters and gauges. Signature: void(error_code, protocol::stats_result).
    template <class CompletionToken>
    auto async_stats(CompletionToken&& token) {
        return initiate<protocol::stats_result, &broker::start_stats>(stats_request{}, token);
    }

    /// From now on this catalog counts, here and on the socket; null: every name is free. Sessions and waits that are
    /// open stay. From any thread; done when the strand has come to it.
    void use_catalog(std::shared_ptr<const catalog> events);

    /// From now on `journal` records events and verdicts, what it holds is served on the socket, and sessions resume
    /// with events that only it has. For hookd itself.
    /// To be called once, before the io_context runs; it must outlive this.
    void record_to(core::journal& journal);

    /// From now on what is to outlive this process is written to `log`, and answers and events wait for its commits,
    /// which core::broker learns. `records`: what is in it, which is continued: instance() is that of its run. For
    /// hookd itself. To be called once, before record_to() and before the io_context runs; `log` must outlive this.
    /// Throws core::durable_damage.
    void make_durable(core::durable_log& log, const std::vector<core::durable_change>& records);

    /// Sets names aside: only sessions with subscribe_request::may_use_set_aside_names may have one, here and on the
    /// socket; any other that has one already is called `pid N` from then on. Replaces what was set aside before. From
    /// any thread; done when the strand has come to it. `disabled`: registered hooks of such names that have no
    /// session: stats call them so, and verdicts name them where their events match.
    void set_names_aside(std::vector<std::string> names, std::vector<protocol::hook_definition> disabled = {});

    /// For the rooms beside the broker: runs `work` on its strand, in a turn; now where this is the strand, else later.
    /// From any thread.
    void run(std::function<void(core::broker& state, const core::instant& now)> work);
    /// The same, never within the call.
    void run_later(std::function<void(core::broker& state, const core::instant& now)> work);

    /// Ends every wait (`"shutdown"`) and every session; operations get errc::shutting_down from then on. From any
    /// thread; done when the strand has come to it.
    void shut_down();

private:
    friend class listener;

    struct await_request {
        uuid hook_event_id{};
        std::chrono::milliseconds timeout{};
    };
    struct outside_reply {
        uuid hook_event_id{};
        reply answer{};
    };
    struct who_request {
        std::string event{};
        std::string payload{};
    };
    struct stats_request {};

    template <class Result>
    using handler = boost::asio::any_completion_handler<void(boost::system::error_code, Result)>;

    template <class Result, auto Start, class Request, class CompletionToken>
    auto initiate(Request request, CompletionToken& token) {
        return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code, Result)>(
            [this](auto completion, Request wanted) {
                (this->*Start)(std::move(wanted), handler<Result>{std::move(completion)});
            },
            token, std::move(request));
    }

    void start_emit(emit_request request, handler<protocol::emit_result> completion);
    void start_emit_and_wait(wait_request request, handler<protocol::wait_result> completion);
    void start_await_response(await_request request, handler<protocol::wait_result> completion);
    void start_subscribe(subscribe_request request, handler<subscription> completion);
    void start_respond(outside_reply request, handler<protocol::respond_result> completion);
    void start_who(who_request request, handler<protocol::who_result> completion);
    void start_stats(stats_request request, handler<protocol::stats_result> completion);

    std::shared_ptr<broker_strand> strand_;
    std::shared_ptr<local_client> caller_;
};

}  // namespace hookd::server
