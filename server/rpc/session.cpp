// SPDX-License-Identifier: BSL-1.0
#include "session.hpp"

#include "memory_reserve.hpp"

#include <base/json/text.hpp>

#include <algorithm>
#include <array>
#include <new>

// Frames to requests, answers and events to frames.
namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;

namespace {

// Answers over which the rest of the input waits until they are on their way.
constexpr std::size_t most_answers_at_a_time = std::size_t{256} << 10;

// Room that a request of a batch needs to be carried out: for the result of one that changes something.
constexpr std::size_t small_answer_bytes = 1024;

error batch_memory_error() {
    return protocol::limit_error("memory", batch_memory::limit,
        "unfinished batches hold as many bytes of answers as they may: send what waits outside of a batch");
}

}  // namespace

session_environment::session_environment(
    std::shared_ptr<broker_service> service, const listener_options& settings, logger& logger)
    : broker(std::move(service)), options(settings), log(logger), batches(std::make_shared<batch_memory>()) {}

session::session(std::shared_ptr<session_environment> environment, const core::peer& peer, const roles& may)
    : holder_(std::move(environment)), environment_(*holder_), peer_(peer), may_(may) {}

void session::attach(core::event_sink& sink) { client_ = &state().attach(peer_, &sink, {.requests_stay = true}); }

void session::detach() {
    if (client_ != nullptr) {
        state().detach(*std::exchange(client_, nullptr), broker().now());
        answers_.clear();
        put_off_.reset();
        long_input_.reset();
    }
}

// --- input ---

received session::receive(const input& next) {
    if (client_ == nullptr) {
        return {};
    }
    received result;
    try {
        result = carry_out(next);
    } catch (const std::bad_alloc&) {
        result = fail_for_memory(next.unread.size());
    }
    result.memory_is_shared = std::exchange(shared_input_.is_shared, false);
    result.opened_session = std::exchange(opened_session_, false);
    return result;
}

// What was begun ends with the client.
received session::fail_for_memory(std::size_t unread_bytes) noexcept {
    stop_sharing_input();
    broker().checked().clear();
    batch_.reset();
    received result;
    result.consumed = unread_bytes;
    result.state = input_state::failed;
    try {
        answer({.id = "null"}, memory_reserve::refusal());
    } catch (const std::bad_alloc&) {
        // The end of the connection says enough.
    }
    return result;
}

void session::lose_output() {
    has_lost_output_ = true;
    state().wake(*client_, core::urgency::awaited);
}

received session::carry_out(const input& next) {
    received result;
    if ((long_input_ && !end_reading(next, result)) || (put_off_ && !carry_out_put_off()) ||
        state().must_wait_for_log()) {
        result.state = state_after_frame(true);
        return result;
    }
    if (batch_) {
        continue_batch(next);
        result.state = state_after_frame(!next.unread.empty());
        if (result.state != input_state::waiting) {
            return result;
        }
    }
    while (result.consumed < next.unread.size()) {
        const auto unread = next.unread.substr(result.consumed);
        if (!decoder_) {
            decoder_.emplace(protocol::detect_framing(static_cast<unsigned char>(unread.front())),
                environment_.options.max_frame_bytes);
        }
        const auto decoded = next.ended ? decoder_->next_at_end(unread) : decoder_->next(unread);
        result.consumed += decoded.consumed;
        if (decoded.status == protocol::decode_status::need_more) {
            result.wanted_bytes = decoded.frame_bytes;
            result.unended_line = decoder_->kind() == protocol::framing::line && result.consumed < next.unread.size();
            break;
        }
        if (decoded.status == protocol::decode_status::failed) {
            environment_.broker->counters.protocol_errors.fetch_add(1, std::memory_order_relaxed);
            answer({.id = "null"}, *decoded.failure);
            result.consumed = next.unread.size();
            result.state = input_state::failed;
            return result;
        }
        handle_frame(decoded.body, next);
        result.state = state_after_frame(result.consumed < next.unread.size());
        if (result.state != input_state::waiting) {
            return result;
        }
    }
    if (next.ended) {
        state().half_close(*client_, broker().now());
    }
    return result;
}

input_state session::state_after_frame(bool has_more) const {
    if (put_off_ && !put_off_->check) {
        return input_state::backpressure;
    }
    if (put_off_ || long_input_ || state().must_wait_for_log()) {
        return input_state::held_up;
    }
    if (answers_.size() > most_answers_at_a_time || ((has_more || batch_) && broker().is_turn_over())) {
        return input_state::turn_is_over;
    }
    return batch_ ? input_state::turn_is_over : input_state::waiting;
}

