// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// An event of the journal, handed to one responder once more.
namespace hookd::core::test {

namespace {

journalled_event old_event(std::uint64_t number = 7) {
    return {.hook_event_id = numbered_uuid(number), .seq = 3, .event = "push", .payload = "[1]", .timeout = 2s};
}

struct replaying_world : broker_fixture {
    std::string answer{};  ///< the result, or why there is none

    std::optional<protocol::error> refusal{};

    [[nodiscard]] deferred_handler taker() {
        return [this](const deferred_result& result) {
            BOOST_TEST(answer.empty());
            if (const auto* const failure = std::get_if<protocol::error>(&result)) {
                refusal = *failure;
            } else {
                answer = std::get<std::string>(result);
            }
        };
    }
    [[nodiscard]] std::uint64_t begin(client& emitter) {
        return std::get<std::uint64_t>(broker.begin_replay(emitter, "1", taker()));
    }
    /// The error at once, if there is one.
    std::optional<protocol::error> replay(
        client& emitter, std::string_view responder, const journalled_event& event = old_event()) {
        const auto begun = broker.begin_replay(emitter, "1", taker());
        if (const auto* const failure = std::get_if<protocol::error>(&begun)) {
            return *failure;
        }
        broker.replay(std::get<std::uint64_t>(begun), responder, event, now);
        return std::exchange(refusal, std::nullopt);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(replays)

BOOST_AUTO_TEST_CASE(the_responder_gets_it_as_it_was_and_its_reply_is_the_result) {
    replaying_world fixture;
    client& guard = fixture.subscriber({"other"}, {.name = "guard"});
    client& bystander = fixture.subscriber({"push"}, {.name = "bystander"});
    BOOST_TEST(!fixture.replay(fixture.join(), "guard"));
    const auto got = fixture.receive_one(guard);
    BOOST_CHECK_EQUAL(got.id, text_of(numbered_uuid(7)));
    BOOST_TEST(got.seq == 3u);
    BOOST_CHECK_EQUAL(got.name, "push");
    BOOST_CHECK_EQUAL(got.payload, "[1]");
    BOOST_TEST(got.expects_response);
    fixture.advance(4ms);
    BOOST_CHECK_EQUAL(fixture.reply(guard, got.id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(fixture.answer, R"({"response":{"abort":"no"},"elapsed_ms":4})");
    BOOST_CHECK_EQUAL(fixture.receive_names(bystander), "");
    BOOST_CHECK_EQUAL(fixture.reply(guard, got.id), refusal::unknown);
}

BOOST_AUTO_TEST_CASE(it_decides_nothing_and_is_counted_nowhere) {
    replaying_world fixture;
    client& guard = fixture.subscriber({}, {.name = "guard"});
    BOOST_TEST(!fixture.replay(fixture.join(), "guard"));
    fixture.reply(guard, fixture.receive_one(guard).id, R"({"abort":"no"})");
    const auto stats = fixture.stats();
    BOOST_TEST(stats.vetoed + stats.proceeded + stats.failed_closed == 0u);
    BOOST_TEST(stats.head_seq == 0u);
    BOOST_TEST(stats.retained_events == 0u);
    BOOST_TEST(stats.hooks.at(0).asked == 0u);
    BOOST_TEST(stats.hooks.at(0).vetoed == 0u);
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(one_that_fails_abstains_or_says_nothing_has_that_as_its_result) {
    struct row {
        void (*act)(replaying_world&, client&, const std::string&);
        std::string result;
    };
    const row rows[] = {
        {[](replaying_world& fixture, client& by, const std::string& id) { fixture.fail(by, id, "broke"); },
            R"({"failed":"broke","elapsed_ms":0})"},
        {[](replaying_world& fixture, client& by, const std::string& id) { fixture.abstain(by, id); },
            R"({"elapsed_ms":0})"},
        {[](replaying_world& fixture, client&, const std::string&) { fixture.pass(2s); },
            R"({"failed":"timeout","elapsed_ms":2000})"},
        {[](replaying_world& fixture, client& by, const std::string&) { fixture.leave(by); },
            R"({"failed":"left","elapsed_ms":0})"},
        {[](replaying_world& fixture, client& by, const std::string&) { fixture.unsubscribe(by); },
            R"({"failed":"left","elapsed_ms":0})"},
        {[](replaying_world& fixture, client& by, const std::string&) { fixture.half_close(by); },
            R"({"failed":"left","elapsed_ms":0})"},
        {[](replaying_world& fixture, client&, const std::string&) { fixture.shut_down(); },
            R"({"failed":"shutdown","elapsed_ms":0})"},
    };
    for (const auto& each : rows) {
        replaying_world fixture;
        client& guard = fixture.subscriber({}, {.name = "guard"});
        BOOST_TEST(!fixture.replay(fixture.join(), "guard"));
        each.act(fixture, guard, fixture.receive_one(guard).id);
        BOOST_CHECK_EQUAL(fixture.answer, each.result);
    }
}

BOOST_AUTO_TEST_CASE(a_command_is_stopped_when_its_time_is_over_or_nobody_wants_to_know) {
    for (const bool expires : {true, false}) {
        replaying_world fixture;
        client& guard = fixture.subscriber({}, {.name = "guard", .cancellations = true});
        client& by = fixture.join();
        BOOST_TEST(!fixture.replay(by, "guard"));
        (void)fixture.receive(guard);
        if (expires) {
            fixture.pass(2s);
        } else {
            fixture.leave(by);
            BOOST_CHECK_EQUAL(fixture.answer, "");
        }
        BOOST_CHECK_EQUAL(fixture.receive_notices(guard), expires ? "cancelled expired" : "cancelled cancelled");
    }
}

BOOST_AUTO_TEST_CASE(its_request_can_be_cancelled) {
    replaying_world fixture;
    client& guard = fixture.subscriber({}, {.name = "guard", .cancellations = true});
    client& emitter = fixture.join();
    client& other = fixture.join();
    BOOST_TEST(!fixture.replay(emitter, "guard"));
    const auto id = fixture.receive_one(guard).id;
    fixture.broker.cancel(other, "1", fixture.now);
    fixture.broker.cancel(emitter, "2", fixture.now);
    BOOST_TEST(!fixture.refusal);
    fixture.broker.cancel(emitter, "1", fixture.now);
    BOOST_TEST((fixture.refusal.value().code == errc::cancelled));
    BOOST_CHECK_EQUAL(fixture.receive_notices(guard), "cancelled cancelled");
    BOOST_CHECK_EQUAL(fixture.reply(guard, id), refusal::unknown);
    BOOST_CHECK_EQUAL(fixture.answer, "");
}

BOOST_AUTO_TEST_CASE(it_can_be_cancelled_before_its_event_was_found) {
    for (const bool is_cancelled : {true, false}) {
        replaying_world fixture;
        client& guard = fixture.subscriber({}, {.name = "guard", .cancellations = true});
        client& emitter = fixture.join();
        const auto number = fixture.begin(emitter);
        if (is_cancelled) {
            fixture.broker.cancel(emitter, "1", fixture.now);
        } else {
            fixture.leave(emitter);
        }
        BOOST_TEST(fixture.refusal.has_value() == is_cancelled);
        fixture.broker.replay(number, "guard", old_event(), fixture.now);
        BOOST_CHECK_EQUAL(fixture.receive_names(guard), "");
        BOOST_CHECK_EQUAL(fixture.receive_notices(guard), "");
        BOOST_TEST(fixture.refusal.has_value() == is_cancelled);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_replayed_is_refused_with_what_is_wrong) {
    replaying_world fixture;
    client& by = fixture.join();
    BOOST_TEST(fixture.replay(by, "nobody").value().message.find("no responder 'nobody'") != std::string::npos);
    (void)fixture.subscriber({}, {.name = "observer", .responds = false});
    BOOST_TEST(fixture.replay(by, "observer").has_value());
    (void)fixture.subscriber({}, {.name = "guard"});
    BOOST_TEST(!fixture.replay(by, "guard"));
    BOOST_TEST(fixture.replay(by, "guard").value().message.find("still") != std::string::npos);
    wait& asked = fixture.emit_and_wait(by, "a");
    (void)asked;
}

BOOST_AUTO_TEST_CASE(there_is_a_bound_on_them) {
    replaying_world fixture;
    client& by = fixture.join();
    (void)fixture.subscriber({}, {.name = "guard"});
    for (std::uint64_t i = 0; i < replay_table::most; ++i) {
        BOOST_TEST(!fixture.replay(by, "guard", old_event(i)));
    }
    BOOST_CHECK_EQUAL(limit_of(fixture.replay(by, "guard", old_event(replay_table::most)).value()), "replays");
}

BOOST_AUTO_TEST_CASE(a_real_question_is_answered_beside_a_replay) {
    replaying_world fixture;
    client& guard = fixture.subscriber({}, {.name = "guard"});
    BOOST_TEST(!fixture.replay(fixture.join(), "guard"));
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    const auto events = fixture.receive(guard);
    BOOST_REQUIRE(events.size() == 2u);
    fixture.reply(guard, events[1].id, R"({"x":1})");
    BOOST_CHECK_EQUAL(asked.responses(), R"({"x":1} by guard)");
    fixture.reply(guard, events[0].id, R"({"x":2})");
    BOOST_CHECK_EQUAL(fixture.answer, R"({"response":{"x":2},"elapsed_ms":0})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
