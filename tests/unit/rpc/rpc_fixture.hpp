// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "memory_broker.hpp"
#include "rpc/session.hpp"
#include "support/silent_logger.hpp"
#include "support/wire_client.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Sessions and a broker in memory: no socket, no strand, no clock that has to pass.
namespace hookd::server::rpc::test {

using hookd::test::framing;

class memory_peer;

struct fixture_options {
    core::broker_limits limits{};
    listener_options listener{};
};

/// What is there once for all peers.
class rpc_fixture {
public:
    explicit rpc_fixture(const fixture_options& options = {});

    /// Fails where a slot, a wait, an answer or memory for events that are being written is left, for whatever peer.
    void check_tidy() const;

    std::shared_ptr<memory_broker> broker;
    std::shared_ptr<session_environment> environment;

private:
    hookd::test::silent_logger log_{};
};

/// Bytes in memory of their own, as a session gets them.
struct input_copy {
    explicit input_copy(std::string_view bytes) : memory(new char[bytes.size()]), size(bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), memory.get());
    }
    [[nodiscard]] input as_input(bool ended = false) const { return {{memory.get(), size}, memory, size, ended}; }

    std::shared_ptr<char[]> memory;
    std::size_t size;
};

struct peer_options {
    framing kind = framing::length;
    core::peer who{100, 1000, false};
    roles may{true, true, true};
    bool one_piece = true;
};

/// A peer and its session, with what a transport does, byte by byte where the test wants it. It reads at once, but
/// where it is told not to.
class memory_peer final : public core::event_sink {
public:
    explicit memory_peer(rpc_fixture& fixture, const peer_options& options = {});
    memory_peer(const memory_peer&) = delete;
    memory_peer& operator=(const memory_peer&) = delete;
    ~memory_peer() { leave(); }

    /// The bytes that carry `body` in the peer's framing.
    [[nodiscard]] std::string frame_of(std::string_view body) const {
        return hookd::test::encode_frame(options_.kind, body);
    }

    /// `bytes` arrive.
    void send(std::string_view bytes);
    /// The peer's last byte has been sent.
    void end_input();
    /// The peer is gone.
    void leave();
    /// From now on nothing is read, and what is written is kept back.
    void stop_reading() { reads_ = false; }
    void read_on();
    void on_ready() override;

    [[nodiscard]] session& rpc() noexcept { return *session_; }
    /// Whether the session has said that the input can't be read any further.
    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }
    /// What is sent and not consumed.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return unread_.size(); }
    /// The bytes that complete the frame that has begun, as the session says.
    [[nodiscard]] std::size_t wanted_bytes() const noexcept { return last_.wanted_bytes; }
    /// Whether that is a line without its end; the next call is as if nothing had come for a while.
    [[nodiscard]] bool has_unended_line() const noexcept { return last_.unended_line; }
    void reject_unended_line();
    /// How often the session was given what the last send() brought.
    [[nodiscard]] std::size_t turns() const noexcept { return turns_; }
    /// The responses among messages().
    [[nodiscard]] std::size_t count_answers() const;
    /// The messages that it has got so far, whole frames only.
    [[nodiscard]] std::vector<std::string> messages() const;
    /// The hook_event_id of the last event that it has got; empty: none.
    [[nodiscard]] std::string last_event_id() const;

private:
    void receive();
    void finish_turn();
    void flush();
    void lose_connection();
    template <class Call>
    auto under_test(Call call) {
        const code_scope scope{true};
        return call();
    }

    rpc_fixture& fixture_;
    peer_options options_;
    std::shared_ptr<session> session_;
    std::string unread_{};
    std::string output_{};  // all that it was ever written
    received last_{};       // of the last turn
    std::size_t turns_ = 0;
    bool input_ended_ = false;
    bool has_failed_ = false;
    bool reads_ = true;
};

/// `message` with numbers in place of what differs from run to run: each new UUID is `id-1`, `id-2` …, times are `T`.
class normalizer {
public:
    [[nodiscard]] std::string operator()(std::string_view message);

private:
    std::vector<std::string> ids_{};
};

}  // namespace hookd::server::rpc::test
