// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/connection.hpp"
#include "cluster/nats/engine.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::test {

class memory_connection;

/// A NATS server with JetStream, as far as members use it, in memory and with a clock of its own. What a client sends
/// and gets waits until step() or run() takes it on: each connection keeps its order in both directions, between
/// connections there is none.
class memory_nats {
public:
    using time_point = std::chrono::steady_clock::time_point;

    [[nodiscard]] time_point now() const { return now_; }
    /// Time passes: keys and requests expire.
    void advance(std::chrono::milliseconds span);

    /// One piece of work of a connection that has some; false where none has.
    bool step(std::mt19937& choice);
    /// All work there is.
    void run();

    /// What a client with these bytes in its hands would have the server deliver.
    void inject(const std::string& subject, const std::string& reply, const std::string& body) {
        deliver(nullptr, subject, reply, {}, body);
    }
    /// The value of a key of the bucket; empty where there is none.
    [[nodiscard]] std::string value_of(const std::string& key) const;
    [[nodiscard]] std::size_t keys() const { return keys_.size(); }
    void set_jetstream(bool is_on) { has_jetstream_ = is_on; }
    /// A bucket that someone else has made.
    void make_bucket(std::chrono::milliseconds lease);
    void drop_key(const std::string& key) { keys_.erase(key); }
    void set_value(const std::string& key, const std::string& value) { keys_[key] = {value, ++sequence_, now_}; }

private:
    friend class memory_connection;

    struct stored {
        std::string value{};
        std::uint64_t sequence = 0;
        time_point at{};
    };

    void deliver(memory_connection* from, const std::string& subject, const std::string& reply,
        const std::string& headers, const std::string& body);
    void answer_api(const std::string& subject, const std::string& reply, const std::string& body);
    void put(const std::string& subject, const std::string& reply, const std::string& headers, const std::string& body);
    [[nodiscard]] std::string stream_info() const;

    time_point now_{std::chrono::hours{1}};
    std::vector<memory_connection*> connections_{};
    bool has_jetstream_ = true;
    std::optional<std::chrono::milliseconds> lease_{};
    int made_ = 0;                          // buckets so far
    std::map<std::string, stored> keys_{};  // by subject
    std::uint64_t sequence_ = 0;
};

class memory_connection final : public nats::engine {
public:
    explicit memory_connection(memory_nats& server) : server_(server) { server_.connections_.push_back(this); }
    ~memory_connection();
    memory_connection(const memory_connection&) = delete;
    memory_connection& operator=(const memory_connection&) = delete;

    std::function<void(const nats::server_info&)> on_connected{};
    std::function<void(const nats::down_reason&)> on_disconnected{};
    std::vector<nats::down_reason> ends{};
    std::string answers = "_INBOX.";  ///< what the subjects of answers begin with
    bool is_frozen = false;           ///< nothing comes or goes, and the server does not know

    void connect(std::string version = "2.9.10");
    [[nodiscard]] bool is_connected() const { return is_connected_; }
    [[nodiscard]] bool has_work() const { return !is_frozen && (!to_server_.empty() || !to_client_.empty()); }

    void subscribe(std::string_view subject, message_handler handler) override;
    void publish(std::string_view subject, std::string_view body) override;
    void request(std::string_view subject, std::string_view headers, std::string_view body,
        std::chrono::milliseconds limit, answer_handler done) override;
    void flush(flush_handler done) override;
    void restart(const nats::down_reason& why) override;
    [[nodiscard]] std::size_t max_payload() const override { return 1 << 20; }

private:
    friend class memory_nats;

    struct open_request {
        memory_nats::time_point deadline;
        answer_handler done;
    };

    void work(bool prefer_input);
    void expire();
    void on_answer(std::uint64_t number, nats::answer::kind type, const std::string& body);

    memory_nats& server_;
    bool is_connected_ = false;
    std::vector<std::pair<std::string, message_handler>> subscriptions_{};  // by pattern
    std::deque<std::function<void()>> to_server_{};
    std::deque<std::function<void()>> to_client_{};
    std::map<std::uint64_t, open_request> requests_{};
    std::uint64_t next_request_ = 1;
};

}  // namespace hookd::test
