// SPDX-License-Identifier: BSL-1.0
#include "rpc_fixture.hpp"
#include "slow_catalog.hpp"

#include <deque>

// A schema's check that takes longer than a turn: it is carried on elsewhere, and the rest of the peer's input waits
// for it; other peers do not.
namespace hookd::server::rpc::test {
namespace {

/// A broker with that catalog, and a peer whose input is given to its session once, as a turn does.
struct fixture {
    fixture() { all.broker->use(events); }
    ~fixture() { events->release(); }

    input_state give(memory_peer& to, const std::string& bytes) {
        const auto done = to.rpc().receive(input_copy{bytes}.as_input());
        BOOST_CHECK_EQUAL(done.consumed, bytes.size());
        return done.state;
    }

    std::shared_ptr<slow_catalog> events = std::make_shared<slow_catalog>();
    rpc_fixture all{};
    memory_peer emitter{all};
    memory_peer other{all};
};

std::string emit(std::string_view payload, std::string_view id = "1") {
    return R"({"jsonrpc":"2.0","id":)" + std::string{id} + R"(,"method":"emit","params":{"event":"e","payload":)" +
           std::string{payload} + "}}";
}

const std::string ping = R"({"jsonrpc":"2.0","id":5,"method":"ping"})";

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_checks)

BOOST_AUTO_TEST_CASE(check_that_no_thread_has_begun_keeps_no_memory_when_its_peer_leaves) {
    fixture setup;
    std::deque<memory_peer> busy;
    for (std::size_t i = 0; i < check_threads::most_threads; ++i) {
        auto& peer = busy.emplace_back(setup.all);
        BOOST_CHECK(setup.give(peer, peer.frame_of(emit(R"({"slow":1})"))) == input_state::held_up);
    }
    setup.events->wait_until_they_run(static_cast<int>(check_threads::most_threads));
    const input_copy waiting{setup.emitter.frame_of(emit(R"({"slow":2})"))};
    BOOST_CHECK(setup.emitter.rpc().receive(waiting.as_input()).state == input_state::held_up);
    BOOST_TEST(waiting.memory.use_count() > 1);
    setup.emitter.leave();
    BOOST_TEST(waiting.memory.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(others_are_answered_while_a_check_goes_on) {
    fixture setup;
    BOOST_CHECK(setup.give(setup.emitter, setup.emitter.frame_of(emit(R"({"slow":1})"))) == input_state::held_up);
    for (int i = 0; i < 3; ++i) {
        setup.other.send(setup.other.frame_of(ping));
        BOOST_CHECK(setup.give(setup.emitter, "") == input_state::held_up);
    }
    BOOST_CHECK_EQUAL(setup.other.count_answers(), 3U);
    BOOST_CHECK_EQUAL(setup.emitter.count_answers(), 0U);
    setup.other.send(
        setup.other.frame_of(emit("{}", "6")));  // nor does it take the number of an event before it is over
    BOOST_CHECK(has(setup.other.messages().back(), R"("seq":1)"));
    setup.events->release();
    setup.emitter.send("");
    BOOST_CHECK_EQUAL(setup.emitter.count_answers(), 1U);
    BOOST_CHECK(has(setup.emitter.messages().back(), R"("seq":2)"));
}

BOOST_AUTO_TEST_CASE(what_the_check_finds_is_answered) {
    fixture setup;
    (void)setup.give(setup.emitter, setup.emitter.frame_of(emit(R"({"slow":"wrong"})")));
    setup.events->release();
    setup.emitter.send("");
    BOOST_CHECK(has(setup.emitter.messages().back(), "-32004"));
    setup.emitter.send(setup.emitter.frame_of(emit(R"({"x":"wrong"})")));
    BOOST_CHECK(has(setup.emitter.messages().back(), "-32004"));
    BOOST_CHECK_EQUAL(setup.all.broker->state().stats(setup.all.broker->now()).head_seq, 0U);
}

BOOST_AUTO_TEST_CASE(requests_behind_it_wait_in_their_order) {
    fixture setup;
    const std::string both = setup.emitter.frame_of(emit(R"({"slow":1})", "1"));
    BOOST_CHECK(setup.give(setup.emitter, both) == input_state::held_up);
    setup.events->release();
    setup.emitter.send(setup.emitter.frame_of("[" + emit(R"({"slow":2})", "2") + "," + emit("{}", "3") + "]"));
    const auto messages = setup.emitter.messages();
    BOOST_REQUIRE_EQUAL(messages.size(), 2U);
    BOOST_CHECK(has(messages[0], R"("id":1)") && has(messages[0], R"("seq":1)"));
    BOOST_CHECK(has(messages[1], R"([{"jsonrpc":"2.0","id":2)"));
    BOOST_CHECK(messages[1].find(R"("seq":2)") < messages[1].find(R"("seq":3)"));
}

BOOST_AUTO_TEST_CASE(short_check_is_made_once) {
    fixture setup;
    setup.emitter.send(setup.emitter.frame_of(emit("{}")));
    BOOST_CHECK_EQUAL(setup.events->checks(), 1);
}

BOOST_AUTO_TEST_CASE(peer_that_leaves_gives_its_check_up) {
    fixture setup;
    (void)setup.give(setup.emitter, setup.emitter.frame_of(emit(R"({"slow":1})")));
    setup.events->wait_until_they_run(1);
    setup.emitter.leave();
    setup.events->wait_until_given_up();
    BOOST_CHECK_EQUAL(setup.all.broker->state().stats(setup.all.broker->now()).head_seq, 0U);
}

BOOST_AUTO_TEST_CASE(long_reply_and_the_payload_that_it_puts_in_place_are_checked_elsewhere) {
    fixture setup;
    setup.other.send(setup.other.frame_of(R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"name":"hook"}})"));
    setup.emitter.send(setup.emitter.frame_of(
        R"({"jsonrpc":"2.0","id":2,"method":"emit_and_wait","params":{"event":"e","policy":"chain"}})"));
    const auto reply = R"({"jsonrpc":"2.0","id":3,"method":"respond","params":{"hook_event_id":")" +
                       setup.other.last_event_id() + R"(","response":{"payload":{"slow":1}}}})";
    BOOST_CHECK(setup.give(setup.other, setup.other.frame_of(reply)) == input_state::held_up);
    setup.emitter.send(setup.emitter.frame_of(ping));
    BOOST_CHECK(has(setup.emitter.messages().back(), R"("id":5)"));
    setup.events->release();
    setup.other.send("");
    BOOST_CHECK(has(setup.emitter.messages().back(), R"("payload":{"slow":1})"));
}

BOOST_AUTO_TEST_CASE(what_is_only_tried_is_checked_elsewhere_too) {
    fixture setup;
    const std::string trial =
        R"({"jsonrpc":"2.0","id":1,"method":"get_hook_event_schema","params":{"event":"e","payload":{"slow":"wrong"}}})";
    BOOST_CHECK(setup.give(setup.emitter, setup.emitter.frame_of(trial)) == input_state::held_up);
    setup.events->release();
    setup.emitter.send("");
    BOOST_CHECK(has(setup.emitter.messages().back(), "-32004"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::rpc::test
