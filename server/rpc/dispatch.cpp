// SPDX-License-Identifier: BSL-1.0
#include "answers.hpp"
#include "cluster_events.hpp"
#include "hook_states.hpp"
#include "memory_reserve.hpp"
#include "session.hpp"
#include "subscribe.hpp"

#include <hookd/protocol/version.hpp>
#include <hookd/server/hook_methods.hpp>

#include <algorithm>
#include <array>
#include <new>

#include <unistd.h>

namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;

namespace {

/// A wait of a peer that answers when it is over.
class session_wait final : public core::waiter {
public:
    session_wait(std::shared_ptr<rpc::session> session, answer_address address)
        : waiter(address.id.capacity()), session_(std::move(session)), address_(std::move(address)) {}

    [[nodiscard]] std::string_view request_id() const noexcept override { return address_.id; }

    void done(std::variant<protocol::wait_result, error> result) override {
        if (!session_->is_attached()) {
            return;  // the peer is gone
        }
        try {
            if (const auto* const failure = std::get_if<error>(&result)) {
                session_->answer(address_, *failure);
            } else {
                session_->answer(address_, std::move(std::get<protocol::wait_result>(result)));
            }
        } catch (const std::bad_alloc&) {
            return session_->lose_output();
        }
        session_->state().wake(session_->client(), core::urgency::awaited);
    }

private:
    std::shared_ptr<rpc::session> session_;
    answer_address address_;
};

// A wait answers at once, or when it is over: `begin(waiter)` takes the waiter then.
template <class Begin>
void answer_wait(session& session, const answer_address& address, Begin begin) {
    std::unique_ptr<core::waiter> waiter = std::make_unique<session_wait>(session.shared_from_this(), address);
    auto result = begin(std::move(waiter));
    if (const auto* const failure = std::get_if<error>(&result)) {
        session.answer(address, *failure);
    } else if (auto* const verdict = std::get_if<protocol::wait_result>(&result)) {
        answer_once_durable<protocol::wait_result>(session, address, std::move(*verdict));
    }
}

/// The role that a method asks for; null: any peer may.
template <class Params>
constexpr role role_for = nullptr;
template <>
constexpr role role_for<protocol::emit_params> = &roles::emit;
template <>
constexpr role role_for<protocol::emit_and_wait_params> = &roles::emit;
template <>
constexpr role role_for<protocol::await_response_params> = &roles::emit;
template <>
constexpr role role_for<protocol::respond_params> = &roles::answer;

/// What ends something, or says what has long been asked, is carried out however little memory there is.
template <class Params>
constexpr bool is_refused_when_memory_is_short = true;
template <>
constexpr bool is_refused_when_memory_is_short<protocol::respond_params> = false;
template <>
constexpr bool is_refused_when_memory_is_short<protocol::unsubscribe_params> = false;
template <>
constexpr bool is_refused_when_memory_is_short<protocol::ping_params> = false;
template <>
constexpr bool is_refused_when_memory_is_short<protocol::cancel_params> = false;

void carry_out(
    session& session, const protocol::ping_params&, const protocol::request&, const answer_address& address) {
    protocol::ping_result result{.instance = session.state().instance(),
        .version = protocol::release_version,
        .pid = ::getpid(),
        .host = session.broker().host()};
    if (const auto* const cluster = session.state().cluster()) {
        cluster->add_links(result.clusters);
    }
    session.answer(address, result);
}

void send_to_cluster(session& session, const protocol::emit_params& params, const protocol::request& call,
    const answer_address& address);

void carry_out(session& session, const protocol::emit_params& params, const protocol::request& call,
    const answer_address& address) {
    if (session.broker().goes_to_cluster(params)) {
        return send_to_cluster(session, params, call, address);
    }
    answer_once_durable(session, address, session.broker().emit(session.client(), params, session.bytes_of(call)));
}

void carry_out(session& session, const protocol::emit_and_wait_params& params, const protocol::request& call,
    const answer_address& address) {
    answer_wait(session, address, [&](std::unique_ptr<core::waiter>&& waiter) {
        return session.broker().emit_and_wait(session.client(), params, session.bytes_of(call), std::move(waiter));
    });
}

void carry_out(session& session, const protocol::await_response_params& params, const protocol::request&,
    const answer_address& address) {
    answer_wait(session, address, [&](std::unique_ptr<core::waiter>&& waiter) {
        return session.broker().await_response(session.client(), params, std::move(waiter));
    });
}

void carry_out(session& session, const protocol::subscribe_params& params, const protocol::request&,
    const answer_address& address) {
    carry_out_subscribe(session, params, address);
}

void carry_out(
    session& session, const protocol::unsubscribe_params&, const protocol::request&, const answer_address& address) {
    const auto ended = session.state().unsubscribe(session.client(), session.broker().now());
    if (ended.was_subscribed) {
        std::string notification;
        protocol::append_closed(notification, protocol::close_reason::unsubscribed, ended.last_seq);
        session.notify(notification);
    }
    session.answer(address, protocol::unsubscribe_result{ended.was_subscribed});
}

void carry_out(
    session& session, const protocol::respond_params& params, const protocol::request&, const answer_address& address) {
    const auto changes = session.state().durable_changes();
    auto result = session.broker().respond(session.client(), params);
    if (session.state().durable_changes() == changes) {
        answer_either(session, address, result);  // nothing of it outlives the daemon
    } else {
        answer_once_durable(session, address, std::move(result));
    }
}

void carry_out(
    session& session, const protocol::schema_params& params, const protocol::request&, const answer_address& address) {
    answer_either(session, address, session.broker().schemas(params));
}

/// The methods that change which commands the daemon runs.
std::optional<error> refuse_hook_change(const session& session) {
    if (is_owner(session.peer())) {
        return std::nullopt;
    }
    return error{errc::not_allowed, "only the daemon's own user and root may change its hooks, and you are user " +
                                        std::to_string(session.peer().uid)};
}

// `start(journal, handler)` is called with what takes the result.
template <class Start>
void ask_journal(session& session, std::string_view method, const answer_address& address, Start start) {
    auto* const journal = session.broker().journal();
    if (!session.may().observe && !session.may().answer) {
        session.answer(address, missing_role(session, method, &roles::observe));
    } else if (journal == nullptr) {
        session.answer(address, error{errc::invalid_params, "there is no journal: start hookd with --journal FILE"});
    } else {
        answer_later(session, address, [&](core::deferred_handler handler) { start(*journal, std::move(handler)); });
    }
}

error not_a_uuid() {
    return {errc::invalid_params,
        "parameter 'hook_event_id' is not a UUID, so the journal holds no such event: hookctl log shows the ids"};
}

void carry_out(
    session& session, const protocol::history_params& params, const protocol::request&, const answer_address& address) {
    ask_journal(session, protocol::history_params::method, address,
        [&](core::journal& journal, core::deferred_handler handler) {
            journal.history({.event = std::string{params.event.view()},
                                .responder = std::string{params.responder.view()},
                                .vetoed = params.vetoed,
                                .since = params.since,
                                .before_seq = params.before_seq,
                                .instance = params.instance,
                                .limit = params.limit.value_or(protocol::default_history)},
                on_strand_of<std::string>(session, std::move(handler)));
        });
}

void carry_out(
    session& session, const protocol::trace_params& params, const protocol::request&, const answer_address& address) {
    ask_journal(
        session, protocol::trace_params::method, address, [&](core::journal& journal, core::deferred_handler handler) {
            if (const auto id = protocol::parse_uuid(params.hook_event_id.view())) {
                return journal.trace(*id, on_strand_of<std::string>(session, std::move(handler)));
            }
            handler(not_a_uuid());
        });
}

/// Carries out a request whose result is made asynchronously: `start` is called with what takes it, unless it is a
/// retry.
template <class Params, class Start>
void carry_out_async(
    session& session, const Params& params, const protocol::request& call, const answer_address& address, Start start) {
    if (!params.operation_id) {
        return answer_later(session, address, std::move(start));
    }
    const auto known = session.state().begin_async(session.client(), *params.operation_id, Params::method, call.params,
        answer_handler(session, address), session.broker().now());
    if (const auto* const failure = std::get_if<error>(&known)) {
        session.answer(address, *failure);
    } else if (const auto* const recorded = std::get_if<std::string>(&known)) {
        session.answer(address, std::string_view{*recorded});
    } else if (std::holds_alternative<core::broker::new_operation>(known)) {
        start(core::deferred_handler{
            [&broker = session.broker(), id = *params.operation_id](
                const core::deferred_result& result) { broker.state().finish_async(id, result, broker.now()); }});
    }
}

void send_to_cluster(session& session, const protocol::emit_params& params, const protocol::request& call,
    const answer_address& address) {
    carry_out_async(session, params, call, address, [&](core::deferred_handler handler) {
        emit_to_cluster(session.shared_broker(), params,
            [handler = std::move(handler)](const std::variant<protocol::emit_result, error>& result) {
                if (const auto* const failure = std::get_if<error>(&result)) {
                    return handler(*failure);
                }
                handler(json_of(std::get<protocol::emit_result>(result)));
            });
    });
}

// `start` is called with the hooks and the handler of the result.
template <class Result, class Params, class Start>
void change_hooks(
    session& session, const Params& params, const protocol::request& call, const answer_address& address, Start start) {
    auto* const hooks = session.options().hooks;
    if (hooks == nullptr) {
        return session.answer(
            address, error{errc::method_not_found, "there are no registered hooks here: this program runs none"});
    }
    if (const auto failure = refuse_hook_change(session)) {
        return session.answer(address, *failure);
    }
    carry_out_async(session, params, call, address,
        [&](core::deferred_handler handler) { start(*hooks, on_strand_of<Result>(session, std::move(handler))); });
}

void carry_out(session& session, const protocol::register_hook_params& params, const protocol::request& call,
    const answer_address& address) {
    change_hooks<protocol::hook_info>(session, params, call, address,
        [&params](hook_methods& hooks, auto done) { hooks.register_hook(params.definition(), std::move(done)); });
}

void carry_out(session& session, const protocol::deregister_hook_params& params, const protocol::request& call,
    const answer_address& address) {
    change_hooks<protocol::deregister_hook_result>(
        session, params, call, address, [&params](hook_methods& hooks, auto done) {
            hooks.deregister_hook(std::string{params.name.view()}, std::move(done));
        });
}

void carry_out(session& session, const protocol::trust_hook_params& params, const protocol::request& call,
    const answer_address& address) {
    change_hooks<protocol::hook_info>(session, params, call, address, [&params](hook_methods& hooks, auto done) {
        hooks.trust_hook(std::string{params.name.view()}, std::move(done));
    });
}

void carry_out(
    session& session, const protocol::replay_params& params, const protocol::request&, const answer_address& address) {
    if (!is_owner(session.peer())) {
        return session.answer(address,
            error{errc::not_allowed, "only the daemon's own user and root may replay events, and you are user " +
                                         std::to_string(session.peer().uid)});
    }
    ask_journal(session, protocol::replay_params::method, address,
        [&](core::journal& journal, const core::deferred_handler& handler) {
            const auto id = protocol::parse_uuid(params.hook_event_id.view());
            if (!id) {
                return handler(not_a_uuid());
            }
            const auto begun = session.state().begin_replay(session.client(), address.id, handler);
            if (const auto* const failure = std::get_if<error>(&begun)) {
                return handler(*failure);
            }
            journal.find(*id, [broker = session.shared_broker(), number = std::get<std::uint64_t>(begun),
                                  name = std::string{params.to.view()}](
                                  std::variant<core::journalled_event, error> found) {
                broker->submit([&service = *broker, number, name, found = std::move(found)] {
                    if (const auto* const failure = std::get_if<error>(&found)) {
                        service.state().refuse_replay(number, *failure);
                    } else {
                        service.state().replay(number, name, std::get<core::journalled_event>(found), service.now());
                    }
                });
            });
        });
}

/// A command line and an environment may hold secrets: for those who can't change them, they are left out.
hook_methods::handler<protocol::list_hooks_result> without_commands(
    hook_methods::handler<protocol::list_hooks_result> handler) {
    return [handler = std::move(handler)](std::variant<protocol::list_hooks_result, error> result) {
        if (auto* const list = std::get_if<protocol::list_hooks_result>(&result)) {
            for (auto& each : list->hooks) {
                each.shows_command = false;
            }
        }
        handler(std::move(result));
    };
}

void carry_out(session& session, const protocol::enable_hook_params& params, const protocol::request& call,
    const answer_address& address) {
    change_hooks<protocol::hook_info>(session, params, call, address, [&params](hook_methods& hooks, auto done) {
        hooks.enable_hook(std::string{params.name.view()}, params.enabled, std::move(done));
    });
}

void carry_out(
    session& session, const protocol::list_hooks_params&, const protocol::request&, const answer_address& address) {
    auto* const hooks = session.options().hooks;
    if (hooks == nullptr) {
        session.answer(address, protocol::list_hooks_result{});
    } else {
        answer_later(session, address, [&](core::deferred_handler handler) {
            auto answer = on_strand_of<protocol::list_hooks_result>(session, std::move(handler));
            hooks->list_hooks(is_owner(session.peer()) ? std::move(answer) : without_commands(std::move(answer)));
        });
    }
}

void carry_out(
    session& session, const protocol::cluster_hosts_params&, const protocol::request&, const answer_address& address) {
    protocol::cluster_hosts_result result;
    if (const auto* const cluster = session.state().cluster()) {
        cluster->add_hosts(result);
    }
    session.answer(address, result);
}

// Whether a registered hook may run is for its files to say, which are looked at on another thread.
void carry_out(
    session& session, const protocol::who_params& params, const protocol::request&, const answer_address& address) {
    auto found = session.broker().who(params);
    const auto* const responders = std::get_if<protocol::who_result>(&found);
    auto* const hooks = session.options().hooks;
    if (hooks == nullptr || responders == nullptr || !has_registered(*responders)) {
        return answer_either(session, address, found);
    }
    answer_later(session, address, [&](core::deferred_handler handler) {
        hooks->list_hooks([broker = session.shared_broker(), responders = *responders, handler = std::move(handler)](
                              const std::variant<protocol::list_hooks_result, error>& listed) {
            auto answer = responders;
            if (const auto* const all = std::get_if<protocol::list_hooks_result>(&listed)) {
                note_hook_states(answer, *all);
            }
            std::string text;
            append_json(text, answer);
            broker->submit([handler, text = std::move(text)] { handler(text); });
        });
    });
}

void carry_out(
    session& session, const protocol::bypass_params& params, const protocol::request&, const answer_address& address) {
    if (!is_owner(session.peer())) {
        return session.answer(address,
            error{errc::not_allowed, "only the daemon's own user and root may bypass hooks, and you are user " +
                                         std::to_string(session.peer().uid)});
    }
    answer_either(session, address, session.broker().bypass(session.client(), params));
}

void carry_out(
    session& session, const protocol::stats_params&, const protocol::request&, const answer_address& address) {
    session.answer(address, session.broker().stats());
}

void carry_out(
    session& session, const protocol::discover_params&, const protocol::request&, const answer_address& address) {
    static const std::string document = protocol::discover_document(protocol::release_version);
    session.answer(address, std::string_view{document});
}

void carry_out(
    session& session, const protocol::cancel_params& params, const protocol::request&, const answer_address& address) {
    session.state().cancel(session.client(), params.id, session.broker().now());
    session.answer(address, std::string_view{"null"});
}

template <class Params>
void bind_and_carry_out(session& session, const protocol::request& call, const answer_address& address) {
    const auto bound = protocol::bind_params<Params>(call);
    if (const auto* const failure = std::get_if<error>(&bound)) {
        session.answer(address, *failure);
    } else {
        carry_out(session, std::get<Params>(bound), call, address);
    }
}

struct method {
    std::string_view name;
    role needs;
    bool is_refused_when_memory_is_short;
    void (*call)(session&, const protocol::request&, const answer_address&);
};

template <class... Params>
constexpr std::array<method, sizeof...(Params)> methods_of() {
    return {method{
        Params::method, role_for<Params>, is_refused_when_memory_is_short<Params>, &bind_and_carry_out<Params>}...};
}

// The busiest first.
constexpr auto methods = methods_of<protocol::emit_and_wait_params, protocol::respond_params, protocol::emit_params,
    protocol::await_response_params, protocol::subscribe_params, protocol::unsubscribe_params, protocol::ping_params,
    protocol::who_params, protocol::history_params, protocol::trace_params, protocol::replay_params,
    protocol::schema_params, protocol::stats_params, protocol::cluster_hosts_params, protocol::cancel_params,
    protocol::discover_params, protocol::register_hook_params, protocol::deregister_hook_params,
    protocol::list_hooks_params, protocol::trust_hook_params, protocol::enable_hook_params, protocol::bypass_params>();

}  // namespace

void dispatch(session& session, const protocol::request& call, const answer_address& address) {
    const bool is_plain = !call.method.has_escapes();
    const auto* const known = std::find_if(methods.begin(), methods.end(),
        [&](const method& each) { return is_plain ? call.method.raw == each.name : call.method.equals(each.name); });
    if (known != methods.end()) {
        if (known->needs != nullptr && !(session.may().*known->needs)) {
            return session.answer(address, missing_role(session, known->name, known->needs));
        }
        if (known->is_refused_when_memory_is_short && memory_reserve::is_short()) {
            return session.answer(address, memory_reserve::refusal());
        }
        return known->call(session, call, address);
    }
    std::string names;
    for (const auto& each : methods) {
        names += (names.empty() ? "" : ", ") + std::string{each.name};
    }
    session.answer(address, error{errc::method_not_found,
                                "unknown method '" + call.method.decode().substr(0, 64) + "'; there are " + names});
}

}  // namespace hookd::server::rpc
