// SPDX-License-Identifier: BSL-1.0
#include "core/event.hpp"
#include "core/event_log.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace hookd::core {
namespace {

using namespace std::chrono_literals;
using protocol::framing;

event::pointer make_event(event_ledger& ledger, std::uint64_t seq, std::string_view name,
    std::string_view payload = "{}", bool expects_response = false) {
    protocol::event_fields fields{.seq = seq, .hook_event_id = {}, .event = name, .emitted_at = {}};
    fields.hook_event_id.data[0] = 0xab;
    if (expects_response) {
        fields.expects_response = true;
        fields.timeout = 1500ms;
    }
    return event::make(fields, protocol::measure_event_head(fields), payload, ledger);
}

std::string joined(const wire_pieces& pieces) {
    std::string all;
    for (const auto each : pieces) {
        all += each;
    }
    return all;
}

std::string body_of(const event::pointer& made) { return joined(made->wire(framing::length_prefix)).substr(4); }

constexpr std::string_view notification_of_7 =
    R"({"jsonrpc":"2.0","method":"event","params":{"seq":7,"hook_event_id":"ab000000-0000-0000-0000-000000000000",)"
    R"("event":"push","emitted_at":"1970-01-01T00:00:00.000000000Z","expects_response":false,"payload":)";

}  // namespace

BOOST_AUTO_TEST_SUITE(events)

BOOST_AUTO_TEST_CASE(event_keeps_what_it_was_made_of) {
    event_ledger ledger;
    const auto made = make_event(ledger, 7, "push", R"( { "n" : 1.00 } )", true);
    BOOST_CHECK_EQUAL(made->seq(), 7U);
    BOOST_CHECK_EQUAL(made->name(), "push");
    BOOST_CHECK_EQUAL(made->payload(), R"( { "n" : 1.00 } )");
    BOOST_CHECK_EQUAL(int{made->id().data[0]}, 0xab);
    BOOST_CHECK(made->expects_response());
    BOOST_CHECK(made->timeout() == 1500ms);
    BOOST_CHECK(make_event(ledger, 8, "push")->timeout() == 0ms);
}

// The name is found in the encoding, which has the word "event" in other places, too.
BOOST_AUTO_TEST_CASE(names_of_any_length_are_found_again) {
    event_ledger ledger;
    BOOST_CHECK_EQUAL(make_event(ledger, 1, "event")->name(), "event");
    BOOST_CHECK_EQUAL(make_event(ledger, 1, "e")->name(), "e");
    BOOST_CHECK_EQUAL(
        make_event(ledger, 18'446'744'073'709'551'615U, std::string(128, 'x'))->name(), std::string(128, 'x'));
    BOOST_CHECK_EQUAL(make_event(ledger, 1, "push", R"({"event":"other"})")->name(), "push");
}

BOOST_AUTO_TEST_CASE(body_is_the_whole_notification) {
    event_ledger ledger;
    BOOST_CHECK_EQUAL(body_of(make_event(ledger, 7, "push", "[1]")), std::string{notification_of_7} + "[1]}}");
}

