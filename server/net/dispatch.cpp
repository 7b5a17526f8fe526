#include "connection.hpp"

#include <hookd/protocol/version.hpp>

#include <algorithm>
#include <array>

#include <unistd.h>

namespace hookd::server {

using protocol::errc;
using protocol::error;

/// A wait of a peer that answers when it is over.
class connection_wait final : public wait_operation {
public:
    connection_wait(std::shared_ptr<connection> by, answer_address to) : by_(std::move(by)), to_(std::move(to)) {
        footprint_bytes = to_.id.capacity();
    }

    [[nodiscard]] const answer_address& to() const noexcept { return to_; }

    void done(std::variant<protocol::wait_result, error> result) override {
        const std::unique_ptr<connection_wait> self{this};
        if (by_->client_ == nullptr) {
            return;  // the peer is gone
        }
        if (const auto* const failure = std::get_if<error>(&result)) {
            by_->answer(to_, *failure);
        } else {
            std::string text;
            append_json(text, std::get<protocol::wait_result>(result));
            by_->answer(to_, text);
        }
        by_->state().poke(by_->client());
    }

private:
    std::shared_ptr<connection> by_;
    answer_address to_;
};

namespace {

template <class Result>
void answer_json(connection& by, const answer_address& to, const Result& result) {
    std::string text;
    if (!to.id.empty()) {
        append_json(text, result);
    }
    by.answer(to, text);
}

template <class Result>
void answer_either(connection& by, const answer_address& to, const std::variant<Result, error>& result) {
    if (const auto* const failure = std::get_if<error>(&result)) {
        by.answer(to, *failure);
    } else {
        answer_json(by, to, std::get<Result>(result));
    }
}

// A wait answers at once, or when it is over.
template <class Begin>
void answer_wait(connection& by, const answer_address& to, Begin begin) {
    auto operation = std::make_unique<connection_wait>(by.shared_from_this(), to);
    const auto result = begin(*operation);
    if (std::holds_alternative<core::broker_state::pending>(result)) {
        operation.release();  // NOLINT(bugprone-unused-return-value): done() takes it back
    } else if (const auto* const failure = std::get_if<error>(&result)) {
        by.answer(to, *failure);
    } else {
        answer_json(by, to, std::get<protocol::wait_result>(result));
    }
}

void carry_out(connection& by, const protocol::ping_params&, const protocol::request&, const answer_address& to) {
    answer_json(by, to, protocol::ping_result{by.state().instance(), protocol::release_version, ::getpid()});
}

void carry_out(connection& by, const protocol::emit_params& params, const protocol::request& call, const answer_address& to) {
    answer_either(by, to, by.state().emit(by.client(), params, call.params, broker_strand::now()));
}

void carry_out(connection& by, const protocol::emit_and_wait_params& params, const protocol::request& call,
               const answer_address& to) {
    answer_wait(by, to, [&](core::waiter& who) {
        return by.state().emit_and_wait(by.client(), params, call.params, who, broker_strand::now());
    });
}

void carry_out(connection& by, const protocol::await_response_params& params, const protocol::request&, const answer_address& to) {
    answer_wait(by, to, [&](core::waiter& who) {
        return by.state().await_response(by.client(), params, who, broker_strand::now());
    });
}

void carry_out(connection& by, const protocol::subscribe_params& params, const protocol::request&, const answer_address& to) {
    const auto result = by.state().subscribe(by.client(), params);
    if (std::holds_alternative<protocol::subscribe_result>(result) && by.log().wants(log_level::debug)) {
        by.log().write(log_level::debug, by.who() + " subscribed");
    }
    answer_either(by, to, result);
}

void carry_out(connection& by, const protocol::unsubscribe_params&, const protocol::request&, const answer_address& to) {
    const auto ended = by.state().unsubscribe(by.client(), broker_strand::now());
    if (ended.was_subscribed) {
        std::string notification;
        protocol::append_closed(notification, protocol::close_reason::unsubscribed, ended.last_seq);
        by.notify(notification);
    }
    answer_json(by, to, protocol::unsubscribe_result{ended.was_subscribed});
}

void carry_out(connection& by, const protocol::respond_params& params, const protocol::request&, const answer_address& to) {
    answer_either(by, to, by.state().respond(by.client(), params, broker_strand::now()));
}

void carry_out(connection& by, const protocol::stats_params&, const protocol::request&, const answer_address& to) {
    answer_json(by, to, by.strand().stats());
}

void carry_out(connection& by, const protocol::discover_params&, const protocol::request&, const answer_address& to) {
    static const std::string document = protocol::discover_document(protocol::release_version);
    by.answer(to, document);
}

void carry_out(connection& by, const protocol::cancel_params& params, const protocol::request&, const answer_address& to) {
    std::vector<core::waiter*> targets;
    for (auto& each : by.client().waiters) {
        if (static_cast<connection_wait&>(each).to().id == params.id) {
            targets.push_back(&each);
        }
    }
    for (core::waiter* const each : targets) {
        by.state().cancel(*each);
    }
    by.answer(to, "null");
}

template <class Params>
void bind_and_carry_out(connection& by, const protocol::request& call, const answer_address& to) {
    const auto bound = protocol::bind_params<Params>(call);
    if (const auto* const failure = std::get_if<error>(&bound)) {
        by.answer(to, *failure);
    } else {
        carry_out(by, std::get<Params>(bound), call, to);
    }
}

struct method {
    std::string_view name;
    void (*call)(connection&, const protocol::request&, const answer_address&);
};

template <class... Params>
constexpr std::array<method, sizeof...(Params)> methods_of() {
    return {method{Params::method, &bind_and_carry_out<Params>}...};
}

// The busiest first.
constexpr auto methods =
    methods_of<protocol::emit_and_wait_params, protocol::respond_params, protocol::emit_params, protocol::await_response_params,
               protocol::subscribe_params, protocol::unsubscribe_params, protocol::ping_params, protocol::stats_params,
               protocol::cancel_params, protocol::discover_params>();

}  // namespace

void dispatch(connection& by, const protocol::request& call, const answer_address& to) {
    const auto* const known =
        std::find_if(methods.begin(), methods.end(), [&call](const method& each) { return call.method.equals(each.name); });
    if (known != methods.end()) {
        return known->call(by, call, to);
    }
    std::string names;
    for (const auto& each : methods) {
        names += (names.empty() ? "" : ", ") + std::string{each.name};
    }
    by.answer(to, error{errc::method_not_found, "unknown method '" + call.method.decode().substr(0, 64) + "'; there are " + names});
}

}  // namespace hookd::server
