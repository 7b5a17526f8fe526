// SPDX-License-Identifier: BSL-1.0
#include "rpc_fixture.hpp"

#include <base/json/text.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <algorithm>
#include <deque>
#include <ostream>

// A session without a socket: conversations cut at every byte, in all framings, and peers that leave at every byte.
namespace hookd::server::rpc::test {
namespace {

namespace data = boost::unit_test::data;

/// What one peer does: `body` goes in a frame of its own, with `$event` for the last event that it got; an empty one is
/// the end of its input.
struct step {
    std::size_t peer = 0;
    std::string body{};
    bool is_answered = true;
};

/// What peers say to each other, and for each of them how many messages it gets and parts of those, in order.
struct conversation {
    struct expectation {
        std::size_t messages = 0;
        std::vector<std::string> parts{};
    };
    std::string name{};
    std::vector<step> steps{};
    std::vector<expectation> expected{};
};

std::ostream& operator<<(std::ostream& out, const conversation& which) { return out << which.name; }

std::string call(std::string_view method, std::string_view params = "{}", std::string_view id = "1") {
    return R"({"jsonrpc":"2.0","id":)" + std::string{id} + R"(,"method":")" + std::string{method} + R"(","params":)" +
           std::string{params} + "}";
}

const std::string emit_and_wait =
    call("emit_and_wait", R"({"event":"git.push","payload":{"n": 1.0},"timeout_ms":60000})", "7");
const std::string respond = call("respond", R"({"hook_event_id":"$event","response":{"abort":"no"}})", "2");
const std::string hook = call("subscribe", R"({"events":["git.*"],"name":"hook","cancellations":true})");
const std::string observer = call("subscribe", R"({"responds":false})");

const std::string cancel = R"({"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}})";

const conversation conversations[] = {
    {"ping", {{0, call("ping")}}, {{1, {R"("result":{"instance":"id-1")"}}}},
    {"errors",
        {{0, call("nope")}, {0, call("emit", R"({"event":"a b"})")}, {0, R"({"jsonrpc":"2.0","id":3})"},
            {0, R"({"id":)"}, {0, "[]"}, {0, "1"}},
        {{6, {"-32601", "-32602", "-32600", "-32700", "-32600", "-32600"}}}},
    {"batch",
        {{0, "[" + call("ping") + R"(,{"jsonrpc":"2.0","method":"emit","params":{"event":"a"}},1,)" +
                 call("nope", "{}", R"("x")") + "]"}},
        {{1, {R"([{"jsonrpc":"2.0","id":1,"result")", R"("id":null)", R"("id":"x")"}}}},
    {"batch of notifications",
        {{0, R"([{"jsonrpc":"2.0","method":"emit","params":{"event":"a"}}])", false}, {0, call("ping")}},
        {{1, {R"("result")"}}}},
    {"subscribe, event, unsubscribe",
        {{1, observer}, {0, call("emit", R"({"event":"a","payload":{"k": 12345678901234567890}})")},
            {1, call("unsubscribe")}},
        {{1, {R"("subscribers":1)"}},
            {4, {R"("result")", R"("payload":{"k": 12345678901234567890}})", R"("method":"closed")", R"("result")"}}}},
    {"question and veto", {{1, hook}, {0, emit_and_wait}, {1, respond}},
        {{1, {R"("outcome":"answered","abort":"no")"}},
            {3, {R"("result")", R"("expects_response":true)", R"("accepted":true)"}}}},
    {"question in a batch", {{1, hook}, {0, "[" + emit_and_wait + "," + call("ping") + "]"}, {1, "[" + respond + "]"}},
        {{1, {R"([{"jsonrpc":"2.0","id":7,"result")"}},
            {3, {R"("result")", R"("method":"event")", R"([{"jsonrpc":"2.0","id":2,"result":{"accepted":true)"}}}},
    {"reservation",
        {{1, hook}, {0, call("emit", R"({"event":"git.push","reserve_ms":60000})")}, {1, respond},
            {1, call("await_response", R"({"hook_event_id":"$event"})", "3")}},
        {{1, {R"("seq":1)"}},
            {4, {R"("result")", R"("method":"event")", R"("accepted":true)", R"("outcome":"answered")"}}}},
    {"cancelled question", {{1, hook}, {0, emit_and_wait}, {0, cancel, false}, {1, respond}},
        {{1, {"-32800"}},
            {4, {R"("result")", R"("method":"event")", R"("method":"cancelled")", R"("accepted":false)"}}}},
    {"emitter that half-closes is still answered", {{1, hook}, {0, emit_and_wait}, {0, "", false}, {1, respond}},
        {{1, {R"("outcome":"answered")"}}, {3, {R"("result")", R"("method":"event")", R"("accepted":true)"}}}},
    {"hook that half-closes never replies", {{1, hook}, {0, emit_and_wait}, {1, "", false}},
        {{1, {R"("missing":[{"responder":"hook","why":"left")"}}, {2, {R"("result")", R"("method":"event")"}}}},
};

