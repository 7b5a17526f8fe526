// SPDX-License-Identifier: BSL-1.0
#include "fuzz_target.hpp"

#include "rpc/session.hpp"
#include "support/silent_logger.hpp"
#include "unit/rpc/memory_broker.hpp"

#include <base/json/text.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Three peers, one for each framing unless their first byte says another, and the broker behind their sessions. The
// input says what happens: bytes that arrive, whole or cut; peers that stop reading, send their last byte or leave;
// time that passes. Whatever it is, the output is whole frames, and nothing is left at the end.
namespace {

using namespace hookd;
using namespace hookd::server::rpc;
using hookd::server::rpc::test::memory_broker;
using hookd::test::require;
using hookd::test::silent_logger;

// Small, so that the input gets to them.
const core::broker_limits limits{
    .capacity = 8, .capacity_bytes = 64U << 10, .max_waiting = 16, .max_waiting_per_connection = 8};

// What the input may have a peer send, `$` in place of the id of the last event.
constexpr std::array<std::string_view, 16> messages{
    R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"name":"h","cancellations":true,"verdicts":true}})",
    R"({"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"events":["a.*"],"responds":false,"where":[{"pointer":"/n","glob":"1*"}]}})",
    R"({"jsonrpc":"2.0","id":3,"method":"emit","params":{"event":"a.b","payload":{"n": 12}}})",
    R"({"jsonrpc":"2.0","id":4,"method":"emit","params":{"event":"a.b","reserve_ms":60000}})",
    R"({"jsonrpc":"2.0","id":5,"method":"emit_and_wait","params":{"event":"a.b","timeout_ms":60000,"policy":"all"}})",
    R"({"jsonrpc":"2.0","id":6,"method":"emit_and_wait","params":{"event":"c","require_subscriber":false,"failure_policy":"closed"}})",
    R"({"jsonrpc":"2.0","id":7,"method":"emit_and_wait","params":{"event":"a.b","policy":"chain","payload":"x"}})",
    R"({"jsonrpc":"2.0","id":8,"method":"respond","params":{"hook_event_id":"$","response":{"abort":"no"}}})",
    R"({"jsonrpc":"2.0","id":9,"method":"respond","params":{"hook_event_id":"$","abstain":true}})",
    R"({"jsonrpc":"2.0","id":10,"method":"await_response","params":{"hook_event_id":"$"}})",
    R"({"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":5}})",
    R"({"jsonrpc":"2.0","id":11,"method":"unsubscribe"})",
    R"([{"jsonrpc":"2.0","id":5,"method":"emit_and_wait","params":{"event":"a.b"}},{"jsonrpc":"2.0","method":"emit","params":{"event":"c"}},1])",
    R"({"jsonrpc":"2.0","id":12,"method":"emit_and_wait","params":{"event":"a.b","operation_id":"4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a11"}})",
    R"({"jsonrpc":"2.0","id":13,"method":"stats"})",
    R"({"jsonrpc":"2.0","id":14,"method":"subscribe","params":{"name":"h","on_failure":"closed","order":1}})",
};

class peer final : public core::event_sink {
public:
    peer(const std::shared_ptr<memory_broker>& broker, const std::shared_ptr<session_environment>& environment,
        protocol::framing kind)
        : broker_(broker),
          kind_(kind),
          session_(std::make_shared<session>(
              environment, core::peer{1, 1000, kind == protocol::framing::line}, server::roles{true, true, true})) {
        session_->attach(*this);
    }

    void send(std::string_view bytes) {
        if (is_done_) {
            return;
        }
        if (!decoder_ && !bytes.empty()) {  // the first byte decides
            kind_ = protocol::detect_framing(static_cast<unsigned char>(bytes.front()));
            decoder_.emplace(kind_, protocol::max_max_frame_bytes);
        }
        unread_ += bytes;
        received result;
        do {
            const std::shared_ptr<char[]> memory{new char[unread_.size()]};
            std::copy(unread_.begin(), unread_.end(), memory.get());
            result = session_->receive({{memory.get(), unread_.size()}, memory, unread_.size(), input_ended_});
            finish_turn(result);
        } while (result.state != input_state::waiting && result.state != input_state::failed);
        has_unended_line_ = result.unended_line;
    }
    void send_message(std::size_t which, std::size_t cut) {
        std::string body{messages[which % messages.size()]};
        if (const auto at = body.find("\"$\""); at != std::string::npos) {
            body.replace(at + 1, 1, last_event_);
        }
        std::string frame;
        protocol::append_frame(kind_, body, frame);
        const std::string_view bytes{frame};
        cut = std::min(cut, bytes.size());
        send(bytes.substr(0, cut));
        send(bytes.substr(cut));
    }
    void end_input() {
        input_ended_ = true;
        send({});
    }
    void reject_unended_line() {
        if (!is_done_ && has_unended_line_ && !unread_.empty()) {
            const std::shared_ptr<char[]> memory{new char[unread_.size()]};
            std::copy(unread_.begin(), unread_.end(), memory.get());
            finish_turn(session_->reject_unended_line({{memory.get(), unread_.size()}, memory, unread_.size(), false}));
        }
    }
    void leave() {
        is_done_ = true;
        session_->detach();
        broker_->run_turn();
    }
    void stop_output() {
        session_->stop_output();
        broker_->run_turn();
    }
    void set_reading(bool reads) {
        reads_ = reads;
        on_ready();
        broker_->run_turn();
    }

