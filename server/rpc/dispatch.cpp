// SPDX-License-Identifier: BSL-1.0
#include "catalogued.hpp"
#include "cluster_events.hpp"
#include "hook_states.hpp"
#include "memory_reserve.hpp"
#include "session.hpp"

#include <hookd/protocol/version.hpp>
#include <hookd/server/hook_methods.hpp>

#include <algorithm>
#include <array>
#include <new>

#include <unistd.h>

namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;

/// A wait of a peer that answers when it is over.
class session_wait final : public wait_operation {
public:
    session_wait(std::shared_ptr<session> by, answer_address to) : by_(std::move(by)), to_(std::move(to)) {
        footprint_bytes = to_.id.capacity();
    }

    [[nodiscard]] const answer_address& to() const noexcept { return to_; }

    void done(std::variant<protocol::wait_result, error> result) override {
        const std::unique_ptr<session_wait> self{this};
        if (!by_->is_attached()) {
            return;  // the peer is gone
        }
        try {
            if (const auto* const failure = std::get_if<error>(&result)) {
                by_->answer(to_, *failure);
            } else {
                by_->answer(to_, std::get<protocol::wait_result>(result));
            }
        } catch (const std::bad_alloc&) {
            return by_->lose_output();
        }
        by_->state().wake(by_->client());
    }

private:
    std::shared_ptr<session> by_;
    answer_address to_;
};