/// Peers that hold a conversation, each piece of which is sent as the test says.
class stage {
public:
    stage(framing kind, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            peers.emplace_back(fixture, peer_options{.kind = kind});
        }
    }

    /// The bytes of that step, now.
    [[nodiscard]] std::string bytes_of(const step& which) {
        auto& peer = peers[which.peer];
        std::string body = which.body;
        if (const auto at = body.find("$event"); at != std::string::npos) {
            body.replace(at, 6, peer.last_event_id());
        }
        return peer.frame_of(body);
    }

    [[nodiscard]] std::vector<std::vector<std::string>> transcript() const {
        std::vector<std::vector<std::string>> all;
        normalizer normalize;
        for (const auto& each : peers) {
            auto& messages = all.emplace_back();
            for (const auto& message : each.messages()) {
                messages.push_back(normalize(message));
            }
        }
        return all;
    }

    void check_tidy() {
        for (auto& each : peers) {
            each.leave();
            BOOST_TEST(!each.rpc().is_owed_anything());
        }
        fixture.broker->pass(std::chrono::hours{1});
        fixture.check_tidy();
    }

    rpc_fixture fixture{};
    std::deque<memory_peer> peers{};
};

/// Holds the conversation with each frame given to `send(peer, bytes)`; returns what the peers got.
template <class Send>
std::vector<std::vector<std::string>> hold(const conversation& which, framing kind, Send send) {
    stage on{kind, which.expected.size()};
    for (const auto& each : which.steps) {
        if (each.body.empty()) {
            on.peers[each.peer].end_input();
        } else {
            send(on.peers[each.peer], on.bytes_of(each));
        }
    }
    for (const auto& each : on.peers) {
        BOOST_TEST(each.held_bytes() == 0U);
    }
    auto got = on.transcript();
    on.check_tidy();
    return got;
}

std::vector<std::vector<std::string>> hold(const conversation& which, framing kind) {
    return hold(which, kind, [](memory_peer& peer, std::string_view bytes) { peer.send(bytes); });
}

std::size_t longest_frame(const conversation& which, framing kind) {
    std::size_t longest = 0;
    (void)hold(which, kind, [&longest](memory_peer& peer, std::string_view bytes) {
        longest = std::max(longest, bytes.size());
        peer.send(bytes);
    });
    return longest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sessions)

BOOST_DATA_TEST_CASE(
    peers_get_what_the_contract_says, data::make(conversations) * data::make(hookd::test::all_framings), which, kind) {
    const auto got = hold(which, kind);
    for (std::size_t peer = 0; peer < which.expected.size(); ++peer) {
        std::string all;
        for (const auto& each : got[peer]) {
            all += each + "\n";
        }
        BOOST_TEST(got[peer].size() == which.expected[peer].messages);
        std::size_t from = 0;
        for (const auto& part : which.expected[peer].parts) {
            from = all.find(part, from);
            BOOST_REQUIRE_MESSAGE(from != std::string::npos, "no " << part << " in " << all);
            from += part.size();
        }
    }
}

BOOST_DATA_TEST_CASE(input_that_comes_byte_by_byte_is_the_same,
    data::make(conversations) * data::make(hookd::test::all_framings), which, kind) {
    const auto got = hold(which, kind, [](memory_peer& peer, std::string_view bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            peer.send(bytes.substr(i, 1));
        }
    });
    BOOST_CHECK(got == hold(which, kind));
}

BOOST_DATA_TEST_CASE(input_cut_at_each_byte_is_the_same,
    data::make(conversations) * data::make(hookd::test::all_framings), which, kind) {
    const auto whole = hold(which, kind);
    const auto longest = longest_frame(which, kind);
    for (std::size_t cut = 1; cut < longest; ++cut) {
        const auto got = hold(which, kind, [cut](memory_peer& peer, std::string_view bytes) {
            peer.send(bytes.substr(0, cut));
            if (cut < bytes.size()) {
                peer.send(bytes.substr(cut));
            }
        });
        BOOST_REQUIRE_MESSAGE(got == whole, "cut at byte " << cut);
    }
}