    void on_ready() override {
        while (reads_) {
            const auto next = session_->next_output({8, 4096, 1024, true});
            if (next.empty()) {
                return;
            }
            std::string bytes;
            next.answers.for_each([&bytes](std::string_view piece) { bytes += piece; });
            next.answers.clear();
            const bool has_batch = next.has_batch();
            bytes += next.frames;
            for (const auto& pieces : next.pieces) {
                for (const auto piece : pieces) {
                    bytes += piece;
                }
            }
            read(bytes);
            if (has_batch) {
                session_->written();
            }
        }
    }

private:
    void finish_turn(const received& result) {
        require(result.consumed <= unread_.size(), "it consumes what there is");
        unread_.erase(0, result.consumed);
        broker_->run_turn();
        on_ready();
        broker_->run_turn();
        if (result.state == input_state::failed) {
            leave();
        }
    }
    void read(std::string_view bytes) {
        constexpr std::string_view before_id = R"("hook_event_id":")";
        while (!bytes.empty()) {
            const auto next = decoder_->next(bytes);
            require(next.status == protocol::decode_status::frame, "the output is whole frames");
            require(!base::find_json_fault(next.body), "each frame is JSON");
            bytes.remove_prefix(next.consumed);
            if (const auto at = next.body.find(before_id); at != std::string_view::npos) {
                last_event_ = next.body.substr(at + before_id.size(), protocol::uuid_text_size);
            }
        }
    }

    std::shared_ptr<memory_broker> broker_;
    protocol::framing kind_;
    std::optional<protocol::frame_decoder> decoder_{};
    std::shared_ptr<session> session_;
    std::string unread_{};
    std::string last_event_{};
    bool input_ended_ = false;
    bool has_unended_line_ = false;
    bool is_done_ = false;
    bool reads_ = true;
};

}  // namespace

const char* const hookd::test::corpus_name = "session";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto next_byte = [&input] {
        const auto byte = input.empty() ? 0U : static_cast<unsigned char>(input.front());
        input.remove_prefix(std::min<std::size_t>(input.size(), 1));
        return byte;
    };
    silent_logger log;
    const auto broker = std::make_shared<memory_broker>(limits);
    const auto environment = std::make_shared<session_environment>(broker, hookd::server::listener_options{}, log);
    std::deque<peer> peers;
    for (const auto kind :
        {protocol::framing::length_prefix, protocol::framing::content_length, protocol::framing::line}) {
        peers.emplace_back(broker, environment, kind);
    }
    while (!input.empty()) {
        const auto action = next_byte();
        auto& by = peers[action % 3];
        switch (action / 3 % 10) {
            case 0: {
                const auto bytes = input.substr(0, next_byte());
                by.send(bytes);
                input.remove_prefix(std::min(input.size(), bytes.size()));
                break;
            }
            case 1:
                by.end_input();
                break;
            case 2:
                by.leave();
                break;
            case 3:
                by.stop_output();
                break;
            case 4:
                by.set_reading(false);
                break;
            case 5:
                by.set_reading(true);
                break;
            case 6:
                by.reject_unended_line();
                break;
            case 7:
                broker->pass(std::chrono::minutes{next_byte()});
                break;
            default: {
                const auto which = next_byte();
                by.send_message(which, next_byte());
            }
        }
    }
    for (auto& each : peers) {
        each.leave();
    }
    broker->pass(std::chrono::hours{48});
    const auto held = broker->state().held();
    require(held.open_slots == 0 && held.extra_waiters == 0 && held.expected_replies == 0, "nothing waits");
    require(held.peeked_bytes == 0, "nothing is handed out");
    require(held.held_bytes == 0, "no event is held");
    require(held.closing_sessions == 0, "no session is closing");
    require(environment->batches->has_room_for(batch_memory::limit), "no batch is left");
    return 0;
}
