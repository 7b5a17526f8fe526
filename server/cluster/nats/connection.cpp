// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/connection.hpp"

#include "cluster/nats/commands.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace hookd::nats {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

constexpr auto connect_limit = 5s;
constexpr auto ping_interval = 1s;
constexpr auto silence_limit = 3s;
constexpr std::size_t read_bytes = std::size_t{64} * 1024;

constexpr std::size_t least_max_payload =
    std::size_t{128} * 1024;  // what a member says of itself has to fit, with its sessions

// "2.9.10" is at least 2.9.
bool is_new_enough(std::string_view version) {
    int major = 0;
    int minor = 0;
    const char* const end = version.data() + version.size();
    const auto [behind_major, fault] = std::from_chars(version.data(), end, major);
    if (fault == std::errc{} && behind_major != end && *behind_major == '.') {
        std::from_chars(behind_major + 1, end, minor);
    }
    return major > 2 || (major == 2 && minor >= 9);
}

bool flag_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

// What a server says about a client that it refuses or may not do something; all of it is in the server's
// configuration.
bool is_refusal(std::string_view text) {
    return text.starts_with("Authorization") || text.starts_with("authorization") ||
           text.starts_with("User Authentication") || text.starts_with("Permissions Violation");
}

}  // namespace

std::optional<server_info> read_server_info(std::string_view json) {
    error_code failure;
    const boost::json::value document = boost::json::parse(json, failure);
    const auto* object = failure ? nullptr : document.if_object();
    if (object == nullptr) {
        return std::nullopt;
    }
    server_info info;
    if (const auto* version = object->if_contains("version"); version != nullptr && version->is_string()) {
        info.version = std::string_view{version->get_string()};
    }
    if (const auto* bytes = object->if_contains("max_payload");
        bytes != nullptr && bytes->is_int64() && bytes->get_int64() > 0) {
        info.max_payload = static_cast<std::size_t>(bytes->get_int64());
    }
    info.headers = flag_of(*object, "headers");
    info.jetstream = flag_of(*object, "jetstream");
    info.needs_tls = flag_of(*object, "tls_required");
    info.wants_nkey = object->contains("nonce");
    return info;
}

std::string why_unusable(const server_info& server) {
    if (!is_new_enough(server.version)) {
        return "NATS " + server.version + " is too old: nats-server 2.9 or newer is needed";
    }
    if (!server.headers) {
        return "the server's headers are switched off: remove `no_header_support` from its configuration";
    }
    if (server.max_payload < least_max_payload) {
        return "the server takes messages of at most " + std::to_string(server.max_payload) +
               " bytes: set `max_payload` to " + std::to_string(least_max_payload) + " or more in its configuration";
    }
    return {};
}

connection::connection(const boost::asio::any_io_executor& executor, const url& target, const server_address& server,
    std::string name, std::shared_ptr<boost::asio::ssl::context> tls, connection_observer& observer)
    : target_(target),
      server_(server),
      name_(std::move(name)),
      tls_(std::move(tls)),
      observer_(&observer),
      transport_(executor),
      timer_(executor),
      input_(read_bytes) {}

void connection::open() {
    opened_at_ = clock::now();
    watch();
    transport_.connect(
        server_, [self = shared_from_this()](const error_code& failure) { self->on_connected(failure); });
}

void connection::close() {
    phase_ = phase::closed;
    timer_.cancel();
    transport_.close();
}

void connection::publish(
    std::string_view subject, std::string_view reply, std::string_view headers, std::string_view payload) {
    append_publish(unsent_, subject, reply, headers, payload);
    send();
}

void connection::subscribe(std::string_view subject, std::uint64_t subscription) {
    append_subscribe(unsent_, subject, subscription);
    send();
}

void connection::flush(engine::flush_handler done) {
    if (phase_ != phase::open) {
        return done(false);
    }
    flushes_unsent_.push_back(std::move(done));
    send();
}

void connection::on_connected(const error_code& failure) {
    if (phase_ == phase::closed) {
        return;
    }
    if (failure) {
        return fail(failure.message());
    }
    phase_ = phase::greeting;
    read_on();
}

void connection::resume() {
    is_paused_ = false;
    read_on();
}

void connection::read_on() {
    if (phase_ != phase::closed && phase_ != phase::securing && !is_paused_ && !is_reading_) {
        heard_at_ = clock::now();
        read();
    }
}

void connection::read() {
    is_reading_ = true;
    if (input_begin_ == input_end_) {
        input_begin_ = input_end_ = 0;
    } else if (input_.size() - input_end_ < read_bytes / 2) {
        std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
        input_end_ -= input_begin_;
        input_begin_ = 0;
        if (input_.size() - input_end_ < read_bytes / 2) {
            input_.resize(input_.size() * 2);  // bounded by the parser's limits
        }
    }
    transport_.read_some(boost::asio::buffer(input_.data() + input_end_, input_.size() - input_end_),
        [self = shared_from_this()](const error_code& failure, std::size_t count) { self->on_read(failure, count); });
}

void connection::on_read(const error_code& failure, std::size_t count) {
    is_reading_ = false;
    if (phase_ == phase::closed) {
        return;
    }
    if (failure) {
        return fail(
            last_words_.text.empty() ? "the server closed the connection" : last_words_.text, last_words_.is_permanent);
    }
    input_end_ += count;
    take_operations();
    read_on();
}

void connection::take_operations() {
    while (phase_ != phase::closed && phase_ != phase::securing) {
        const parse_result step = parser_.next({input_.data() + input_begin_, input_end_ - input_begin_});
        if (step.status == parse_status::need_more) {
            return;
        }
        if (step.status == parse_status::failed) {
            return fail("it does not speak NATS: " + step.failure, true);
        }
        input_begin_ += step.consumed;
        carry_out(step.parsed);
    }
}

