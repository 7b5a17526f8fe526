// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/client.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace hookd::nats {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds permanent_delay = 5s;
constexpr std::chrono::milliseconds steady_after = 5s;        // a connection that has lasted so long was a good one
constexpr std::chrono::milliseconds expiry_interval = 100ms;  // how exactly a request's limit is kept
constexpr std::uint64_t inbox_subscription = 1;

}  // namespace

client::client(boost::asio::io_context& context, url target, std::string name, const std::string& answers,
    client_observer& observer)
    : context_(context),
      target_(std::move(target)),
      name_(std::move(name)),
      observer_(observer),
      tls_(make_tls_context(target_)),
      retry_(context),
      expiry_(context),
      inbox_(answers + boost::uuids::to_string(boost::uuids::random_generator{}()) + ".") {}

client::~client() {
    requests_.clear();
    if (connection_) {
        connection_->close();
    }
}

void client::start() { connect(); }

void client::pause() {
    is_paused_ = true;
    if (connection_) {
        connection_->pause();
    }
}

void client::resume() {
    is_paused_ = false;
    if (connection_) {
        connection_->resume();
    }
}

void client::restart(const down_reason& reason) {
    if (connection_) {
        connection_->end(reason);
    }
}

void client::subscribe(std::string_view subject, message_handler handler) {
    if (connected_) {
        const std::uint64_t number = ++next_number_;
        subscriptions_.emplace(number, std::move(handler));
        connection_->subscribe(subject, number);
    }
}

void client::publish(std::string_view subject, std::string_view body) {
    if (connected_) {
        connection_->publish(subject, {}, {}, body);
    }
}

void client::request(std::string_view subject, std::string_view headers, std::string_view body,
    std::chrono::milliseconds limit, answer_handler done) {
    if (!connected_) {
        return done({answer::kind::disconnected, {}});
    }
    const std::uint64_t number = ++next_number_;
    requests_.emplace(number, open_request{clock::now() + limit, std::move(done)});
    if (requests_.size() == 1) {
        await_expiry();
    }
    connection_->publish(subject, inbox_ + std::to_string(number), headers, body);
}

void client::flush(flush_handler done) {
    if (!connected_) {
        return done(false);
    }
    connection_->flush(std::move(done));
}

void client::connect() {
    const server_address& server = target_.servers[next_server_ % target_.servers.size()];
    ++next_server_;
    connection_observer& self = *this;
    connection_ = std::make_shared<connection>(context_.get_executor(), target_, server, name_, tls_, self);
    connection_->open();
}

void client::on_open(const server_info& server) {
    connected_ = true;
    connected_at_ = clock::now();
    server_ = server;
    connection_->subscribe(inbox_ + "*", inbox_subscription);
    if (is_paused_) {
        connection_->pause();
    }
    observer_.on_connected(server);
}

void client::on_message(const operation& message) {
    if (message.subscription == inbox_subscription) {
        return on_answer(message);
    }
    if (const auto found = subscriptions_.find(message.subscription); found != subscriptions_.end()) {
        found->second({message.subject, message.payload, message.reply});
    }
}

void client::on_answer(const operation& message) {
    const std::string_view digits = message.subject.substr(std::min(inbox_.size(), message.subject.size()));
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const auto found = requests_.find(number);
    if (found == requests_.end()) {
        return;  // too late
    }
    const answer_handler done = std::move(found->second.done);
    requests_.erase(found);
    const bool refused = status_of(message.headers) == no_responders;
    done({refused ? answer::kind::no_responders : answer::kind::reply, message.payload});
}

void client::on_closed(const down_reason& reason) {
    const auto ended = std::exchange(connection_, nullptr);
    if (connected_ && clock::now() - connected_at_ > steady_after) {
        back_off_.reset();
    }
    connected_ = false;
    subscriptions_.clear();
    end_requests();
    wait_to_connect(reason.is_permanent);
    observer_.on_disconnected(reason);
}

void client::wait_to_connect(bool is_permanent) {
    retry_.expires_after(is_permanent ? permanent_delay : back_off_.next());
    retry_.async_wait([this](const error_code& cancelled) {
        if (!cancelled) {
            connect();
        }
    });
}

void client::await_expiry() {
    expiry_.expires_after(expiry_interval);
    expiry_.async_wait([this](const error_code& cancelled) {
        if (!cancelled) {
            expire_requests();
        }
    });
}

void client::expire_requests() {
    std::vector<answer_handler> expired;
    const auto now = clock::now();
    for (auto each = requests_.begin(); each != requests_.end();) {
        if (each->second.deadline <= now) {
            expired.push_back(std::move(each->second.done));
            each = requests_.erase(each);
        } else {
            ++each;
        }
    }
    if (!requests_.empty()) {
        await_expiry();
    }
    for (const auto& done : expired) {
        done({answer::kind::timed_out, {}});
    }
}

void client::end_requests() {
    expiry_.cancel();
    for (auto& [number, request] : std::exchange(requests_, {})) {
        request.done({answer::kind::disconnected, {}});
    }
}

}  // namespace hookd::nats