// The end of a frame lies anywhere in what is read at a time.
BOOST_DATA_TEST_CASE(frames_in_pieces_of_each_size_are_answered_in_order, data::make(hookd::test::all_framings), kind) {
    stage sample{kind, 1};
    std::string all;
    for (const auto* const id : {"1", "2", "3", "4"}) {
        all += sample.peers[0].frame_of(call("ping", "{}", id));
    }
    for (std::size_t size = 1; size <= all.size(); ++size) {
        stage on{kind, 1};
        for (std::size_t at = 0; at < all.size(); at += size) {
            on.peers[0].send(std::string_view{all}.substr(at, size));
        }
        const auto got = on.peers[0].messages();
        BOOST_REQUIRE_EQUAL(got.size(), 4U);
        for (std::size_t i = 0; i < got.size(); ++i) {
            BOOST_REQUIRE(got[i].find("\"id\":" + std::to_string(i + 1)) != std::string::npos);
        }
        on.check_tidy();
    }
}

// Nothing of what it was doing is left, and each request of the others is answered.
BOOST_DATA_TEST_CASE(
    peer_may_leave_at_each_byte, data::make(conversations) * data::make(hookd::test::all_framings), which, kind) {
    bool is_cut = true;
    for (std::size_t cut = 0; is_cut; ++cut) {
        stage on{kind, which.expected.size()};
        std::vector<std::size_t> asked(which.expected.size());
        std::size_t left = cut;
        is_cut = false;
        for (const auto& each : which.steps) {
            auto& peer = on.peers[each.peer];
            if (each.body.empty()) {
                peer.end_input();
                continue;
            }
            const auto bytes = on.bytes_of(each);
            peer.send(std::string_view{bytes}.substr(0, left));
            is_cut = left < bytes.size();
            if (is_cut) {
                peer.leave();
                asked[each.peer] = peer.count_answers();
                break;
            }
            asked[each.peer] += each.is_answered ? 1 : 0;
            left -= bytes.size();
        }
        for (std::size_t i = 0; i < asked.size(); ++i) {
            BOOST_REQUIRE_MESSAGE(
                on.peers[i].count_answers() == asked[i], "cut at byte " << cut << ": peer " << i << " has no answer");
        }
        on.check_tidy();
    }
}

// The end of its input at any byte: what is complete is carried out, and then it is owed nothing.
BOOST_DATA_TEST_CASE(peer_may_half_close_at_each_byte, data::make(hookd::test::all_framings), kind) {
    stage sample{kind, 1};
    const auto all = sample.peers[0].frame_of(call("ping")) + sample.peers[0].frame_of(call("subscribe")) +
                     sample.peers[0].frame_of(call("unsubscribe"));
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        stage on{kind, 1};
        auto& peer = on.peers[0];
        peer.send(std::string_view{all}.substr(0, cut));
        peer.end_input();
        BOOST_REQUIRE_MESSAGE(peer.held_bytes() == 0, "cut at byte " << cut);
        BOOST_REQUIRE(peer.rpc().is_half_closed());
        const bool has_session = on.fixture.broker->stats().subscribers != 0;
        BOOST_REQUIRE_EQUAL(peer.rpc().is_owed_anything(), has_session);
        on.check_tidy();
    }
}

BOOST_DATA_TEST_CASE(many_frames_in_one_piece_are_carried_out_in_turns, data::make(hookd::test::all_framings), kind) {
    constexpr std::size_t count = 3000;
    stage on{kind, 1};
    auto& peer = on.peers[0];
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
        all += peer.frame_of(call("ping", "{}", std::to_string(i)));
    }
    peer.send(all);
    const auto got = peer.messages();
    BOOST_REQUIRE_EQUAL(got.size(), count);
    BOOST_TEST(got.back().find("\"id\":" + std::to_string(count - 1)) != std::string::npos);
    BOOST_TEST(peer.turns() > 1U);  // since the answers are more than goes out at a time
    on.check_tidy();
}

