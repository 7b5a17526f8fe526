// SPDX-License-Identifier: BSL-1.0
#include "memory_nats.hpp"

#include <boost/beast/core/detail/base64.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace hookd::test {
namespace {

namespace json = boost::json;

const std::string key_prefix = "$KV.";
const std::string api_prefix = "$JS.API.";

std::string error_of(int code) {
    return json::serialize(
        json::object{{"error", {{"code", 400}, {"err_code", code}, {"description", "error " + std::to_string(code)}}}});
}

// A `*` may stand for the last token.
bool matches(const std::string& pattern, const std::string& subject) {
    const auto last = subject.rfind('.') + 1;
    return pattern == subject || pattern == subject.substr(0, last) + "*";
}

std::string base64_of(const std::string& text) {
    namespace base64 = boost::beast::detail::base64;
    std::string out(base64::encoded_size(text.size()), '\0');
    out.resize(base64::encode(out.data(), text.data(), text.size()));
    return out;
}

}  // namespace

void memory_nats::advance(std::chrono::milliseconds span) {
    now_ += span;
    std::erase_if(keys_, [this](const auto& each) { return lease_ && now_ - each.second.at > *lease_; });
    const auto all = connections_;
    for (memory_connection* each : all) {
        each->expire();
    }
}

bool memory_nats::step(std::mt19937& choice) {
    std::vector<memory_connection*> busy;
    std::copy_if(connections_.begin(), connections_.end(), std::back_inserter(busy),
        [](const memory_connection* each) { return each->has_work(); });
    if (busy.empty()) {
        return false;
    }
    busy[choice() % busy.size()]->work(choice() % 2 == 0);
    return true;
}

void memory_nats::run() {
    std::mt19937 choice{1};
    while (step(choice)) {
    }
}

std::string memory_nats::value_of(const std::string& key) const {
    const auto found =
        std::find_if(keys_.begin(), keys_.end(), [&key](const auto& each) { return each.first.ends_with("." + key); });
    return found == keys_.end() ? std::string{} : found->second.value;
}

void memory_nats::make_bucket(std::chrono::milliseconds lease) {
    lease_ = lease;
    ++made_;
    keys_.clear();
}

void memory_nats::deliver(memory_connection* from, const std::string& subject, const std::string& reply,
    const std::string& headers, const std::string& body) {
    if (subject.starts_with(api_prefix) && has_jetstream_) {
        return answer_api(subject, reply, body);
    }
    if (subject.starts_with(key_prefix) && lease_) {
        return put(subject, reply, headers, body);
    }
    bool is_heard = false;
    for (memory_connection* each : connections_) {
        if (each != from && each->is_connected_) {
            for (const auto& [pattern, handler] : each->subscriptions_) {
                if (matches(pattern, subject)) {
                    is_heard = true;
                    each->to_client_.emplace_back([handler = handler, subject, body, reply] {
                        handler({subject, body, reply});
                    });
                }
            }
        }
    }
    if (!is_heard && !reply.empty() && from != nullptr) {
        const std::uint64_t number = std::stoull(reply.substr(reply.rfind('.') + 1));
        from->to_client_.emplace_back(
            [from, number] { from->on_answer(number, nats::answer::kind::no_responders, {}); });
    }
}

void memory_nats::answer_api(const std::string& subject, const std::string& reply, const std::string& body) {
    const auto starts = [&subject](const char* name) { return subject.starts_with(api_prefix + name); };
    const json::value asked = body.empty() ? json::value{} : json::parse(body);
    std::string text;
    if (starts("STREAM.CREATE.")) {
        const auto lease = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::nanoseconds{asked.at("max_age").as_int64()});
        if (asked.at("num_replicas").as_int64() > 1) {
            text = error_of(10074);
        } else if (lease_ && *lease_ != lease) {
            text = error_of(10058);
        } else {
            if (!lease_) {
                make_bucket(lease);
            }
            text = stream_info();
        }
    } else if (!lease_) {
        text = error_of(10059);
    } else if (starts("STREAM.INFO.")) {
        text = stream_info();
    } else if (starts("STREAM.MSG.GET.")) {
        const auto found = keys_.find(std::string{std::string_view{asked.at("last_by_subj").as_string()}});
        text =
            found == keys_.end()
                ? error_of(10037)
                : json::serialize(json::object{{"message", {{"subject", found->first}, {"seq", found->second.sequence},
                                                               {"data", base64_of(found->second.value)}}}});
    }
    if (!reply.empty()) {
        deliver(nullptr, reply, {}, {}, text);
    }
}

