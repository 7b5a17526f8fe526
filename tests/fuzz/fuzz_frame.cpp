// SPDX-License-Identifier: BSL-1.0
// Is a stream split into the same frames however its bytes arrive, and is each frame read without a fault?
//
// The first byte of an input is max_frame in units of 8 bytes (0: 1 MiB), the rest is what a peer sends.

#include "fuzz_target.hpp"

#include <base/json/text.hpp>
#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::protocol;
using hookd::test::require;

namespace {

struct outcome {
    std::vector<std::string> bodies{};
    std::optional<errc> failure{};

    bool operator==(const outcome&) const = default;
};

/// Splits `stream`, of which `chunk` bytes arrive at a time after the first `head`.
outcome split(std::string_view stream, std::size_t max_frame_bytes, std::size_t head, std::size_t chunk) {
    outcome result;
    frame_decoder decoder{detect_framing(static_cast<unsigned char>(stream.front())), max_frame_bytes};
    std::size_t dropped = 0;
    std::size_t arrived = head;
    for (;;) {
        const bool at_end = arrived == stream.size();
        // An exact copy, so that a sanitizer sees any read past the end.
        const std::vector<char> exact(stream.begin() + static_cast<std::ptrdiff_t>(dropped),
            stream.begin() + static_cast<std::ptrdiff_t>(arrived));
        const std::string_view unread{exact.data(), exact.size()};
        const decode_result step = at_end ? decoder.next_at_end(unread) : decoder.next(unread);
        require(step.consumed <= unread.size(), "no more is consumed than there is");
        dropped += step.consumed;
        switch (step.status) {
            case decode_status::frame:
                require(!step.body.empty() && step.body.size() <= max_frame_bytes, "a frame has 1 to max_frame bytes");
                require(step.body.data() >= unread.data() &&
                            step.body.data() + step.body.size() <= unread.data() + step.consumed,
                    "a body lies in what is consumed");
                result.bodies.emplace_back(step.body);
                break;
            case decode_status::failed:
                require(step.failure && !step.failure->message.empty(), "a failure says why");
                result.failure = step.failure->code;
                return result;
            case decode_status::need_more:
                if (at_end) {
                    require(dropped == stream.size(), "nothing is left at the end");
                    return result;
                }
                arrived = std::min(arrived + chunk, stream.size());
                break;
        }
    }
}

bool lies_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_request(const request& read, std::string_view frame) {
    require(lies_within(read.id, frame) && lies_within(read.method.raw, frame) && lies_within(read.params, frame),
        "a request is made of spans of its frame");
    require(read.members.size() <= max_params_members, "members are bounded");
    for (const hookd::base::json_member& member : read.members) {
        require(lies_within(member.value, read.params), "a parameter lies in params");
        require(!hookd::base::find_json_fault(member.value).has_value(), "a parameter is JSON");
    }
    if (read.has_no_params()) {
        require(read.members.empty(), "no parameters are no members");
    }
    // What is sent on is read as the same.
    std::string again;
    append_request(again, read.id, read.method.decode(), read.params);
    message echoed;
    read_message(again, echoed);
    require(echoed.type == message::kind::request, "an appended request is a request");
    require(echoed.single.id == read.id && echoed.single.params == read.params, "an appended request says the same");
}

void check_frame(std::string_view frame) {
    message read;
    read_message(frame, read);
    const bool is_json = !hookd::base::find_json_fault(frame).has_value();
    const bool is_parse_error = read.type == message::kind::invalid && read.failure.code == errc::parse_error;
    require(is_json != is_parse_error, "a parse error is what is no JSON");
    switch (read.type) {
        case message::kind::request:
            check_request(read.single, frame);
            break;
        case message::kind::batch:
            require(!read.elements.empty() && read.elements.size() <= max_batch, "a batch has 1 to 1000 elements");
            for (const std::string_view element : read.elements) {
                message one;
                read_element(element, one);
                require(one.type != message::kind::batch, "an element is no batch");
                if (one.type == message::kind::request) {
                    check_request(one.single, element);
                }
            }
            break;
        case message::kind::invalid: {
            if (read.failed_id.empty()) {
                break;  // a notification
            }
            std::string answer;
            append_error(answer, read.failed_id, read.failure);
            incoming reply;
            read_incoming(answer, reply);
            require(reply.type == incoming::kind::response, "an error is read by a client");
            require(reply.reply.id == read.failed_id, "an error keeps its id");
            require(reply.reply.error_message.equals(read.failure.message), "an error keeps its message");
            break;
        }
    }
    incoming as_client;
    read_incoming(frame, as_client);
    require(is_json || as_client.type == incoming::kind::invalid, "a client takes only JSON for a message");
}

}  // namespace

const char* const hookd::test::corpus_name = "frame";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::size_t max_frame_bytes = data[0] == 0 ? std::size_t{1024} * 1024 : std::size_t{data[0]} * 8;
    const std::string_view stream{reinterpret_cast<const char*>(data) + 1, size - 1};
    const outcome expected = split(stream, max_frame_bytes, stream.size(), 1);
    require(split(stream, max_frame_bytes, 1, 1) == expected, "byte by byte is the same as at once");
    // Cut in two at every byte; where the stream is long, at some of them, since each cut costs as much as the stream
    // is long.
    const std::size_t step = std::max<std::size_t>(1, stream.size() / 64);
    for (std::size_t cut = 1; cut < stream.size(); cut += step) {
        require(split(stream, max_frame_bytes, cut, stream.size()) == expected, "cut in two is the same as at once");
    }
    for (const std::string& body : expected.bodies) {
        check_frame(body);
    }
    // A body is what it is in any framing.
    check_frame(stream);
    return 0;
}