BOOST_AUTO_TEST_CASE(batch_is_carried_out_in_turns) {
    stage on{framing::line, 1};
    std::string all = "[";
    for (int i = 0; i < 1000; ++i) {
        all += (i == 0 ? "" : ",") + call("emit", R"({"event":"a"})", std::to_string(i));
    }
    on.peers[0].send(on.peers[0].frame_of(all + "]"));
    BOOST_TEST(on.peers[0].messages().size() == 1U);
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(
    input_that_cant_be_read_is_answered_once_and_the_others_go_on, data::make(hookd::test::all_framings), kind) {
    using namespace std::string_view_literals;
    const std::string_view broken = kind == framing::length   ? "\0\0\0\0{}"sv
                                    : kind == framing::header ? "Content-Length: x\r\n\r\n{}"sv
                                                              : "GET / HTTP/1.1\r\n\r\n"sv;
    for (std::size_t cut = 0; cut < broken.size(); ++cut) {
        stage on{kind, 2};
        on.peers[1].send(on.peers[1].frame_of(observer));
        auto& peer = on.peers[0];
        if (kind != framing::line) {  // HTTP is only told where the stream begins
            peer.send(peer.frame_of(hook));
        }
        const auto before = peer.messages().size();
        peer.send(broken.substr(0, cut));
        peer.send(broken.substr(cut));
        BOOST_REQUIRE(peer.has_failed());
        BOOST_REQUIRE_EQUAL(peer.messages().size(), before + 1);
        BOOST_TEST(peer.messages().back().find("-32700") != std::string::npos);
        BOOST_TEST(peer.held_bytes() == 0U);
        on.peers[1].send(on.peers[1].frame_of(call("ping")));
        BOOST_TEST(on.peers[1].count_answers() == 2U);
        BOOST_TEST(on.fixture.broker->stats().protocol_errors == 1U);
        on.check_tidy();
    }
}

BOOST_AUTO_TEST_CASE(frame_that_has_begun_says_how_long_it_is) {
    stage on{framing::length, 2};
    memory_peer headers{on.fixture, {.kind = framing::header}};
    const auto frame = on.peers[0].frame_of(call("ping"));
    on.peers[0].send(frame.substr(0, 3));
    BOOST_TEST(on.peers[0].wanted_bytes() == 0U);
    on.peers[0].send(frame.substr(3, 2));
    BOOST_TEST(on.peers[0].wanted_bytes() == frame.size());
    headers.send("Content-Length: 4711\r\n\r\n");
    BOOST_TEST(headers.wanted_bytes() == 4711U);
}

BOOST_AUTO_TEST_CASE(line_without_its_end_is_reported_if_it_is_a_complete_text) {
    stage on{framing::line, 1};
    auto& peer = on.peers[0];
    const auto text = call("ping");
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
        peer.send(std::string_view{text}.substr(cut - 1, 1));
        BOOST_REQUIRE(peer.has_unended_line());
        const auto result =
            peer.rpc().reject_unended_line(input_copy{std::string_view{text}.substr(0, cut)}.as_input());
        BOOST_REQUIRE_EQUAL(result.consumed, 0U);
        BOOST_REQUIRE(result.unended_line);
    }
    peer.send(std::string_view{text}.substr(text.size() - 1));
    BOOST_TEST(peer.messages().empty());
    peer.reject_unended_line();
    BOOST_REQUIRE_EQUAL(peer.messages().size(), 1U);
    BOOST_TEST(peer.messages()[0].find("its line has not ended") != std::string::npos);
    BOOST_TEST(peer.held_bytes() == 0U);
    peer.send(text + "\n");
    BOOST_TEST(peer.messages().size() == 2U);
    on.check_tidy();
}

BOOST_AUTO_TEST_CASE(input_for_which_there_is_no_memory_is_an_error) {
    stage on{framing::length, 1};
    auto& peer = on.peers[0];
    peer.send(peer.frame_of(call("ping")).substr(0, 9));
    const auto result = peer.rpc().reject_large_input(4711);
    BOOST_TEST((result.state == input_state::failed));
    peer.on_ready();
    BOOST_REQUIRE_EQUAL(peer.messages().size(), 1U);
    BOOST_TEST(peer.messages()[0].find(R"({"limit":"memory","max":4711})") != std::string::npos);
    on.check_tidy();
}