void memory_nats::put(
    const std::string& subject, const std::string& reply, const std::string& headers, const std::string& body) {
    const std::string name = "Nats-Expected-Last-Subject-Sequence: ";
    const std::uint64_t expected = std::stoull(headers.substr(headers.find(name) + name.size()));
    const auto found = keys_.find(subject);
    if ((found == keys_.end() ? 0 : found->second.sequence) != expected) {
        return deliver(nullptr, reply, {}, {}, error_of(10071));
    }
    keys_[subject] = {body, ++sequence_, now_};
    deliver(nullptr, reply, {}, {}, json::serialize(json::object{{"stream", "x"}, {"seq", sequence_}}));
}

std::string memory_nats::stream_info() const {
    json::object subjects;
    for (const auto& [subject, each] : keys_) {
        subjects[subject] = 1;
    }
    return json::serialize(json::object{{"created", "made " + std::to_string(made_)},
        {"config", {{"max_age", std::chrono::nanoseconds{*lease_}.count()}}}, {"state", {{"subjects", subjects}}}});
}

memory_connection::~memory_connection() { std::erase(server_.connections_, this); }

void memory_connection::connect(std::string version) {
    is_connected_ = true;
    nats::server_info server;
    server.version = std::move(version);
    server.max_payload = 1 << 20;
    server.headers = true;
    on_connected(server);
}

void memory_connection::subscribe(std::string_view subject, message_handler handler) {
    if (is_connected_) {
        to_server_.emplace_back([this, subject = std::string{subject}, handler = std::move(handler)] {
            subscriptions_.emplace_back(subject, handler);
        });
    }
}

void memory_connection::publish(std::string_view subject, std::string_view body) {
    if (is_connected_) {
        to_server_.emplace_back([this, subject = std::string{subject}, body = std::string{body}] {
            server_.deliver(this, subject, {}, {}, body);
        });
    }
}

void memory_connection::request(std::string_view subject, std::string_view headers, std::string_view body,
    std::chrono::milliseconds limit, answer_handler done) {
    if (!is_connected_) {
        return done({nats::answer::kind::disconnected, {}});
    }
    const std::uint64_t number = next_request_++;
    requests_.emplace(number, open_request{server_.now() + limit, std::move(done)});
    to_server_.emplace_back(
        [this, number, subject = std::string{subject}, headers = std::string{headers}, body = std::string{body}] {
            const std::string reply =
                answers + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "." + std::to_string(number);
            subscriptions_.emplace_back(reply, [this, number](const nats::delivery& arrived) {
                on_answer(number, nats::answer::kind::reply, std::string{arrived.body});
            });
            server_.deliver(this, subject, reply, headers, body);
        });
}

void memory_connection::flush(flush_handler done) {
    if (!is_connected_) {
        return done(false);
    }
    to_server_.emplace_back([this, done = std::move(done)] { to_client_.emplace_back([done] { done(true); }); });
}

void memory_connection::restart(const nats::down_reason& why) {
    if (!std::exchange(is_connected_, false)) {
        return;
    }
    subscriptions_.clear();
    to_server_.clear();
    to_client_.clear();
    ends.push_back(why);
    for (const auto& [number, each] : std::exchange(requests_, {})) {
        each.done({nats::answer::kind::disconnected, {}});
    }
    if (on_disconnected) {
        on_disconnected(why);
    }
}

void memory_connection::work(bool prefer_input) {
    auto& queue = to_client_.empty() || (!to_server_.empty() && !prefer_input) ? to_server_ : to_client_;
    const auto action = std::move(queue.front());
    queue.pop_front();
    action();
}

void memory_connection::expire() {
    if (is_frozen) {
        return;
    }
    std::vector<answer_handler> expired;
    for (auto each = requests_.begin(); each != requests_.end();) {
        const bool is_over = each->second.deadline <= server_.now();
        if (is_over) {
            expired.push_back(std::move(each->second.done));
        }
        each = is_over ? requests_.erase(each) : std::next(each);
    }
    for (const auto& done : expired) {
        done({nats::answer::kind::timed_out, {}});
    }
}

void memory_connection::on_answer(std::uint64_t number, nats::answer::kind type, const std::string& body) {
    const auto found = requests_.find(number);
    if (found != requests_.end()) {
        const auto done = std::move(found->second.done);
        requests_.erase(found);
        done({type, body});
    }
}

}  // namespace hookd::test
