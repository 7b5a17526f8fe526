// SPDX-License-Identifier: BSL-1.0
// The parts of the library that have rules of their own.

#include "backoff.hpp"
#include "encoding.hpp"
#include "receive_buffer.hpp"

#include "support/json_access.hpp"

#include <hookd/error.hpp>
#include <hookd/event.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/reply.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace hookd::test {
namespace {

using namespace std::chrono_literals;

std::string frame_of(std::string_view body) {
    std::string frame;
    protocol::append_frame(protocol::framing::length_prefix, body, frame);
    return frame;
}

// Gives `bytes` to the buffer, at most `step` at a time, and collects the frames.
std::vector<std::string> frames_of(detail::receive_buffer& buffer, std::string_view bytes, std::size_t step) {
    std::vector<std::string> frames;
    while (!bytes.empty()) {
        const auto room = buffer.prepare();
        const std::size_t size = std::min({step, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), size);
        buffer.commit(size);
        bytes.remove_prefix(size);
        while (const auto frame = buffer.next_frame()) {
            frames.emplace_back(*frame);
        }
    }
    return frames;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(internals)

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_last_and_are_cut_by_at_most_a_half) {
    detail::backoff pauses{50ms, 5s, 1};
    std::chrono::microseconds full = 50ms;
    bool varied = false;
    for (int i = 0; i < 20; ++i) {
        const auto pause = pauses.next();
        BOOST_TEST(pause.count() <= full.count());
        BOOST_TEST(pause.count() >= full.count() / 2);
        varied = varied || pause != full;
        full = std::min<std::chrono::microseconds>(full * 2, 5s);
    }
    BOOST_TEST(varied);
    pauses.reset();
    BOOST_TEST(pauses.next().count() <= 50'000);
}

BOOST_AUTO_TEST_CASE(two_clients_do_not_pause_alike_and_no_pause_is_zero) {
    detail::backoff one{50ms, 5s, 1};
    detail::backoff other{50ms, 5s, 2};
    bool differ = false;
    for (int i = 0; i < 10; ++i) {
        differ = one.next() != other.next() || differ;
    }
    BOOST_TEST(differ);
    detail::backoff none{0ms, 0ms, 1};
    for (int i = 0; i < 10; ++i) {
        const auto pause = none.next().count();
        BOOST_TEST(pause >= 500);
        BOOST_TEST(pause <= 1'000);
    }
}

BOOST_AUTO_TEST_CASE(frames_are_found_wherever_the_bytes_are_split) {
    const std::vector<std::string> bodies{"{}", std::string(300, 'x'), "[1]", std::string(200'000, 'y'), "null"};
    std::string bytes;
    for (const auto& body : bodies) {
        bytes += frame_of(body);
    }
    for (const std::size_t step : {1U, 3U, 7U, 4096U, 65536U, 1U << 20U}) {
        detail::receive_buffer buffer;
        BOOST_TEST(frames_of(buffer, bytes, step) == bodies, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_buffer_keeps_its_memory_for_the_next_large_frame_and_gives_it_back_after_many_small_ones) {
    constexpr std::size_t large = std::size_t{4} << 20;
    detail::receive_buffer buffer;
    std::ignore = frames_of(buffer, frame_of(std::string(large, 'x')), large);
    const auto capacity = buffer.prepare().size();
    BOOST_TEST(capacity >= large);
    std::ignore = frames_of(buffer, frame_of("{}"), 100);
    BOOST_TEST(buffer.prepare().size() == capacity);
    for (int i = 0; i < 100; ++i) {
        std::ignore = frames_of(buffer, frame_of("{}"), 100);
    }
    BOOST_TEST(buffer.prepare().size() < large);
    BOOST_TEST(
        frames_of(buffer, frame_of("[2]"), 100) == std::vector<std::string>{"[2]"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_largest_frame_is_read_and_one_byte_more_is_not) {
    detail::receive_buffer at_limit{1000};
    BOOST_TEST(frames_of(at_limit, frame_of(std::string(1000, 'x')), 100).size() == 1U);
    detail::receive_buffer above{1000};
    BOOST_CHECK_THROW(frames_of(above, frame_of(std::string(1001, 'x')), 100), error);
}

BOOST_AUTO_TEST_CASE(a_request_that_no_daemon_can_read_is_refused_and_leaves_nothing_behind) {
    // The envelope of request 1 around the params: {"jsonrpc":"2.0","id":1,"method":"m","params":…}
    std::string empty;
    detail::append_request_frame(empty, 1, "m", "{}");
    const std::size_t envelope = empty.size() - 4 - 2;

    std::string out = "kept";
    const std::string params(protocol::max_max_frame_bytes - envelope, ' ');
    BOOST_CHECK_THROW(detail::append_request_frame(out, 1, "m", params + " "), error);
    BOOST_TEST(out == "kept");
    detail::append_request_frame(out, 1, "m", params);
    BOOST_TEST(out.size() == 4 + 4 + protocol::max_max_frame_bytes);
    BOOST_TEST(static_cast<int>(out[4]) == 8);
}

BOOST_AUTO_TEST_CASE(an_event_is_read_in_full_and_can_be_copied) {
    const std::string text =
        R"({"seq":18446744073709551615,"hook_event_id":"id","event":"a\u002fb","emitted_at":"then",)"
        R"("expects_response":true,"timeout_ms":86400000,"cause":"x,y","payload": {"k":1,"k":2.50} ,"new":[]})";
    event copy = event::parse(R"({"seq":1,"event":"x","payload":0})");
    BOOST_TEST(copy.payload() == "0");
    BOOST_TEST(copy.cause().empty());
    BOOST_TEST(copy.as_cause() == "x");
    BOOST_TEST(!copy.expects_response());
    BOOST_TEST(!copy.timeout().has_value());
    copy = event::parse(text);
    const event moved = std::move(copy);
    BOOST_TEST(moved.seq() == 18446744073709551615U);
    BOOST_TEST(moved.hook_event_id() == "id");
    BOOST_TEST(moved.name() == "a/b");
    BOOST_TEST(moved.emitted_at() == "then");
    BOOST_TEST(moved.expects_response());
    BOOST_TEST(moved.cause() == "x,y");
    BOOST_TEST(moved.as_cause() == "x,y,a/b");
    BOOST_TEST(moved.timeout().value().count() == 86'400'000);
    BOOST_TEST(moved.payload() == R"({"k":1,"k":2.50})");
    BOOST_TEST(moved.json().at("k").as_double() == 2.5);
    BOOST_TEST(moved.text() == text);
}

BOOST_AUTO_TEST_CASE(the_time_of_an_event_counts_from_when_it_was_read) {
    const auto before = std::chrono::steady_clock::now();
    const auto asked = event::parse(
        R"({"seq":1,"event":"e","emitted_at":"2001-01-01T00:00:00Z","expects_response":true,"timeout_ms":5000,"payload":0})");
    BOOST_TEST_REQUIRE(asked.deadline().has_value());
    BOOST_TEST((*asked.deadline() >= before + 5s && *asked.deadline() <= std::chrono::steady_clock::now() + 5s));
    BOOST_TEST(!event::parse(R"({"seq":1,"event":"e","expects_response":false,"payload":0})").deadline().has_value());
}

BOOST_AUTO_TEST_CASE(the_cause_comes_from_the_environment_unless_it_is_given) {
    const auto emitted = [](emit_options how) { return detail::encode_emit("e", "{}", how); };
    const auto waited = [](wait_options how) { return detail::encode_emit_and_wait("e", "{}", how); };
    BOOST_TEST(emitted({}).find("cause") == std::string::npos);
    BOOST_TEST(emitted({.cause = "a,b"}).find(R"("cause":"a,b")") != std::string::npos);
    ::setenv("HOOK_CAUSE", "inherited", 1);
    BOOST_TEST(emitted({}).find(R"("cause":"inherited")") != std::string::npos);
    BOOST_TEST(waited({}).find(R"("cause":"inherited")") != std::string::npos);
    BOOST_TEST(waited({.cause = "a"}).find(R"("cause":"a")") != std::string::npos);
    BOOST_TEST(waited({.cause = ""}).find("cause") == std::string::npos);
    ::unsetenv("HOOK_CAUSE");
    BOOST_TEST(waited({}).find("cause") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_responder_is_goes_into_its_subscription) {
    BOOST_TEST(detail::encode_subscribe({}) == R"({"responds":true})");
    const subscribe_options all{.events = {"a", "b*"},
        .as_responder = {.asked_only = true,
            .where = {{"/cwd", "/src/*"}, {"/a~1\"", "\""}},
            .on_failure = failure_policy::closed,
            .order = -3,
            .shadow = true}};
    BOOST_TEST(
        detail::encode_subscribe(all, {.cancellations = true, .verdicts = true}) ==
        R"({"responds":true,"events":["a","b*"],"asked_only":true,"shadow":true,"on_failure":"closed","order":-3,)"
        R"("where":{"/cwd":"/src/*","/a~1\"":"\""},"cancellations":true,"verdicts":true})");
}

BOOST_AUTO_TEST_CASE(required_responders_go_into_the_request) {
    const wait_options options{.policy = wait_policy::chain, .require = {"guard", "li\"nt"}, .cause = ""};
    BOOST_TEST(detail::encode_emit_and_wait("e", "{}", options) ==
               R"({"event":"e","payload":{},"policy":"chain","require":["guard","li\"nt"]})");
}

BOOST_AUTO_TEST_CASE(what_is_no_event_is_an_invalid_argument) {
    for (const char* text : {"", "{", "[]", "{}", R"({"seq":1,"event":"x"})", R"({"seq":-1,"event":"x","payload":0})",
             R"({"seq":1,"event":5,"payload":0})"}) {
        try {
            std::ignore = event::parse(text);
            BOOST_ERROR("accepted: " << text);
        } catch (const error& failure) {
            BOOST_TEST((failure.kind() == error_kind::invalid_argument));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_deep_payload_can_be_had_as_a_document) {
    const std::string deep = std::string(100, '[') + std::string(100, ']');
    BOOST_TEST(event::parse(R"({"seq":1,"event":"x","payload":)" + deep + "}").json().is_array());
}

BOOST_AUTO_TEST_CASE(an_empty_reason_still_vetoes) {
    BOOST_TEST(text_at(json_of(veto("").text()), "/abort") == "vetoed without a reason");
    BOOST_TEST(!failed("").text().empty());
    BOOST_TEST(text_at(json_of(veto("\xff!").text()), "/abort") == "\xef\xbf\xbd!");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