void session::handle_frame(std::string_view frame, const input& input) {
    if (frame.size() > long_message::most_bytes_in_a_turn) {
        return read_long(long_input::kind::frame, frame, 0, input);
    }
    share_input(frame.size(), input.memory, input.capacity);
    protocol::read_message(frame, environment_.frame);
    handle_message(environment_.frame, input);
    stop_sharing_input();
}

void session::read_long(long_input::kind kind, std::string_view text, std::size_t index, const input& input) {
    const auto part = kind == long_input::kind::batch_element ? long_message::part::element : long_message::part::frame;
    long_input_.reset(new long_input{
        kind, text.size(), index, input.memory, input.capacity, {broker().checks(), text, input.memory, part}});
}

// Carries out the message that was being read, if that is over.
bool session::end_reading(const input& next, received& result) {
    if (!long_input_->reading.is_over()) {
        return false;
    }
    const auto done = std::move(long_input_);
    auto& message = done->reading.result();
    if (done->read_as == long_input::kind::unended_line) {
        const bool is_json =
            message.type != protocol::message::kind::invalid || message.failure.code != errc::parse_error;
        result = judge_unended_line(is_json, done->bytes);
        return true;
    }
    const input read{next.unread, done->memory, done->capacity, next.ended};
    share_input(done->bytes, done->memory, done->capacity);
    if (done->read_as == long_input::kind::frame) {
        handle_message(message, read);
    } else {
        handle_element(message, done->index, read);
    }
    stop_sharing_input();
    return true;
}

void session::share_input(std::size_t frame_bytes, const std::shared_ptr<const char[]>& memory, std::size_t capacity) {
    if (core::event::is_worth_sharing(frame_bytes, capacity)) {
        shared_input_.bytes = memory;
        shared_input_.capacity = capacity;
        shares_input_ = true;
    }
}

void session::stop_sharing_input() {
    shared_input_.bytes.reset();
    shares_input_ = false;
}

void session::handle_message(protocol::message& message, const input& input) {
    if (message.type == protocol::message::kind::request) {
        return handle_request(message.single, nullptr, 0, input);
    }
    if (message.type == protocol::message::kind::invalid) {
        if (message.ends_early && decoder_->kind() == protocol::framing::line) {
            message.failure.message.append(1, ' ').append(protocol::one_line_hint);
        }
        return answer_invalid(message, nullptr, 0);
    }
    if (!environment_.batches->has_room_for(batch::footprint_of(message.elements.size()))) {
        return answer({.id = "null"}, batch_memory_error());
    }
    batch_ = std::make_unique<batch_under_way>();
    batch_->elements.swap(message.elements);
    batch_->memory = input.memory;
    batch_->answers = std::make_shared<batch>(batch_->elements.size(), environment_.batches);
    continue_batch(input);
}

// Until its turn is over.
void session::continue_batch(const input& input) {
    while (batch_->next < batch_->elements.size()) {
        const std::size_t index = batch_->next++;
        const auto element = batch_->elements[index];
        if (element.size() > long_message::most_bytes_in_a_turn) {
            read_long(long_input::kind::batch_element, element, index, input);
        } else {
            protocol::read_element(element, environment_.element);
            handle_element(environment_.element, index, input);
        }
        const bool has_more = batch_->next < batch_->elements.size();
        if (put_off_ || long_input_ || state().must_wait_for_log() || (has_more && broker().is_turn_over())) {
            return;
        }
    }
    batch_.reset();
}

void session::handle_element(const protocol::message& element, std::size_t index, const input& input) {
    const auto answers = batch_->answers;
    const auto& call = element.single;
    if (element.type != protocol::message::kind::request) {
        answer_invalid(element, answers, index);
    } else if (call.id.empty() || answers->has_room_for(small_answer_bytes)) {
        handle_request(call, answers, index, input);
    } else {
        answer({std::string{call.id}, answers, index}, batch_memory_error());
    }
}

void session::handle_request(
    const protocol::request& call, const std::shared_ptr<batch>& part_of, std::size_t index, const input& input) {
    const auto put_off = [&](std::unique_ptr<schema_check> check) {
        put_off_ = std::make_unique<put_off_request>(
            put_off_request{call, part_of, index, input.memory, input.capacity, std::move(check)});
    };
    if (must_wait_for_delivery(call)) {
        put_off(nullptr);
    } else if (auto check = schema_check::begin(broker(), *client_, call, input.memory)) {
        put_off(std::move(check));
    } else {
        carry_out_request(call, part_of, index);
    }
}

bool session::must_wait_for_delivery(const protocol::request& call) const {
    return state().has_backpressure() && (call.method.equals(protocol::emit_params::method) ||
                                             call.method.equals(protocol::emit_and_wait_params::method));
}

