// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/error.hpp>
#include <hookd/event.hpp>
#include <hookd/reply.hpp>
#include <hookd/requests.hpp>
#include <hookd/verdict.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hookd {

/// An asynchronous client on the caller's executor: one connection, any number of requests under way on it.
///
///     hookd::async_client daemon{io.get_executor()};
///     auto verdict = co_await daemon.async_emit_and_wait("pre_push", payload, boost::asio::use_awaitable);
///
/// Completion: each async_x takes any completion token of Asio, for the signature `void(std::exception_ptr[, Result])`;
/// a failure is a hookd::error, which coroutines and futures throw. Completion handlers run on their associated
/// executor, else on the client's, never from within the call. Connecting: a request connects where there is no
/// connection, so a client survives a restart of the daemon; what was under way when a connection breaks fails (broken)
/// and is never repeated. Cancellation: a cancellation signal of any type asks the daemon to end the wait
/// (`$/cancelRequest`); the operation then ends with error_kind::cancelled, or with its result where that was faster.
/// Only async_emit_and_wait, async_await_response and async_call of a waiting method can be cancelled; the others
/// finish at once anyway. Thread-safety: members may be called from any thread; completion handlers and subscription
/// handlers are serialised as their executors are. As everywhere in Asio, a cancellation signal is to be emitted where
/// the operation's handler runs. Lifetime: while a connection is open it keeps the executor's context busy: close(), or
/// destroy the client. The destructor closes, as soon as the context runs: subscription handlers, and what they refer
/// to, are in use until on_end was called. The context must outlive the client. A client that was moved from may be
/// destroyed or assigned to, and nothing else. Options are variables with a name, not temporaries: GCC 12 destroys an
/// aggregate that is made within a co_await expression twice, so temporaries don't compile. Memory: at most 256 MiB of
/// requests wait to be written; past that a request fails (invalid_argument).
class async_client {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Called on the client's executor, one call at a time. They must not block. An exception leaves through the
    /// context's run(); the client continues.
    struct subscription_handlers {
        /// Each event, in the order of their numbers. Answered with async_respond, then or later, from any thread.
        std::function<void(event)> on_event{};
        /// Where set: when a wait ends while this session has not replied to its event.
        std::function<void(const ended_wait&)> on_cancelled{};
        /// Where set: when the wait for an event that matches is over.
        std::function<void(const verdict_notice&)> on_verdict{};
        /// Once, when the session ends, for whatever reason.
        std::function<void(const session_end&)> on_end{};
    };

    /// Connects with the first request. Throws error (invalid_argument) for an impossible path.
    explicit async_client(executor_type executor, client_options options = {});
    async_client(async_client&&) noexcept;
    async_client& operator=(async_client&&) noexcept;
    async_client(const async_client&) = delete;
    async_client& operator=(const async_client&) = delete;
    ~async_client();

    /// Connects now, to learn whether a daemon is there. Signature: void(std::exception_ptr).
    template <class CompletionToken>
    auto async_connect(CompletionToken&& token) {
        return initiate<void(std::exception_ptr)>(token);
    }