// Only where that is most of the memory: an event is charged with all that it keeps.
BOOST_AUTO_TEST_CASE(large_event_keeps_the_memory_that_it_was_read_into) {
    stage on{framing::length, 1};
    const auto frame =
        on.peers[0].frame_of(call("emit", R"({"event":"a","payload":")" + std::string(1000, 'x') + R"("})"));
    for (const std::size_t capacity : {2 * frame.size(), frame.size()}) {
        const std::shared_ptr<char[]> memory{new char[capacity]};
        std::copy(frame.begin(), frame.end(), memory.get());
        const auto result = on.peers[0].rpc().receive({{memory.get(), frame.size()}, memory, capacity});
        BOOST_TEST(result.consumed == frame.size());
        BOOST_TEST(result.memory_is_shared == (capacity == frame.size()));
        BOOST_TEST((memory.use_count() == 1) == (capacity != frame.size()));
    }
    on.check_tidy();
}

// The same small events for several sessions that keep up.
BOOST_DATA_TEST_CASE(events_are_the_same_in_one_piece_and_in_many, data::make(hookd::test::all_framings), kind) {
    rpc_fixture fixture;
    std::deque<memory_peer> observers;
    for (const bool one_piece : {true, true, false}) {
        auto& each = observers.emplace_back(fixture, peer_options{.kind = kind, .one_piece = one_piece});
        each.send(each.frame_of(observer));
        each.stop_reading();
    }
    memory_peer emitter{fixture};
    for (int i = 0; i < 5; ++i) {
        emitter.send(emitter.frame_of(call("emit", R"({"event":"a","payload":{ "n": )" + std::to_string(i) + "\n}}")));
    }
    for (auto& each : observers) {
        each.read_on();
        BOOST_TEST(each.messages().size() == 6U);
        BOOST_TEST(each.messages()[5] == observers[0].messages()[5]);
    }
    for (auto& each : observers) {
        each.leave();
    }
    fixture.check_tidy();
}

BOOST_AUTO_TEST_CASE(subscriber_that_does_not_read_lags_and_is_told_so) {
    rpc_fixture fixture{{.limits = {.capacity = 4}}};
    memory_peer slow{fixture};
    memory_peer emitter{fixture};
    slow.send(slow.frame_of(hook));
    slow.stop_reading();
    std::string all;
    for (int i = 0; i < 6; ++i) {
        all += emitter.frame_of(call("emit", R"({"event":"git.push"})", std::to_string(i)));
    }
    emitter.send(all);
    BOOST_TEST(emitter.count_answers() == 6U);
    BOOST_TEST(emitter.turns() > 1U);  // it waits for the output of others as their queues fill up
    slow.read_on();
    BOOST_TEST(slow.messages().back().find(R"("reason":"lagged")") != std::string::npos);
    BOOST_TEST(!slow.rpc().is_owed_anything());
    slow.leave();
    emitter.leave();
    fixture.check_tidy();
}