void connection::carry_out(const operation& each) {
    switch (each.type) {
        case operation::kind::info:
            return on_info(each.text);
        case operation::kind::ping:
            append_pong(unsent_);
            return send();
        case operation::kind::pong:
            return on_pong();
        case operation::kind::error:
            return on_server_error(each.text);
        case operation::kind::ok:
            return;
        case operation::kind::message:
            if (phase_ == phase::open) {
                observer_->on_message(each);
            }
    }
}

void connection::on_info(std::string_view json) {
    const auto info = read_server_info(json);
    if (!info) {
        return fail("it does not speak NATS: INFO is not JSON", true);
    }
    info_ = *info;
    if (phase_ != phase::greeting) {
        return;  // servers have joined or left; those of the URL are ours
    }
    if (!info_.needs_tls) {
        if (target_.needs_tls) {
            return fail(
                "the server offers no TLS, which tls:// demands; configure `tls` in the server, or write nats://",
                true);
        }
        return introduce();
    }
    if (input_begin_ != input_end_) {
        return fail("the server sent more than INFO before TLS", true);
    }
    phase_ = phase::securing;
    transport_.start_tls(
        tls_, server_.host, [self = shared_from_this()](const error_code& failure) { self->on_secured(failure); });
}

void connection::on_secured(const error_code& failure) {
    if (phase_ == phase::closed) {
        return;
    }
    if (failure) {
        const bool is_ours = failure.category() == boost::asio::error::get_ssl_category();
        const bool has_default = target_.tls_ca.empty();
        return fail("TLS: " + failure.message() +
                        (is_ours && has_default ? " (name the authority's file by ?tls_ca=FILE)" : ""),
            is_ours);
    }
    introduce();
    read_on();
}

// The PONG says that the server has taken CONNECT; an error comes instead where it has not.
void connection::introduce() {
    phase_ = phase::introducing;
    append_connect(unsent_, target_.who, name_);
    append_ping(unsent_);
    pings_.push_back({clock::now(), {}});
    send();
}

void connection::on_pong() {
    if (pings_.empty()) {
        return fail("it does not speak NATS: PONG without PING", true);
    }
    const sent_ping ping = std::move(pings_.front());
    pings_.pop_front();
    if (phase_ == phase::introducing) {
        phase_ = phase::open;
        return observer_->on_open(info_);
    }
    for (const auto& each : ping.flushes) {
        each(true);
    }
}

void connection::on_server_error(std::string_view text) {
    last_words_ = {std::string{text}, is_refusal(text)};
    if (text.starts_with("Permissions Violation")) {
        const bool creates = text.find("STREAM.CREATE") != std::string_view::npos;
        return fail("the server forbids it: " + std::string{text} +
                        (creates ? "; create the bucket with the URL of one who may: hookd-nats --init FILE"
                                 : "; grant it in the server's `permissions` (server/cluster/nats/README.md has them)"),
            true);
    }
    if (is_refusal(text)) {
        return fail(std::string{text} + ": the server does not take the URL's user, password or token" +
                        (info_.wants_nkey ? " (it has users by nkey or JWT, which are not supported)" : ""),
            true);
    }
}

void connection::send() {
    if (unsent_.size() > max_unsent_bytes) {
        return fail("the server reads too slowly: " + std::to_string(unsent_.size()) + " bytes wait for it");
    }
    if (phase_ >= phase::introducing && phase_ != phase::closed && !std::exchange(write_is_due_, true)) {
        boost::asio::post(timer_.get_executor(), [self = shared_from_this()] { self->start_write(); });
    }
}

// Writes all that was sent since the write became due: one for each message would be a packet for each.
void connection::start_write() {
    write_is_due_ = false;
    if (phase_ == phase::closed) {
        return;
    }
    if (!flushes_unsent_.empty()) {
        append_ping(unsent_);
        pings_.push_back({clock::now(), std::exchange(flushes_unsent_, {})});
    }
    if (unsent_.empty()) {
        return;
    }
    std::swap(being_sent_, unsent_);
    const std::size_t sent = transport_.write_at_once(boost::asio::buffer(being_sent_));
    if (sent == being_sent_.size()) {
        return being_sent_.clear();
    }
    write_is_due_ = true;
    transport_.write(
        boost::asio::buffer(being_sent_) + sent, [self = shared_from_this()](const error_code& failure, std::size_t) {
            self->being_sent_.clear();
            if (!failure) {  // which the next read reports, after what the server said last
                self->start_write();
            }
        });
}

void connection::watch() {
    timer_.expires_after(ping_interval);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled && self->phase_ != phase::closed) {
            self->check_life();
        }
    });
}

void connection::check_life() {
    const auto now = clock::now();
    if (phase_ != phase::open) {
        if (now - opened_at_ >= connect_limit) {
            return fail("no answer within 5 s");
        }
    } else if (!is_paused_ && !pings_.empty() && now - std::max(pings_.front().at, heard_at_) >= silence_limit) {
        return fail("the server has not answered for 3 s");
    } else if (pings_.empty()) {
        flush([](bool) {});
    }
    watch();
}

void connection::fail(const std::string& reason, bool is_permanent) {
    end({to_text(server_) + ": " + reason, is_permanent});
}

void connection::end(const down_reason& reason) {
    if (phase_ == phase::closed) {
        return;
    }
    const auto self = shared_from_this();
    close();
    const auto pings = std::exchange(pings_, {});
    const auto unsent = std::exchange(flushes_unsent_, {});
    for (const auto& ping : pings) {
        for (const auto& each : ping.flushes) {
            each(false);
        }
    }
    for (const auto& each : unsent) {
        each(false);
    }
    observer_->on_closed(reason);
}

}  // namespace hookd::nats