void session::carry_out_request(
    const protocol::request& call, const std::shared_ptr<batch>& part_of, std::size_t index) {
    dispatch(*this, call, {std::string{call.id}, part_of, index});
    broker().checked().clear();
}

// Goes on with the request that waits, if what it waits for is over. False: it waits still, perhaps for the other.
bool session::carry_out_put_off() {
    const bool is_checked = put_off_->check != nullptr;
    if (is_checked ? !put_off_->check->is_over(broker()) : must_wait_for_delivery(put_off_->call)) {
        return false;
    }
    const auto request = std::move(put_off_);
    share_input(request->call.params.size(), request->memory, request->capacity);
    if (is_checked) {
        carry_out_request(request->call, request->part_of, request->index);
    } else {
        handle_request(
            request->call, request->part_of, request->index, {{}, request->memory, request->capacity, false});
    }
    stop_sharing_input();
    return !put_off_;
}

received session::reject_unended_line(const input& next) {
    received result;
    if (client_ == nullptr) {
        return result;
    }
    if (next.unread.size() > long_message::most_bytes_in_a_turn) {
        read_long(long_input::kind::unended_line, next.unread, 0, next);
        result.state = input_state::held_up;
        return result;
    }
    return judge_unended_line(!base::find_json_fault(next.unread), next.unread.size());
}

received session::judge_unended_line(bool is_json, std::size_t bytes) {
    received result;
    result.unended_line = !is_json;
    if (is_json) {
        answer_invalid({.failure = {errc::parse_error,
                            "This text has not been carried out, since its line has not ended for a second. " +
                                std::string{protocol::one_line_hint}}},
            nullptr, 0);
        decoder_->drop_line();
        result.consumed = bytes;
    }
    return result;
}

received session::reject_large_input(std::size_t limit) {
    received result;
    result.state = input_state::failed;
    if (client_ != nullptr) {
        environment_.broker->counters.protocol_errors.fetch_add(1, std::memory_order_relaxed);
        answer({.id = "null"}, protocol::limit_error("memory", limit,
                                   "the daemon holds as many incomplete frames as it may: retry later"));
    }
    return result;
}

// --- answers ---

void session::answer_invalid(const protocol::message& message, std::shared_ptr<batch> part_of, std::size_t index) {
    environment_.broker->counters.protocol_errors.fetch_add(1, std::memory_order_relaxed);
    if (environment_.log.wants(log_level::debug)) {
        environment_.log.write(
            log_level::debug, description() + " sent an invalid message: " + message.failure.message);
    }
    answer({std::string{message.failed_id}, std::move(part_of), index}, message.failure);
}

std::string session::description() const {
    std::string text = describe(peer_);
    if (client_ != nullptr && client_->session() != nullptr) {
        text = client_->session()->name() + " (" + text + ")";
    }
    return text;
}

void session::answer(const answer_address& address, const error& failure) {
    reply(address, [&address, &failure](std::string& out) { protocol::append_error(out, address.id, failure); });
}

void session::answer(const answer_address& address, protocol::wait_result&& result) {
    const bool has_large = std::any_of(result.responses.begin(), result.responses.end(),
        [](const auto& each) { return each.text().size() >= byte_chain::full_piece; });
    if (!has_large || address.id.empty()) {
        return answer<protocol::wait_result>(address, result);
    }
    auto body = body_of(address, std::move(result));
    if (address.part_of) {
        answer_part(address, std::move(body));
    } else {
        append_whole([this, &body] { append_framed(std::move(body)); });
    }
}

byte_chain session::body_of(const answer_address& address, protocol::wait_result&& result) const {
    std::string text;
    std::vector<protocol::inserted_text> large;
    protocol::begin_result(text, address.id);
    append_json(text, std::move(result), byte_chain::full_piece, large);
    text += protocol::result_end;
    protocol::close_body(decoder_->kind(), text, 0);
    byte_chain body;
    std::size_t at = 0;
    for (auto& each : large) {
        body.append(text.substr(at, each.at - at));
        protocol::close_body(decoder_->kind(), each.text, 0);
        body.append(std::move(each.text));
        at = each.at;
    }
    body.append(text.substr(at));
    return body;
}

void session::answer_part(const answer_address& address, byte_chain body) {
    if (!body.empty() && !address.part_of->has_room_for(body.size())) {
        body = {};  // an error has the small room that it needs
        protocol::append_error(body.tail(), address.id, batch_memory_error());
    }
    if (address.part_of->complete(address.index, std::move(body)) && address.part_of->array_bytes() != 0) {
        append_whole([this, &address] {
            byte_chain array;
            address.part_of->take(array);
            append_framed(std::move(array));
        });
    }
}