BOOST_AUTO_TEST_CASE(native_frame_is_a_length_and_the_body) {
    event_ledger ledger;
    const auto made = make_event(ledger, 7, "push", std::string(70'000, ' ') + "1");
    const std::string frame = joined(made->wire(framing::length_prefix));
    BOOST_REQUIRE_EQUAL(frame.size(), made->body_bytes() + 4);
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        length = length << 8 | static_cast<unsigned char>(frame[i]);
    }
    BOOST_CHECK_EQUAL(length, made->body_bytes());
    BOOST_CHECK(frame.substr(4) == std::string{notification_of_7} + std::string(70'000, ' ') + "1}}");
}

BOOST_AUTO_TEST_CASE(header_frame_is_a_header_block_and_the_body) {
    event_ledger ledger;
    const auto made = make_event(ledger, 7, "push", "[1,\n2]");
    const std::string expected = "Content-Length: " + std::to_string(made->body_bytes()) + "\r\n\r\n" + body_of(made);
    BOOST_CHECK_EQUAL(joined(made->wire(framing::content_length)), expected);
    BOOST_CHECK_EQUAL(joined(made->wire(framing::content_length)), expected);  // the same for the next one
}

BOOST_AUTO_TEST_CASE(line_is_the_body_and_a_line_feed) {
    event_ledger ledger;
    const auto made = make_event(ledger, 7, "push", R"("a\nb")");
    BOOST_CHECK_EQUAL(joined(made->wire(framing::line)), body_of(made) + "\n");
    BOOST_CHECK_EQUAL(ledger.live_bytes, made->footprint_bytes());  // no copy
}

BOOST_AUTO_TEST_CASE(raw_line_breaks_become_spaces_in_a_line_and_only_there) {
    event_ledger ledger;
    {
        const auto made = make_event(ledger, 7, "push", "{\r\n\"a\":\r1,\n\"b\":\"\\r\\n\"}");
        const std::string line = std::string{notification_of_7} + "{  \"a\": 1, \"b\":\"\\r\\n\"}}}\n";
        BOOST_CHECK_EQUAL(joined(made->wire(framing::line)), line);
        BOOST_CHECK_EQUAL(joined(made->wire(framing::line)), line);
        BOOST_CHECK_EQUAL(made->payload(), "{\r\n\"a\":\r1,\n\"b\":\"\\r\\n\"}");
        BOOST_CHECK_EQUAL(body_of(made), std::string{notification_of_7} + "{\r\n\"a\":\r1,\n\"b\":\"\\r\\n\"}}}");
        BOOST_CHECK_EQUAL(ledger.live_bytes, made->footprint_bytes() + line.size());  // charged once
    }
    BOOST_CHECK_EQUAL(ledger.live_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(ledger_counts_an_event_until_its_last_reference_goes) {
    event_ledger ledger;
    auto first = make_event(ledger, 1, "push", std::string(1000, ' ') + "1");
    BOOST_CHECK_GT(ledger.live_bytes, 1000U);
    BOOST_CHECK_EQUAL(ledger.live_bytes, first->footprint_bytes());
    auto second = first;
    first.reset();
    BOOST_CHECK_EQUAL(ledger.live_bytes, second->footprint_bytes());
    second.reset();
    BOOST_CHECK_EQUAL(ledger.live_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(a_cause_stands_before_the_payload) {
    event_ledger ledger;
    for (const bool waits : {false, true}) {
        protocol::event_fields fields{.seq = 3, .hook_event_id = {}, .event = "push", .emitted_at = {}, .cause = "a,b"};
        fields.expects_response = waits;
        fields.timeout = waits ? std::optional{1500ms} : std::nullopt;
        const auto made = event::make(fields, protocol::measure_event_head(fields), "[1,2]", ledger);
        BOOST_CHECK_EQUAL(made->cause(), "a,b");
        BOOST_CHECK_EQUAL(made->payload(), "[1,2]");
        BOOST_CHECK(body_of(made).ends_with(R"(,"cause":"a,b","payload":[1,2]}})"));
    }
    BOOST_CHECK_EQUAL(make_event(ledger, 7, "push")->cause(), "");
}

BOOST_AUTO_TEST_CASE(footprint_is_known_before_the_event_is_made) {
    event_ledger ledger;
    const protocol::event_fields fields{.seq = 3, .hook_event_id = {}, .event = "push", .emitted_at = {}};
    const auto head = protocol::measure_event_head(fields);
    const auto made = event::make(fields, head, "[1,2]", ledger);
    BOOST_CHECK_EQUAL(made->footprint_bytes(), event::footprint(head, "[1,2]"));
}

// Memory that a request of some payload was read into, and what lies around that.
struct read_request {
    explicit read_request(const std::string& text) : payload_bytes(text.size()) {
        memory.capacity = before.size() + text.size() + 10;
        auto bytes = std::make_shared_for_overwrite<char[]>(memory.capacity);
        std::memset(bytes.get(), '#', memory.capacity);
        std::memcpy(bytes.get() + before.size(), text.data(), text.size());
        memory.bytes = std::move(bytes);
    }
    [[nodiscard]] std::string_view payload() const { return {memory.bytes.get() + before.size(), payload_bytes}; }

    static constexpr std::string_view before = R"({"payload":)";
    frame_memory memory{};
    std::size_t payload_bytes;
};

BOOST_AUTO_TEST_CASE(large_payload_is_left_where_it_was_read) {
    event_ledger ledger;
    const std::string text = "[\n\"" + std::string(40'000, 'x') + "\"]";
    read_request request{text};
    frame_memory* const shared = event::worth_sharing(request.payload(), &request.memory);
    BOOST_REQUIRE(shared == &request.memory);
    const protocol::event_fields fields{.seq = 7, .hook_event_id = {{0xab}}, .event = "push", .emitted_at = {}};
    const auto head = protocol::measure_event_head(fields);
    const auto made = event::make(fields, head, request.payload(), ledger, shared);
    BOOST_CHECK(request.memory.is_shared);
    BOOST_CHECK_EQUAL(
        static_cast<const void*>(made->payload().data()), static_cast<const void*>(request.payload().data()));
    BOOST_CHECK_GE(made->footprint_bytes(), request.memory.capacity);
    BOOST_CHECK_EQUAL(made->footprint_bytes(), event::footprint(head, request.payload(), shared));
    request.memory.bytes.reset();  // the connection goes on with other memory
    const std::string body = std::string{notification_of_7} + text + "}}";
    BOOST_CHECK(body_of(made) == body);
    BOOST_CHECK_EQUAL(made->name(), "push");
    BOOST_CHECK(joined(made->wire(framing::content_length)) ==
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    std::string line = body + "\n";
    line[body.find('\n')] = ' ';
    BOOST_CHECK(joined(made->wire(framing::line)) == line);
    read_request plain{std::string(20'000, '1')};
    const auto other =
        event::make(fields, head, plain.payload(), ledger, event::worth_sharing(plain.payload(), &plain.memory));
    BOOST_CHECK(
        joined(other->wire(framing::line)) == std::string{notification_of_7} + std::string(20'000, '1') + "}}\n");
}

BOOST_AUTO_TEST_CASE(payload_is_copied_where_sharing_would_keep_much_else) {
    read_request request{std::string(56'000, '1')};
    request.memory.capacity = 64'000;
    BOOST_CHECK(event::worth_sharing(request.payload(), &request.memory) == &request.memory);
    request.memory.capacity = 64'008;
    BOOST_CHECK(event::worth_sharing(request.payload(), &request.memory) == nullptr);
    BOOST_CHECK(event::worth_sharing(request.payload(), nullptr) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(event_logs)

BOOST_AUTO_TEST_CASE(log_keeps_the_newest_events) {
    event_ledger ledger;
    durability none;
    event_log log{3, none};
    BOOST_CHECK(log.empty());
    BOOST_CHECK_EQUAL(log.oldest_seq(), 1U);
    std::size_t bytes = 0;
    for (std::uint64_t seq = 1; seq <= 5; ++seq) {
        log.append(make_event(ledger, seq, "e"));
    }
    std::string kept;
    log.for_each_after(0, [&](const event::pointer& each) {
        kept += std::to_string(each->seq());
        bytes += each->footprint_bytes();
    });
    BOOST_CHECK_EQUAL(kept, "345");
    BOOST_CHECK_EQUAL(log.size(), 3U);
    BOOST_CHECK_EQUAL(log.oldest_seq(), 3U);
    BOOST_CHECK_EQUAL(log.bytes(), bytes);
    BOOST_CHECK_EQUAL(ledger.live_bytes, bytes);
}

BOOST_AUTO_TEST_CASE(events_after_any_number_are_found) {
    event_ledger ledger;
    durability none;
    event_log log{3, none};
    for (std::uint64_t seq = 1; seq <= 5; ++seq) {
        log.append(make_event(ledger, seq, "e"));
    }
    const auto after = [&log](std::uint64_t seq) {
        std::string found;
        log.for_each_after(seq, [&found](const event::pointer& each) { found += std::to_string(each->seq()); });
        return found;
    };
    BOOST_CHECK_EQUAL(after(1), "345");
    BOOST_CHECK_EQUAL(after(2), "345");
    BOOST_CHECK_EQUAL(after(3), "45");
    BOOST_CHECK_EQUAL(after(4), "5");
    BOOST_CHECK_EQUAL(after(5), "");
}

BOOST_AUTO_TEST_CASE(log_that_dropped_everything_goes_on) {
    event_ledger ledger;
    durability none;
    event_log log{3, none};
    log.append(make_event(ledger, 1, "a"));
    log.append(make_event(ledger, 2, "b"));
    log.drop_oldest();
    log.drop_oldest();
    BOOST_CHECK(log.empty());
    BOOST_CHECK_EQUAL(log.bytes(), 0U);
    BOOST_CHECK_EQUAL(ledger.live_bytes, 0U);
    BOOST_CHECK_EQUAL(log.oldest_seq(), 3U);
    log.append(make_event(ledger, 3, "c"));
    BOOST_CHECK_EQUAL(log.oldest_seq(), 3U);
}

BOOST_AUTO_TEST_CASE(only_drops_of_matching_events_make_it_incomplete) {
    event_ledger ledger;
    durability none;
    event_log log{1, none};
    log.append(make_event(ledger, 1, "a"));
    log.append(make_event(ledger, 2, "b"));
    log.append(make_event(ledger, 3, "c"));  // 1 and 2 are dropped
    const auto is = [](std::string_view wanted) {
        return [wanted](const dropped_event& each) { return each.name == wanted; };
    };
    BOOST_CHECK(!log.is_complete_after(0, is("a")));
    BOOST_CHECK(log.is_complete_after(1, is("a")));
    BOOST_CHECK(!log.is_complete_after(1, is("b")));
    BOOST_CHECK(log.is_complete_after(2, is("b")));
    BOOST_CHECK(log.is_complete_after(0, is("c")));
    BOOST_CHECK(log.is_complete_after(0, is("d")));
}

BOOST_AUTO_TEST_CASE(names_of_the_last_1024_dropped_events_are_remembered) {
    event_ledger ledger;
    durability none;
    event_log log{1, none};
    const auto nothing = [](const dropped_event&) { return false; };
    for (std::uint64_t seq = 1; seq <= 1025; ++seq) {
        log.append(make_event(ledger, seq, "e"));
    }
    BOOST_CHECK(log.is_complete_after(0, nothing));  // 1 to 1024 are dropped and remembered
    log.append(make_event(ledger, 1026, "e"));
    BOOST_CHECK(!log.is_complete_after(0, nothing));  // who knows what 1 was
    BOOST_CHECK(log.is_complete_after(1, nothing));
    log.append(make_event(ledger, 1027, "other"));
    log.append(make_event(ledger, 1028, "e"));
    const auto other = [](const dropped_event& each) { return each.name == "other"; };
    BOOST_CHECK(!log.is_complete_after(3, other));
    BOOST_CHECK(log.is_complete_after(1027, other));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core
