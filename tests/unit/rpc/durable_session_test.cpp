// SPDX-License-Identifier: BSL-1.0
#include "rpc_fixture.hpp"
#include "unit/core/memory_log.hpp"

#include <string>
#include <string_view>

// What a peer of a daemon with --durable is told, and when.
namespace hookd::server::rpc::test {
namespace {

struct durable_peers {
    explicit durable_peers(const fixture_options& options = {}) : all(options) {
        all.broker->state().make_durable(log, {}, all.broker->now());
    }
    void commit() {
        all.broker->state().committed(log.commit(), all.broker->now());
        all.broker->run_turn();
    }
    void lose() {
        log.lose();
        all.broker->state().lost("no space left on device", all.broker->now());
        all.broker->run_turn();
    }
    void request(memory_peer& peer, std::string_view id, std::string_view method, std::string_view params) {
        peer.send(peer.frame_of(R"({"jsonrpc":"2.0","id":)" + std::string{id} + R"(,"method":")" + std::string{method} +
                                R"(","params":)" + std::string{params} + "}"));
    }
    [[nodiscard]] static std::string last(const memory_peer& peer) {
        const auto all_of_it = peer.messages();
        return all_of_it.empty() ? std::string{} : all_of_it.back();
    }

    core::test::memory_log log{};
    rpc_fixture all;
    memory_peer emitter{all};
    memory_peer other{all};
};

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_sessions)

BOOST_AUTO_TEST_CASE(emit_is_answered_after_its_commit_and_a_ping_at_once) {
    durable_peers setup;
    setup.request(setup.emitter, "1", "emit", R"({"event":"e"})");
    BOOST_CHECK_EQUAL(setup.emitter.count_answers(), 0U);
    BOOST_CHECK(setup.emitter.rpc().is_owed_anything());
    setup.request(setup.emitter, "2", "ping", "{}");
    BOOST_CHECK(says(setup.last(setup.emitter), R"("id":2)"));
    setup.commit();
    BOOST_CHECK(says(setup.last(setup.emitter), R"("id":1)"));
    BOOST_CHECK(!setup.emitter.rpc().is_owed_anything());
}

BOOST_AUTO_TEST_CASE(subscribe_is_answered_after_the_commit_of_earlier_events_and_before_later_ones) {
    durable_peers setup;
    setup.request(setup.emitter, "1", "emit", R"({"event":"before"})");
    setup.request(setup.other, "2", "subscribe", "{}");
    setup.request(setup.emitter, "3", "emit", R"({"event":"behind"})");
    BOOST_CHECK(setup.other.messages().empty());
    setup.commit();
    const auto messages = setup.other.messages();
    BOOST_REQUIRE_EQUAL(messages.size(), 2U);
    BOOST_CHECK(says(messages[0], R"("head_seq":1)"));
    BOOST_CHECK(says(messages[1], R"("event":"behind")"));
}

BOOST_AUTO_TEST_CASE(head_that_was_lost_is_not_reported) {
    durable_peers setup;
    setup.request(setup.emitter, "1", "emit", R"({"event":"lost"})");
    setup.request(setup.other, "2", "subscribe", "{}");
    setup.lose();
    BOOST_CHECK(says(setup.last(setup.emitter), R"("limit":"journal")"));
    BOOST_CHECK(says(setup.last(setup.other), R"("head_seq":0)"));
    setup.request(setup.emitter, "3", "emit", R"({"event":"next"})");
    setup.commit();
    BOOST_CHECK(says(setup.last(setup.other), R"("seq":1,)"));
}

BOOST_AUTO_TEST_CASE(reply_to_a_reservation_is_accepted_after_its_commit) {
    durable_peers setup;
    setup.request(setup.other, "1", "subscribe", "{}");
    setup.request(setup.emitter, "1", "emit", R"({"event":"e","reserve_ms":1000})");
    setup.commit();
    const auto reply = R"({"hook_event_id":")" + setup.other.last_event_id() + R"(","response":{}})";
    setup.request(setup.other, "2", "respond", reply);
    BOOST_CHECK(!says(setup.last(setup.other), R"("id":2)"));
    setup.commit();
    BOOST_CHECK(says(setup.last(setup.other), R"("accepted":true)"));
}

BOOST_AUTO_TEST_CASE(reply_to_a_plain_wait_needs_no_commit) {
    durable_peers setup;
    setup.request(setup.other, "1", "subscribe", "{}");
    setup.request(setup.emitter, "1", "emit_and_wait", R"({"event":"e"})");
    setup.commit();
    setup.request(setup.other, "2", "respond", R"({"hook_event_id":")" + setup.other.last_event_id() + "\"}");
    BOOST_CHECK(says(setup.last(setup.other), R"("accepted":true)"));
    BOOST_CHECK(says(setup.last(setup.emitter), R"("outcome":"answered")"));
}

BOOST_AUTO_TEST_CASE(part_of_a_batch_is_waited_for) {
    durable_peers setup;
    setup.emitter.send(setup.emitter.frame_of(
        R"([{"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e"}},{"jsonrpc":"2.0","id":2,"method":"ping"}])"));
    BOOST_CHECK(setup.emitter.messages().empty());
    setup.commit();
    BOOST_CHECK(says(setup.last(setup.emitter), R"([{"jsonrpc":"2.0","id":1)"));
}

BOOST_AUTO_TEST_CASE(peer_that_leaves_is_forgotten_with_its_answers) {
    durable_peers setup;
    setup.request(setup.emitter, "1", "emit", R"({"event":"e"})");
    setup.request(setup.emitter, "2", "emit_and_wait", R"({"event":"e"})");
    setup.emitter.leave();
    setup.commit();
    setup.all.check_tidy();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::rpc::test