void session::append_framed(byte_chain&& body) {
    std::array<char, protocol::max_frame_prefix> prefix{};
    const auto prefix_bytes = protocol::write_frame_prefix(decoder_->kind(), body.size(), prefix.data());
    answers_.tail().append(prefix.data(), prefix_bytes);
    answers_.append(std::move(body));
    answers_.tail() += protocol::frame_suffix(decoder_->kind());
}

void session::notify(std::string_view body) { append_frame(body); }

void session::append_frame(std::string_view body) {
    append_whole([this, body] { protocol::append_frame(decoder_->kind(), body, answers_.tail()); });
}

// --- output ---

output session::next_output(const output_limits& limits) {
    auto& events = environment_.events;
    events.clear();
    environment_.pieces.clear();
    output next{answers_, {}, environment_.pieces};
    if (client_ == nullptr || batch_is_out_) {
        return next;
    }
    collect_notices(limits.notice_bytes);
    const bool has_notices = !notices_.empty();
    const bool may_share = limits.one_piece && !has_notices && client_->session() != nullptr;
    if (may_share) {
        next.frames = environment_.cache.peek_same_batch(state(), *client_, decoder_->kind());
    }
    if (next.frames.empty()) {
        state().peek_batch(*client_, limits.events, limits.event_bytes, events);
        if (events.empty() && !has_notices) {
            notify_end();
        } else if (may_share) {
            next.frames = environment_.cache.frames_of(events, decoder_->kind());
        }
    }
    if (next.frames.empty()) {
        collect_pieces(has_notices);
    }
    batch_is_out_ = next.has_batch();
    return next;
}

// The notices of its push session go out with its events, so that it is no more than the peer reads.
void session::collect_notices(std::size_t most_bytes) {
    for (std::size_t bytes = 0; bytes < most_bytes;) {
        auto next = state().take_notice(*client_);
        if (!next) {
            break;
        }
        notice_frame& frame = notices_.emplace_back();
        if (next->verdict) {
            frame.verdict = std::move(next->verdict);
        } else {
            environment_.body.clear();
            protocol::append_cancelled(environment_.body, next->hook_event_id, next->reason);
            protocol::append_frame(decoder_->kind(), environment_.body, frame.cancelled);
        }
        bytes += frame.verdict ? frame.verdict->body().size() : frame.cancelled.size();
    }
}

// The frames of the notices, if they are a part of the batch, and of environment_.events.
void session::collect_pieces(bool with_notices) {
    if (with_notices) {
        for (const notice_frame& each : notices_) {
            environment_.pieces.push_back(
                each.verdict ? each.verdict->wire(decoder_->kind()) : core::wire_pieces{each.cancelled});
        }
    }
    for (core::event* const each : environment_.events) {
        environment_.pieces.push_back(each->wire(decoder_->kind()));
    }
}

// Where its push session has ended and all of its events are out: says so.
void session::notify_end() {
    const auto* const pushed = client_->session();
    if (pushed == nullptr || !pushed->closing()) {
        return;
    }
    const std::string name = description();
    const auto ended = state().take_ended(*client_);
    if (!ended) {
        return;
    }
    environment_.body.clear();
    protocol::append_closed(environment_.body, ended->reason, ended->last_seq);
    notify(environment_.body);
    if (ended->reason == protocol::close_reason::lagged) {
        environment_.log.write(log_level::warning,
            name + " lagged behind: its push session was closed after event " + std::to_string(ended->last_seq));
    }
}

const std::vector<core::wire_pieces>& session::pieces_of_batch() {
    environment_.events.clear();
    environment_.pieces.clear();
    state().peeked_events(*client_, environment_.events);
    collect_pieces(false);
    return environment_.pieces;
}

void session::written() {
    if (client_ != nullptr) {
        batch_is_out_ = false;
        std::vector<notice_frame>{}.swap(notices_);
        state().sent(*client_, client_->peeked());
    }
}

void session::stop_output() {
    if (client_ == nullptr) {
        return;
    }
    batch_is_out_ = false;
    notices_.clear();
    state().end_session(*client_, broker().now());
    state().forget_peeked(*client_);
    answers_.clear();
}

bool session::is_owed_anything() const noexcept {
    return client_ != nullptr && (client_->is_owed_anything() || !answers_.empty() || batch_is_out_);
}

bool session::others_wait_for_memory() const noexcept { return client_ != nullptr && state().must_read(*client_); }

}  // namespace hookd::server::rpc