// A verdict's large replies are moved to what goes out, alone and in a batch.
BOOST_DATA_TEST_CASE(large_replies_arrive_byte_for_byte,
    data::make(hookd::test::all_framings) * data::make({false, true}), kind, in_batch) {
    rpc_fixture fixture;
    memory_peer guard{fixture};
    memory_peer other{fixture};
    memory_peer emitter{fixture, {.kind = kind}};
    guard.send(guard.frame_of(call("subscribe", R"({"name":"guard"})")));
    other.send(other.frame_of(call("subscribe", R"({"name":"other"})")));
    const auto ask = call("emit_and_wait", R"({"event":"e","policy":"all","timeout_ms":60000})", "7");
    emitter.send(emitter.frame_of(in_batch ? "[" + call("ping") + "," + ask + "," + call("ping") + "]" : ask));
    const auto reply = [](const std::string& filler) { return R"({ "filler":")" + filler + "\"\r\n}"; };
    const auto first = reply(std::string(300'000, 'x'));
    const auto second = reply(std::string(70'000, 'y'));
    const auto respond_with = [](memory_peer& peer, const std::string& response) {
        peer.send(peer.frame_of(call(
            "respond", R"({"hook_event_id":")" + peer.last_event_id() + R"(","response":)" + response + "}", "2")));
    };
    respond_with(guard, first);
    respond_with(other, second);
    const auto as_sent = [kind](std::string text) {
        protocol::close_body(
            kind == framing::line ? protocol::framing::line : protocol::framing::length_prefix, text, 0);
        return text;
    };
    BOOST_REQUIRE_EQUAL(emitter.messages().size(), 1U);
    const auto message = emitter.messages()[0];
    BOOST_TEST(!base::find_json_fault(message));
    const auto at = message.find(R"("response":)" + as_sent(first) + R"(,"responder":"guard")");
    BOOST_TEST(at != std::string::npos);
    BOOST_TEST(message.find(R"("response":)" + as_sent(second) + R"(,"responder":"other")", at) != std::string::npos);
    BOOST_TEST(message.starts_with(in_batch ? "[" : R"({"jsonrpc":"2.0","id":7,)"));
}

// What is published faster than it is delivered waits, in its order; what publishes nothing does not.
BOOST_DATA_TEST_CASE(emits_wait_until_queues_have_been_delivered, data::make({false, true}), in_batch) {
    constexpr std::size_t emits = 40;
    rpc_fixture fixture{{.limits = {.capacity = 8}}};
    memory_peer reader{fixture};
    memory_peer emitter{fixture, {.kind = framing::line}};
    reader.send(reader.frame_of(observer));
    std::string all = in_batch ? "[" : "";
    for (std::size_t i = 0; i < emits; ++i) {
        auto each = call("emit", R"({"event":"a"})", std::to_string(i));
        all += in_batch ? each + (i + 1 < emits ? "," : "]") : emitter.frame_of(each);
    }
    emitter.send(in_batch ? emitter.frame_of(all) : all);
    BOOST_TEST(emitter.turns() >= emits / 4);
    BOOST_TEST(reader.messages().size() == 1 + emits);
    const auto answers = emitter.messages();
    BOOST_REQUIRE_EQUAL(answers.size(), in_batch ? 1U : emits);
    std::size_t at = 0;
    for (std::size_t i = 0; i < emits; ++i) {
        at = in_batch ? answers[0].find("\"id\":" + std::to_string(i) + ",", at) : 0;
        BOOST_REQUIRE(at != std::string::npos);
        if (!in_batch) {
            BOOST_TEST(answers[i].find("\"id\":" + std::to_string(i) + ",") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(no_batch_comes_before_the_last_one_is_written) {
    rpc_fixture fixture;
    memory_peer reader{fixture};
    memory_peer emitter{fixture};
    reader.send(reader.frame_of(observer));
    reader.stop_reading();
    const output_limits one{.events = 1, .event_bytes = 1, .notice_bytes = 1};
    emitter.send(
        emitter.frame_of(call("emit", R"({"event":"a"})")) + emitter.frame_of(call("emit", R"({"event":"b"})")));
    BOOST_TEST(reader.rpc().next_output(one).has_batch());
    BOOST_TEST(reader.rpc().next_output(one).empty());
    BOOST_TEST(reader.rpc().is_owed_anything());
    BOOST_TEST(fixture.broker->state().held().peeked_bytes > 0U);
    reader.rpc().written();
    BOOST_TEST(fixture.broker->state().held().peeked_bytes == 0U);
    BOOST_TEST(reader.rpc().next_output(one).has_batch());
    reader.rpc().stop_output();
    BOOST_TEST(!reader.rpc().is_owed_anything());
    BOOST_TEST(fixture.broker->state().held().peeked_bytes == 0U);
    reader.leave();
    emitter.leave();
    fixture.check_tidy();
}

// A hook that reads nothing any more has left for those who wait for it, and may still reply.
BOOST_AUTO_TEST_CASE(emitter_is_answered_once_the_hook_takes_no_output) {
    stage on{framing::length, 2};
    on.peers[1].send(on.peers[1].frame_of(hook));
    on.peers[0].send(on.peers[0].frame_of(emit_and_wait));
    BOOST_TEST(on.peers[0].count_answers() == 0U);
    on.peers[1].rpc().stop_output();
    on.fixture.broker->run_turn();
    BOOST_TEST(on.peers[0].count_answers() == 1U);
    on.check_tidy();
}

BOOST_AUTO_TEST_CASE(peer_without_the_role_is_refused) {
    rpc_fixture fixture;
    memory_peer named{fixture, {.who = {100, 70'001, true}, .may = {.emit = false, .observe = true, .answer = false}}};
    named.send(named.frame_of(call("emit", R"({"event":"a"})")) +
               named.frame_of(call("register_hook", R"({"name":"h","events":["a"],"command":["true"]})")) +
               named.frame_of(call("subscribe")));
    BOOST_REQUIRE_EQUAL(named.count_answers(), 3U);
    BOOST_TEST(named.messages()[0].find("for which it needs the role emit and has observe") != std::string::npos);
    BOOST_TEST(named.messages()[2].find("\"result\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::rpc::test