namespace {

template <class Result>
void answer_either(session& by, const answer_address& to, const std::variant<Result, error>& result) {
    if (const auto* const failure = std::get_if<error>(&result)) {
        by.answer(to, *failure);
    } else {
        by.answer(to, std::get<Result>(result));
    }
}

// The same, once what the request has changed is durable.
template <class Result>
void answer_once_durable(session& by, const answer_address& to, std::variant<Result, error> result) {
    if (by.state().is_durable() || std::holds_alternative<error>(result)) {
        return answer_either(by, to, result);
    }
    by.state().once_durable(by.client(), [by = by.weak_from_this(), to, result = std::move(result)](const error* lost) {
        const auto peer = by.lock();
        if (!peer || !peer->is_attached()) {
            return;
        }
        if (lost != nullptr) {
            peer->answer(to, *lost);
        } else {
            answer_either(*peer, to, result);
        }
        peer->state().wake(peer->client());
    });
}

// A wait answers at once, or when it is over.
template <class Begin>
void answer_wait(session& by, const answer_address& to, Begin begin) {
    auto operation = std::make_unique<session_wait>(by.shared_from_this(), to);
    auto result = begin(*operation);
    if (std::holds_alternative<core::broker::pending>(result)) {
        operation.release();  // NOLINT(bugprone-unused-return-value): done() takes it back
    } else if (const auto* const failure = std::get_if<error>(&result)) {
        by.answer(to, *failure);
    } else {
        answer_once_durable<protocol::wait_result>(by, to, std::get<protocol::wait_result>(std::move(result)));
    }
}

/// A role that a method asks for; null: any peer may.
using role = bool roles::*;

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

error missing_role(const session& by, std::string_view method, role wanted) {
    const auto user = std::to_string(by.peer().uid);
    const auto has = describe(by.may());
    return {errc::not_allowed, "user " + user + " may not " + std::string{method} + ", for which it needs the role " +
                                   std::string{name_of(wanted)} + " and has " + has +
                                   ": start the daemon with --allow-user " + user + ":" + has + "," +
                                   std::string{name_of(wanted)}};
}

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

protocol::subscribe_params as_observer(protocol::subscribe_params params) {
    params.responds = false;
    return params;
}

void carry_out(session& by, const protocol::ping_params&, const protocol::request&, const answer_address& to) {
    by.answer(
        to, protocol::ping_result{by.state().instance(), protocol::release_version, ::getpid(), by.broker().host()});
}

void tell_cluster(
    session& by, const protocol::emit_params& params, const protocol::request& call, const answer_address& to);

void carry_out(
    session& by, const protocol::emit_params& params, const protocol::request& call, const answer_address& to) {
    if (is_told_to_cluster(by.broker(), params)) {
        return tell_cluster(by, params, call, to);
    }
    answer_once_durable(by, to, catalogued::emit(by.broker(), by.client(), params, call.params));
}

void carry_out(session& by, const protocol::emit_and_wait_params& params, const protocol::request& call,
    const answer_address& to) {
    answer_wait(by, to, [&](core::waiter& who) {
        return catalogued::emit_and_wait(by.broker(), by.client(), params, call.params, who);
    });
}

void carry_out(
    session& by, const protocol::await_response_params& params, const protocol::request&, const answer_address& to) {
    answer_wait(
        by, to, [&](core::waiter& who) { return catalogued::await_response(by.broker(), by.client(), params, who); });
}

// Nothing is handed out to the session before it knows that it is one.
void answer_once_known(session& by, const protocol::subscribe_result& result, const answer_address& to) {
    if (by.state().add_in_flight(by.client())) {
        return by.answer(to, result);  // it waits for as many answers as it may
    }
    core::broker::mute(by.client());
    once_known_to_cluster(by.broker(), by.client(), [by = by.weak_from_this(), result, to] {
        const auto peer = by.lock();
        if (peer && peer->is_attached()) {
            --peer->client().in_flight;
            peer->answer(to, result);
            peer->state().unmute(peer->client());
        }
    });
}

// Its head_seq is one that a restart keeps, and events that were fired before it are accepted before it, too.
void answer_subscribed(session& by, protocol::subscribe_result result, const answer_address& to) {
    const auto answer = [to](session& peer, const protocol::subscribe_result& opened) {
        if (peer.client().push && peer.client().push->spans_cluster) {
            answer_once_known(peer, opened, to);
        } else {
            peer.answer(to, opened);
        }
    };
    if (by.state().is_durable()) {
        return answer(by, result);
    }
    core::broker::mute(by.client());
    by.state().once_durable(by.client(), [by = by.weak_from_this(), result, answer](const error*) mutable {
        const auto peer = by.lock();
        if (peer && peer->is_attached()) {
            result.head_seq = std::min(result.head_seq, peer->state().head_seq());
            peer->state().unmute(peer->client());
            answer(*peer, result);
        }
    });
}

void carry_out(
    session& by, const protocol::subscribe_params& params, const protocol::request&, const answer_address& to) {
    if (!by.may().observe && !by.may().answer) {
        return by.answer(to, missing_role(by, protocol::subscribe_params::method, &roles::observe));
    }
    const auto result = by.may().answer ? catalogued::subscribe(by.broker(), by.client(), params)
                                        : catalogued::subscribe(by.broker(), by.client(), as_observer(params));
    if (std::holds_alternative<protocol::subscribe_result>(result)) {
        by.watch_process();
    }
    if (std::holds_alternative<protocol::subscribe_result>(result) && by.log().wants(log_level::debug)) {
        by.log().write(log_level::debug, by.who() + " subscribed");
    }
    if (const auto* const opened = std::get_if<protocol::subscribe_result>(&result)) {
        return answer_subscribed(by, *opened, to);
    }
    answer_either(by, to, result);
}

void carry_out(session& by, const protocol::unsubscribe_params&, const protocol::request&, const answer_address& to) {
    const auto ended = by.state().unsubscribe(by.client(), by.broker().now());
    if (ended.was_subscribed) {
        std::string notification;
        protocol::append_closed(notification, protocol::close_reason::unsubscribed, ended.last_seq);
        by.notify(notification);
    }
    by.answer(to, protocol::unsubscribe_result{ended.was_subscribed});
}

void carry_out(
    session& by, const protocol::respond_params& params, const protocol::request&, const answer_address& to) {
    const auto changes = by.state().durable_changes();
    auto result = catalogued::respond(by.broker(), by.client(), params);
    if (by.state().durable_changes() == changes) {
        return answer_either(by, to, result);  // it decides a wait that does not outlive the daemon
    }
    answer_once_durable(by, to, std::move(result));
}

void carry_out(session& by, const protocol::schema_params& params, const protocol::request&, const answer_address& to) {
    answer_either(by, to, catalogued::schemas(by.broker(), params));
}

/// The methods that change which commands the daemon runs.
std::optional<error> refuse_hook_change(const session& by) {
    if (is_owner(by.peer())) {
        return std::nullopt;
    }
    return error{errc::not_allowed,
        "only the daemon's own user and root may change its hooks, and you are user " + std::to_string(by.peer().uid)};
}

// Answers a request whose result is made asynchronously; the peer may be gone by then.
core::deferred_handler deferred_answer(session& by, const answer_address& to) {
    return [by = by.weak_from_this(), to](const core::deferred_result& result) {
        const auto peer = by.lock();
        if (!peer || !peer->is_attached()) {
            return;
        }
        --peer->client().in_flight;
        answer_either(*peer, to, result);
        peer->state().wake(peer->client());
    };
}

template <class Result>
std::string json_of(const Result& result) {
    std::string text;
    append_json(text, result);
    return text;
}
std::string json_of(const std::string& text) { return text; }

// What calls `then` on the broker's strand with a result that may come from any thread.
template <class Result, class Then>
hook_methods::handler<Result> on_strand_of(session& by, Then then) {
    return [broker = by.shared_broker(), then = std::move(then)](std::variant<Result, error> result) {
        broker->submit([then, result = std::move(result)] {
            if (const auto* const failure = std::get_if<error>(&result)) {
                return then(*failure);
            }
            then(json_of(std::get<Result>(result)));
        });
    };
}

// `start` is called with the journal, and owes an answer.
template <class Start>
void ask_journal(session& by, std::string_view method, const answer_address& to, Start start) {
    auto* const journal = by.broker().journal();
    if (!by.may().observe && !by.may().answer) {
        by.answer(to, missing_role(by, method, &roles::observe));
    } else if (journal == nullptr) {
        by.answer(to, error{errc::invalid_params, "there is no journal: start hookd with --journal FILE"});
    } else if (const auto failure = by.state().add_in_flight(by.client())) {
        by.answer(to, *failure);
    } else {
        start(*journal);
    }
}

error not_a_uuid() {
    return {
        errc::invalid_params, "parameter 'hook_event_id': the journal holds no such event, since this is not a UUID"};
}

void carry_out(
    session& by, const protocol::history_params& params, const protocol::request&, const answer_address& to) {
    ask_journal(by, protocol::history_params::method, to, [&](core::journal& journal) {
        journal.history({.event = std::string{params.event.view()},
                            .responder = std::string{params.responder.view()},
                            .vetoed = params.vetoed,
                            .since = params.since,
                            .before_seq = params.before_seq,
                            .instance = params.instance,
                            .limit = params.limit.value_or(protocol::default_history)},
            on_strand_of<std::string>(by, deferred_answer(by, to)));
    });
}

void carry_out(session& by, const protocol::trace_params& params, const protocol::request&, const answer_address& to) {
    ask_journal(by, protocol::trace_params::method, to, [&](core::journal& journal) {
        if (const auto id = protocol::parse_uuid(params.hook_event_id.view())) {
            return journal.trace(*id, on_strand_of<std::string>(by, deferred_answer(by, to)));
        }
        deferred_answer(by, to)(not_a_uuid());
    });
}

/// Carries out a request whose result is made asynchronously: `start` is called with what takes it, unless it is a
/// retry.
template <class Params, class Start>
void carry_out_async(
    session& by, const Params& params, const protocol::request& call, const answer_address& to, Start start) {
    if (!params.operation_id) {
        if (const auto failure = by.state().add_in_flight(by.client())) {
            return by.answer(to, *failure);
        }
        return start(deferred_answer(by, to));
    }
    const auto known = by.state().begin_async(
        by.client(), *params.operation_id, Params::method, call.params, deferred_answer(by, to), by.broker().now());
    if (const auto* const failure = std::get_if<error>(&known)) {
        by.answer(to, *failure);
    } else if (const auto* const recorded = std::get_if<std::string>(&known)) {
        by.answer(to, std::string_view{*recorded});
    } else if (std::holds_alternative<core::broker::new_operation>(known)) {
        start(core::deferred_handler{
            [&broker = by.broker(), id = *params.operation_id](
                const core::deferred_result& result) { broker.state().finish_async(id, result, broker.now()); }});
    }
}

void tell_cluster(
    session& by, const protocol::emit_params& params, const protocol::request& call, const answer_address& to) {
    carry_out_async(by, params, call, to, [&](core::deferred_handler then) {
        emit_to_cluster(by.shared_broker(), params,
            [then = std::move(then)](const std::variant<protocol::emit_result, error>& result) {
                if (const auto* const failure = std::get_if<error>(&result)) {
                    return then(*failure);
                }
                then(json_of(std::get<protocol::emit_result>(result)));
            });
    });
}

// `start` is called with the hooks and the handler of the result.
template <class Result, class Params, class Start>
void change_hooks(
    session& by, const Params& params, const protocol::request& call, const answer_address& to, Start start) {
    auto* const hooks = by.options().hooks;
    if (hooks == nullptr) {
        return by.answer(
            to, error{errc::method_not_found, "there are no registered hooks here: this program runs none"});
    }
    if (const auto failure = refuse_hook_change(by)) {
        return by.answer(to, *failure);
    }
    carry_out_async(by, params, call, to,
        [&](core::deferred_handler then) { start(*hooks, on_strand_of<Result>(by, std::move(then))); });
}

void carry_out(session& by, const protocol::register_hook_params& params, const protocol::request& call,
    const answer_address& to) {
    change_hooks<protocol::hook_info>(by, params, call, to,
        [&params](hook_methods& hooks, auto done) { hooks.register_hook(params.definition(), std::move(done)); });
}

void carry_out(session& by, const protocol::deregister_hook_params& params, const protocol::request& call,
    const answer_address& to) {
    change_hooks<protocol::deregister_hook_result>(by, params, call, to, [&params](hook_methods& hooks, auto done) {
        hooks.deregister_hook(std::string{params.name.view()}, std::move(done));
    });
}

void carry_out(
    session& by, const protocol::trust_hook_params& params, const protocol::request& call, const answer_address& to) {
    change_hooks<protocol::hook_info>(by, params, call, to, [&params](hook_methods& hooks, auto done) {
        hooks.trust_hook(std::string{params.name.view()}, std::move(done));
    });
}

void carry_out(session& by, const protocol::replay_params& params, const protocol::request&, const answer_address& to) {
    if (!is_owner(by.peer())) {
        return by.answer(
            to, error{errc::not_allowed, "only the daemon's own user and root may replay events, and you are user " +
                                             std::to_string(by.peer().uid)});
    }
    ask_journal(by, protocol::replay_params::method, to, [&](core::journal& journal) {
        const auto id = protocol::parse_uuid(params.hook_event_id.view());
        if (!id) {
            return deferred_answer(by, to)(not_a_uuid());
        }
        journal.find(*id, [broker = by.shared_broker(), by = by.weak_from_this(), name = std::string{params.to.view()},
                              then = deferred_answer(by, to)](std::variant<core::journalled_event, error> found) {
            broker->submit([&service = *broker, by, name, then, found = std::move(found)] {
                const auto peer = by.lock();
                if (const auto* const failure = std::get_if<error>(&found)) {
                    then(*failure);
                } else if (peer && peer->is_attached()) {
                    const auto& what = std::get<core::journalled_event>(found);
                    if (const auto refused = service.state().replay(peer->client(), name, what, then, service.now())) {
                        then(*refused);
                    }
                }
            });
        });
    });
}

/// A command line and an environment may hold secrets: for those who can't change them, they are left out.
hook_methods::handler<protocol::list_hooks_result> without_commands(
    hook_methods::handler<protocol::list_hooks_result> then) {
    return [then = std::move(then)](std::variant<protocol::list_hooks_result, error> result) {
        if (auto* const list = std::get_if<protocol::list_hooks_result>(&result)) {
            for (auto& each : list->hooks) {
                each.shows_command = false;
            }
        }
        then(std::move(result));
    };
}

void carry_out(
    session& by, const protocol::enable_hook_params& params, const protocol::request& call, const answer_address& to) {
    change_hooks<protocol::hook_info>(by, params, call, to, [&params](hook_methods& hooks, auto done) {
        hooks.enable_hook(std::string{params.name.view()}, params.enabled, std::move(done));
    });
}

void carry_out(session& by, const protocol::list_hooks_params&, const protocol::request&, const answer_address& to) {
    auto* const hooks = by.options().hooks;
    if (hooks == nullptr) {
        by.answer(to, protocol::list_hooks_result{});
    } else if (const auto failure = by.state().add_in_flight(by.client())) {
        by.answer(to, *failure);
    } else {
        auto answer = on_strand_of<protocol::list_hooks_result>(by, deferred_answer(by, to));
        hooks->list_hooks(is_owner(by.peer()) ? std::move(answer) : without_commands(std::move(answer)));
    }
}

void carry_out(session& by, const protocol::cluster_hosts_params&, const protocol::request&, const answer_address& to) {
    protocol::cluster_hosts_result result;
    if (const auto* const cluster = by.state().cluster()) {
        cluster->add_hosts(result);
    }
    by.answer(to, result);
}

// Whether a registered hook may run is for its files to say, which are looked at on another thread.
void carry_out(session& by, const protocol::who_params& params, const protocol::request&, const answer_address& to) {
    auto found = catalogued::who(by.broker(), params);
    const auto* const who = std::get_if<protocol::who_result>(&found);
    auto* const hooks = by.options().hooks;
    if (hooks == nullptr || who == nullptr || !has_registered(*who)) {
        return answer_either(by, to, found);
    }
    if (const auto failure = by.state().add_in_flight(by.client())) {
        return by.answer(to, *failure);
    }
    hooks->list_hooks([broker = by.shared_broker(), who = *who, then = deferred_answer(by, to)](
                          const std::variant<protocol::list_hooks_result, error>& listed) {
        auto answer = who;
        if (const auto* const all = std::get_if<protocol::list_hooks_result>(&listed)) {
            note_hook_states(answer, *all);
        }
        std::string text;
        append_json(text, answer);
        broker->submit([then, text = std::move(text)] { then(text); });
    });
}

void carry_out(session& by, const protocol::bypass_params& params, const protocol::request&, const answer_address& to) {
    if (!is_owner(by.peer())) {
        return by.answer(
            to, error{errc::not_allowed, "only the daemon's own user and root may bypass hooks, and you are user " +
                                             std::to_string(by.peer().uid)});
    }
    answer_either(by, to, catalogued::bypass(by.broker(), by.client(), params));
}

void carry_out(session& by, const protocol::stats_params&, const protocol::request&, const answer_address& to) {
    by.answer(to, by.broker().stats());
}

void carry_out(session& by, const protocol::discover_params&, const protocol::request&, const answer_address& to) {
    static const std::string document = protocol::discover_document(protocol::release_version);
    by.answer(to, std::string_view{document});
}

void carry_out(session& by, const protocol::cancel_params& params, const protocol::request&, const answer_address& to) {
    std::vector<core::waiter*> targets;
    for (auto& each : by.client().waiters) {
        if (static_cast<session_wait&>(each).to().id == params.id) {
            targets.push_back(&each);
        }
    }
    for (core::waiter* const each : targets) {
        by.state().cancel(*each, by.broker().now());
    }
    by.answer(to, std::string_view{"null"});
}

template <class Params>
void bind_and_carry_out(session& by, const protocol::request& call, const answer_address& to) {
    const auto bound = protocol::bind_params<Params>(call);
    if (const auto* const failure = std::get_if<error>(&bound)) {
        by.answer(to, *failure);
    } else {
        carry_out(by, std::get<Params>(bound), call, to);
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

void dispatch(session& by, const protocol::request& call, const answer_address& to) {
    const bool is_plain = !call.method.has_escapes();
    const auto* const known = std::find_if(methods.begin(), methods.end(),
        [&](const method& each) { return is_plain ? call.method.raw == each.name : call.method.equals(each.name); });
    if (known != methods.end()) {
        if (known->needs != nullptr && !(by.may().*known->needs)) {
            return by.answer(to, missing_role(by, known->name, known->needs));
        }
        if (known->is_refused_when_memory_is_short && memory_reserve::is_short()) {
            return by.answer(to, memory_reserve::refusal());
        }
        return known->call(by, call, to);
    }
    std::string names;
    for (const auto& each : methods) {
        names += (names.empty() ? "" : ", ") + std::string{each.name};
    }
    by.answer(to, error{errc::method_not_found,
                      "unknown method '" + call.method.decode().substr(0, 64) + "'; there are " + names});
}

}  // namespace hookd::server::rpc