    /// As client::emit. Signature: void(std::exception_ptr, emission).
    template <class CompletionToken>
    auto async_emit(std::string name, std::string payload, const emit_options& options, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, emission)>(token, std::move(name), std::move(payload), options);
    }
    template <class CompletionToken>
    auto async_emit(std::string name, std::string payload, emit_options&& options, CompletionToken&& token) = delete;
    /// The same with no options.
    template <class CompletionToken>
    auto async_emit(std::string name, std::string payload, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, emission)>(token, std::move(name), std::move(payload), emit_options{});
    }

    /// As client::emit_and_wait. Signature: void(std::exception_ptr, verdict).
    template <class CompletionToken>
    auto async_emit_and_wait(
        std::string name, std::string payload, const wait_options& options, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, verdict)>(token, std::move(name), std::move(payload), options);
    }
    template <class CompletionToken>
    auto async_emit_and_wait(
        std::string name, std::string payload, wait_options&& options, CompletionToken&& token) = delete;
    /// The same with no options.
    template <class CompletionToken>
    auto async_emit_and_wait(std::string name, std::string payload, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, verdict)>(token, std::move(name), std::move(payload), wait_options{});
    }

    /// As client::await_response. Signature: void(std::exception_ptr, verdict).
    template <class CompletionToken>
    auto async_await_response(
        std::string hook_event_id, std::optional<std::chrono::milliseconds> timeout, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, verdict)>(token, std::move(hook_event_id), timeout);
    }

    /// As client::respond. Signature: void(std::exception_ptr, respond_result).
    template <class CompletionToken>
    auto async_respond(std::string hook_event_id, reply answer, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, respond_result)>(token, std::move(hook_event_id), std::move(answer));
    }

    /// As client::ping. Signature: void(std::exception_ptr, daemon_info).
    template <class CompletionToken>
    auto async_ping(CompletionToken&& token) {
        return initiate<void(std::exception_ptr, daemon_info)>(token);
    }

    /// As client::call. Signature: void(std::exception_ptr, std::string).
    template <class CompletionToken>
    auto async_call(std::string method, std::string params, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, std::string)>(token, std::move(method), std::move(params));
    }

    /// Opens the connection's push session; there can be one (-32006). The first events may be handed out before the
    /// completion handler has run. Resuming by itself is what hook_runner is for. Signature: void(std::exception_ptr,
    /// subscription).
    template <class CompletionToken>
    auto async_subscribe(
        const subscribe_options& options, const subscription_handlers& handlers, CompletionToken&& token) {
        return initiate<void(std::exception_ptr, subscription)>(token, options, handlers);
    }
    template <class CompletionToken>
    auto async_subscribe(
        subscribe_options&& options, const subscription_handlers& handlers, CompletionToken&& token) = delete;
    template <class CompletionToken>
    auto async_subscribe(
        const subscribe_options& options, subscription_handlers&& handlers, CompletionToken&& token) = delete;
    template <class CompletionToken>
    auto async_subscribe(
        subscribe_options&& options, subscription_handlers&& handlers, CompletionToken&& token) = delete;

    /// Ends it; what is queued is dropped. The result says whether there was one. Signature: void(std::exception_ptr,
    /// bool).
    template <class CompletionToken>
    auto async_unsubscribe(CompletionToken&& token) {
        return initiate<void(std::exception_ptr, bool)>(token);
    }

    /// Ends the connection; what is under way fails with error_kind::cancelled, and so do later requests.
    void close();

    [[nodiscard]] executor_type get_executor() const;

private:
    class impl;
    template <class Signature>
    using handler = boost::asio::any_completion_handler<Signature>;

    // One overload an operation, which differ in their handlers and arguments. Compiled into the library.
    static void start(impl& self, handler<void(std::exception_ptr)> done);
    static void start(impl& self, handler<void(std::exception_ptr, emission)> done, std::string name,
        std::string payload, const emit_options& options);
    static void start(impl& self, handler<void(std::exception_ptr, verdict)> done, std::string name,
        std::string payload, const wait_options& options);
    static void start(impl& self, handler<void(std::exception_ptr, verdict)> done, std::string hook_event_id,
        std::optional<std::chrono::milliseconds> timeout);
    static void start(impl& self, handler<void(std::exception_ptr, respond_result)> done, std::string hook_event_id,
        const reply& answer);
    static void start(impl& self, handler<void(std::exception_ptr, daemon_info)> done);
    static void start(
        impl& self, handler<void(std::exception_ptr, std::string)> done, const std::string& method, std::string params);
    static void start(impl& self, handler<void(std::exception_ptr, subscription)> done,
        const subscribe_options& options, subscription_handlers handlers);
    static void start(impl& self, handler<void(std::exception_ptr, bool)> done);

    template <class Signature, class CompletionToken, class... Args>
    auto initiate(CompletionToken& token, Args... args) {
        return boost::asio::async_initiate<CompletionToken, Signature>(
            [self = impl_](auto&& done, auto&&... values) {
                start(*self, handler<Signature>(std::forward<decltype(done)>(done)),
                    std::forward<decltype(values)>(values)...);
            },
            token, std::move(args)...);
    }

    std::shared_ptr<impl> impl_;
};

}  // namespace hookd
