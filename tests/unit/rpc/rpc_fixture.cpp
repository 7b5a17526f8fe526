// SPDX-License-Identifier: BSL-1.0
#include "rpc_fixture.hpp"

#include <algorithm>
#include <cctype>
#include <new>
#include <optional>
#include <utility>

namespace hookd::server::rpc::test {
namespace {

std::string joined(const std::vector<core::wire_pieces>& pieces) {
    std::string all;
    for (const auto& each : pieces) {
        for (const auto piece : each) {
            all += piece;
        }
    }
    return all;
}

bool is_uuid(std::string_view text) {
    constexpr std::string_view shape = "00000000-0000-0000-0000-000000000000";
    return text.size() == shape.size() && std::equal(text.begin(), text.end(), shape.begin(), [](char is, char like) {
        return like == '-' ? is == '-' : std::isxdigit(static_cast<unsigned char>(is)) != 0;
    });
}

}  // namespace

rpc_fixture::rpc_fixture(const fixture_options& options)
    : broker(std::make_shared<memory_broker>(options.limits)),
      environment(std::make_shared<session_environment>(broker, options.listener, log_)) {}

void rpc_fixture::check_tidy() const {
    const auto held = broker->state().held();
    BOOST_TEST(held.open_slots == 0U);
    BOOST_TEST(held.reserved_slots == 0U);
    BOOST_TEST(held.extra_waiters == 0U);
    BOOST_TEST(held.expected_replies == 0U);
    BOOST_TEST(held.peeked_bytes == 0U);
    BOOST_TEST(held.held_bytes == 0U);
    BOOST_TEST(held.closing_sessions == 0U);
    BOOST_TEST(environment->batches->has_room_for(batch_memory::limit));
}

memory_peer::memory_peer(rpc_fixture& fixture, const peer_options& options)
    : fixture_(fixture),
      options_(options),
      session_(std::make_shared<session>(fixture.environment, options.who, options.may)) {
    under_test([this] { session_->attach(*this); });
}

void memory_peer::send(std::string_view bytes) {
    if (!has_failed_) {
        unread_ += bytes;
        receive();
    }
}

void memory_peer::end_input() {
    input_ended_ = true;
    receive();
}

void memory_peer::leave() {
    under_test([this] { session_->detach(); });
    fixture_.broker->run_turn();
}

void memory_peer::read_on() {
    reads_ = true;
    flush();
    fixture_.broker->run_turn();
}

// Each call gets memory of its own with not one byte more, so that a sanitizer sees what the session must not touch.
void memory_peer::receive() {
    turns_ = 0;
    while (!has_failed_ && (turns_ == 0 || last_.state != input_state::waiting)) {
        const input_copy next{unread_};
        last_ = under_test([&] { return session_->receive(next.as_input(input_ended_)); });
        ++turns_;
        finish_turn();
    }
}

void memory_peer::reject_unended_line() {
    const input_copy next{unread_};
    last_ = session_->reject_unended_line(next.as_input(input_ended_));
    finish_turn();
}

void memory_peer::finish_turn() {
    BOOST_REQUIRE_LE(last_.consumed, unread_.size());
    unread_.erase(0, last_.consumed);
    fixture_.broker->run_turn();
    flush();
    fixture_.broker->run_turn();
    if (last_.state == input_state::failed) {
        has_failed_ = true;
        leave();
    }
}

void memory_peer::on_ready() {
    const code_scope scope{false};
    if (session_->has_lost_output()) {
        lose_connection();
    } else {
        flush();
    }
}

void memory_peer::lose_connection() {
    has_failed_ = true;
    leave();
}

void memory_peer::flush() {
    while (reads_) {
        std::optional<output> taken;
        try {
            under_test([&] {
                taken.emplace(
                    session_->next_output({256, std::size_t{256} << 10, std::size_t{64} << 10, options_.one_piece}));
            });
        } catch (const std::bad_alloc&) {
            return lose_connection();
        }
        const auto& next = *taken;
        if (next.empty()) {
            return;
        }
        next.answers.for_each([this](std::string_view piece) { output_ += piece; });
        next.answers.clear();
        if (!next.has_batch()) {
            continue;
        }
        std::string batch = next.frames.empty() ? joined(next.pieces) : std::string{next.frames};
        if (!next.frames.empty()) {
            BOOST_REQUIRE_EQUAL(joined(session_->pieces_of_batch()), batch);
        }
        output_ += batch;
        under_test([this] { session_->written(); });
    }
}

std::vector<std::string> memory_peer::messages() const {
    constexpr protocol::framing kinds[] = {
        protocol::framing::length_prefix, protocol::framing::content_length, protocol::framing::line};
    protocol::frame_decoder decoder{kinds[static_cast<std::size_t>(options_.kind)], protocol::default_max_frame_bytes};
    std::vector<std::string> all;
    std::string_view unread{output_};
    for (;;) {
        const auto decoded = decoder.next(unread);
        unread.remove_prefix(decoded.consumed);
        if (decoded.status != protocol::decode_status::frame) {
            BOOST_REQUIRE_MESSAGE(
                decoded.status == protocol::decode_status::need_more && unread.empty(), "broken output: " << output_);
            return all;
        }
        all.emplace_back(decoded.body);
    }
}

std::size_t memory_peer::count_answers() const {
    const auto all = messages();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const std::string& each) {
        return each.find(R"("result":)") != std::string::npos || each.find(R"("error":)") != std::string::npos;
    }));
}

std::string memory_peer::last_event_id() const {
    constexpr std::string_view before_id = R"("hook_event_id":")";
    std::string last;
    for (const auto& each : messages()) {
        if (each.find(R"("method":"event")") != std::string::npos) {
            last = each.substr(each.find(before_id) + before_id.size(), protocol::uuid_text_size);
        }
    }
    return last;
}

std::string normalizer::operator()(std::string_view message) {
    constexpr std::string_view elapsed = R"("elapsed_ms":)";
    constexpr std::string_view emitted = R"("emitted_at":")";
    std::string text;
    while (!message.empty()) {
        if (is_uuid(message.substr(0, protocol::uuid_text_size))) {
            const std::string id{message.substr(0, protocol::uuid_text_size)};
            const auto known = std::find(ids_.begin(), ids_.end(), id) - ids_.begin();
            if (known == static_cast<std::ptrdiff_t>(ids_.size())) {
                ids_.push_back(id);
            }
            text += "id-" + std::to_string(known + 1);
            message.remove_prefix(id.size());
        } else if (message.starts_with(elapsed) || message.starts_with(emitted)) {
            const auto head = message.starts_with(elapsed) ? elapsed : emitted;
            text += std::string{head} + "T";
            message.remove_prefix(head.size());
            message.remove_prefix(std::min(message.find_first_not_of("0123456789.e-+TZ:"), message.size()));
        } else {
            text += message.front();
            message.remove_prefix(1);
        }
    }
    return text;
}

}  // namespace hookd::server::rpc::test
