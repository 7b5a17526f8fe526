// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/nats_link.hpp"

#include "cluster/nats/url.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>
#include <variant>

namespace hookd::nats {
namespace {

using namespace std::chrono_literals;

constexpr auto tick_interval = 250ms;
// What hooks that answer within it spare is a message; what the emitter's host learns later for it is who answers.
constexpr auto announce_delay = 2ms;

}  // namespace

nats_link::nats_link(boost::asio::io_context& context, link::channel& hookd)
    : context_(context), hookd_(hookd), ticker_(context), announce_timer_(context) {}

void nats_link::begin(link::hello greeting) {
    hookd_.send(link::state_report{link::link_state::connecting, {}, {}});
    try {
        url target = parse_url(greeting.url);
        const std::string cluster = target.cluster;
        client_observer& self = *this;
        const std::string answers = subjects{cluster, greeting.host}.answers_to(greeting.host);
        client_.emplace(context_, std::move(target), "hookd " + greeting.host, answers, self);
        member_.emplace(
            *client_, cluster, membership::settings{greeting.host, greeting.instance, greeting.lease},
            &membership::clock::now, [this](const report& news) { report_to_hookd(news); },
            [this] { announce_later(); });
    } catch (const std::invalid_argument& fault) {
        unusable_ = fault.what();
        hookd_.send(link::fatal{unusable_});
        hookd_.send(link::state_report{link::link_state::down, unusable_, {}});
        return;
    }
    client_->start();
    tick();
}

void nats_link::handle(link::session added) {
    if (member_) {
        member_->handle(std::move(added));
    }
}

void nats_link::handle(link::session_gone removed) {
    if (member_) {
        member_->handle(removed);
    }
}

void nats_link::handle(link::ask question) {
    if (member_) {
        member_->handle(std::move(question));
    } else {
        hookd_.send(link::ask_failed{question.event.id, unusable_});
    }
}

void nats_link::handle(link::tell statement) {
    if (member_) {
        member_->handle(statement);
    } else {
        hookd_.send(link::tell_failed{statement.request, unusable_});
    }
}

void nats_link::handle(link::close_event over) {
    if (member_) {
        member_->handle(over);
    }
}

void nats_link::handle(link::reply answer) {
    if (member_) {
        member_->handle(answer);
    }
}

void nats_link::leave(std::function<void()> done) {
    if (member_) {
        member_->leave(std::move(done));
    } else {
        done();
    }
}

void nats_link::on_connected(const server_info& server) { member_->on_connected(server); }

void nats_link::on_disconnected(const down_reason& reason) { member_->on_disconnected(reason); }

void nats_link::tick() {
    ticker_.expires_after(tick_interval);
    ticker_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            if (!hookd_.is_silent()) {
                member_->tick();
            }
            tick();
        }
    });
}

void nats_link::announce_later() {
    announce_timer_.expires_after(announce_delay);
    announce_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            member_->announce_work();
        }
    });
}

void nats_link::report_to_hookd(const report& news) {
    std::visit([this](const auto& one) { hookd_.send(one); }, news);
    if (hookd_.is_congested() && !std::exchange(is_paused_, true)) {
        client_->pause();
        hookd_.when_drained([this] {
            is_paused_ = false;
            client_->resume();
        });
    }
}

}  // namespace hookd::nats
