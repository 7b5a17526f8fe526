// SPDX-License-Identifier: BSL-1.0
#include "rpc_fixture.hpp"
#include "support/text.hpp"

#include <algorithm>

// Messages that are so long that to read them would keep others waiting: a thread reads them, and the rest of the
// peer's input waits for it; other peers do not.
namespace hookd::server::rpc::test {
namespace {

constexpr std::size_t longest = long_message::most_bytes_in_a_turn;

using hookd::test::mentions;

const std::string short_request = R"({"jsonrpc":"2.0","id":5,"method":"ping"})";

/// An `emit` of about `bytes` bytes.
std::string long_emit(std::size_t bytes, std::string_view end = "\"}}") {
    return R"({"jsonrpc":"2.0","id":7,"method":"emit","params":{"event":"e","payload":")" + std::string(bytes, 'x') +
           std::string{end};
}

struct two_peers {
    /// Gives what `peer` sends to its session once, as a turn does.
    received give(memory_peer& peer, const std::string& bytes) {
        return peer.rpc().receive(input_copy{bytes}.as_input());
    }

    rpc_fixture all{};
    memory_peer emitter{all};
    memory_peer other{all};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(long_messages)

BOOST_AUTO_TEST_CASE(others_have_their_turn_before_a_long_message_is_carried_out) {
    two_peers setup;
    const auto first = setup.give(setup.emitter, setup.emitter.frame_of(long_emit(longest)));
    BOOST_CHECK(first.state == input_state::held_up);
    setup.other.send(setup.other.frame_of(short_request));
    BOOST_TEST(setup.other.messages().size() == 1U);
    BOOST_TEST(setup.all.broker->stats().head_seq == 0U);
    setup.emitter.send("");  // again and again, until it is over
    BOOST_REQUIRE_EQUAL(setup.emitter.messages().size(), 1U);
    BOOST_TEST(mentions(setup.emitter.messages()[0], R"("seq":1)"));
    setup.all.check_tidy();
}

BOOST_AUTO_TEST_CASE(one_that_is_short_enough_is_carried_out_at_once) {
    two_peers setup;
    const auto empty = long_emit(0).size();
    for (const std::size_t bytes : {longest - 1, longest}) {
        const auto body = long_emit(bytes - empty);
        BOOST_REQUIRE_EQUAL(body.size(), bytes);
        BOOST_CHECK(setup.give(setup.emitter, setup.emitter.frame_of(body)).state != input_state::held_up);
    }
    BOOST_TEST(setup.all.broker->stats().head_seq == 2U);
    BOOST_CHECK(setup.give(setup.emitter, setup.emitter.frame_of(long_emit(longest + 1 - empty))).state ==
                input_state::held_up);
    setup.emitter.send("");
    BOOST_TEST(setup.all.broker->stats().head_seq == 3U);
}

BOOST_AUTO_TEST_CASE(what_comes_after_it_waits_and_keeps_its_order) {
    two_peers setup;
    setup.emitter.send(setup.emitter.frame_of(long_emit(longest)) + setup.emitter.frame_of(short_request) +
                       setup.emitter.frame_of(long_emit(longest, "\"")) + setup.emitter.frame_of(short_request));
    const auto all = setup.emitter.messages();
    BOOST_REQUIRE_EQUAL(all.size(), 4U);
    BOOST_TEST(mentions(all[0], R"("id":7,"result")"));
    BOOST_TEST(mentions(all[1], R"("id":5,"result")"));
    BOOST_TEST(mentions(all[2], "-32700"));
    BOOST_TEST(mentions(all[3], R"("id":5,"result")"));
    setup.all.check_tidy();
}

BOOST_AUTO_TEST_CASE(long_elements_of_a_batch_are_read_like_it) {
    two_peers setup;
    setup.emitter.send(
        setup.emitter.frame_of("[" + short_request + "," + long_emit(longest) + ",1," + long_emit(longest) + "]"));
    const auto all = setup.emitter.messages();
    BOOST_REQUIRE_EQUAL(all.size(), 1U);
    BOOST_TEST(mentions(all[0], R"("seq":1)"));
    BOOST_TEST(mentions(all[0], R"("seq":2)"));
    BOOST_TEST(mentions(all[0], "-32600"));
    BOOST_TEST(setup.all.broker->stats().head_seq == 2U);
    setup.all.check_tidy();
}

BOOST_AUTO_TEST_CASE(peer_that_leaves_meanwhile_leaves_nothing) {
    for (int i = 0; i < 20; ++i) {
        two_peers setup;
        BOOST_CHECK(
            setup.give(setup.emitter, setup.emitter.frame_of(long_emit(longest))).state == input_state::held_up);
        setup.emitter.leave();
        BOOST_TEST(setup.all.broker->stats().head_seq == 0U);
        setup.all.check_tidy();
    }
}

BOOST_AUTO_TEST_CASE(long_line_without_its_end_is_looked_at_like_it) {
    rpc_fixture all;
    memory_peer peer{all, {.kind = framing::line}};
    const auto text = long_emit(longest);
    peer.send(std::string_view{text}.substr(0, text.size() - 1));
    BOOST_TEST(peer.has_unended_line());
    peer.reject_unended_line();
    peer.send("");
    BOOST_TEST(peer.messages().empty());
    BOOST_TEST(peer.has_unended_line());
    peer.send(std::string_view{text}.substr(text.size() - 1));
    peer.reject_unended_line();
    peer.send("");
    BOOST_REQUIRE_EQUAL(peer.messages().size(), 1U);
    BOOST_TEST(mentions(peer.messages()[0], "its line has not ended"));
    BOOST_TEST(peer.held_bytes() == 0U);
    all.check_tidy();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::rpc::test
