#include "broker_fixture.hpp"

// An event of the journal, handed to one responder once more.
namespace hookd::core::test {

namespace {

journalled_event old_event(std::uint64_t number = 7) {
    return {.hook_event_id = numbered_uuid(number), .seq = 3, .event = "push", .payload = "[1]", .timeout = 2s};
}

struct replaying_world : world {
    std::string answer{};  ///< the result, or why there is none

    [[nodiscard]] late_answer taker() {
        return [this](const late_result& result) {
            BOOST_TEST(answer.empty());
            const auto* const failure = std::get_if<protocol::error>(&result);
            answer = failure != nullptr ? failure->message : std::get<std::string>(result);
        };
    }
    std::optional<protocol::error> replay(client& by, std::string_view to, const journalled_event& what = old_event()) {
        return broker.replay(by, to, what, taker(), now);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(replays)

BOOST_AUTO_TEST_CASE(the_responder_gets_it_as_it_was_and_its_reply_is_the_result) {
    replaying_world w;
    client& guard = w.subscriber({"other"}, {.name = "guard"});
    client& bystander = w.subscriber({"push"}, {.name = "bystander"});
    BOOST_TEST(!w.replay(w.join(), "guard"));
    const auto got = w.receive_one(guard);
    BOOST_CHECK_EQUAL(got.id, text_of(numbered_uuid(7)));
    BOOST_TEST(got.seq == 3u);
    BOOST_CHECK_EQUAL(got.name, "push");
    BOOST_CHECK_EQUAL(got.payload, "[1]");
    BOOST_TEST(got.expects_response);
    w.advance(4ms);
    BOOST_CHECK_EQUAL(w.reply(guard, got.id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(w.answer, R"({"response":{"abort":"no"},"elapsed_ms":4})");
    BOOST_CHECK_EQUAL(w.receive_names(bystander), "");
    BOOST_CHECK_EQUAL(w.reply(guard, got.id), refusal::unknown);
}

BOOST_AUTO_TEST_CASE(it_decides_nothing_and_is_counted_nowhere) {
    replaying_world w;
    client& guard = w.subscriber({}, {.name = "guard"});
    BOOST_TEST(!w.replay(w.join(), "guard"));
    w.reply(guard, w.receive_one(guard).id, R"({"abort":"no"})");
    const auto stats = w.stats();
    BOOST_TEST(stats.vetoed + stats.proceeded + stats.failed_closed == 0u);
    BOOST_TEST(stats.head_seq == 0u);
    BOOST_TEST(stats.retained_events == 0u);
    BOOST_TEST(stats.hooks.at(0).asked == 0u);
    BOOST_TEST(stats.hooks.at(0).vetoed == 0u);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(one_that_fails_abstains_or_says_nothing_has_that_as_its_result) {
    struct row {
        void (*act)(replaying_world&, client&, const std::string&);
        std::string result;
    };
    const row rows[] = {
        {[](replaying_world& w, client& by, const std::string& id) { w.fail(by, id, "broke"); },
            R"({"failed":"broke","elapsed_ms":0})"},
        {[](replaying_world& w, client& by, const std::string& id) { w.abstain(by, id); }, R"({"elapsed_ms":0})"},
        {[](replaying_world& w, client&, const std::string&) { w.pass(2s); },
            R"({"failed":"timeout","elapsed_ms":2000})"},
        {[](replaying_world& w, client& by, const std::string&) { w.leave(by); },
            R"({"failed":"left","elapsed_ms":0})"},
        {[](replaying_world& w, client& by, const std::string&) { w.unsubscribe(by); },
            R"({"failed":"left","elapsed_ms":0})"},
        {[](replaying_world& w, client& by, const std::string&) { w.hang_up(by); },
            R"({"failed":"left","elapsed_ms":0})"},
        {[](replaying_world& w, client&, const std::string&) { w.shut_down(); },
            R"({"failed":"shutdown","elapsed_ms":0})"},
    };
    for (const auto& each : rows) {
        replaying_world w;
        client& guard = w.subscriber({}, {.name = "guard"});
        BOOST_TEST(!w.replay(w.join(), "guard"));
        each.act(w, guard, w.receive_one(guard).id);
        BOOST_CHECK_EQUAL(w.answer, each.result);
    }
}

BOOST_AUTO_TEST_CASE(a_command_is_stopped_when_its_time_is_over_or_nobody_wants_to_know) {
    for (const bool expires : {true, false}) {
        replaying_world w;
        client& guard = w.subscriber({}, {.name = "guard", .cancellations = true});
        client& by = w.join();
        BOOST_TEST(!w.replay(by, "guard"));
        (void)w.receive(guard);
        if (expires) {
            w.pass(2s);
        } else {
            w.leave(by);
            BOOST_CHECK_EQUAL(w.answer, "");
        }
        BOOST_CHECK_EQUAL(w.receive_notices(guard), expires ? "cancelled expired" : "cancelled cancelled");
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_replayed_is_refused_with_what_is_wrong) {
    replaying_world w;
    client& by = w.join();
    BOOST_TEST(w.replay(by, "nobody").value().message.find("no responder 'nobody'") != std::string::npos);
    (void)w.subscriber({}, {.name = "observer", .responds = false});
    BOOST_TEST(w.replay(by, "observer").has_value());
    (void)w.subscriber({}, {.name = "guard"});
    BOOST_TEST(!w.replay(by, "guard"));
    BOOST_TEST(w.replay(by, "guard").value().message.find("still") != std::string::npos);
    wait& asked = w.emit_and_wait(by, "a");
    (void)asked;
}

BOOST_AUTO_TEST_CASE(there_is_a_bound_on_them) {
    replaying_world w;
    client& by = w.join();
    (void)w.subscriber({}, {.name = "guard"});
    for (std::uint64_t i = 0; i < replay_table::most; ++i) {
        BOOST_TEST(!w.replay(by, "guard", old_event(i)));
    }
    BOOST_CHECK_EQUAL(limit_of(w.replay(by, "guard", old_event(replay_table::most)).value()), "replays");
}

BOOST_AUTO_TEST_CASE(a_real_question_is_answered_beside_a_replay) {
    replaying_world w;
    client& guard = w.subscriber({}, {.name = "guard"});
    BOOST_TEST(!w.replay(w.join(), "guard"));
    wait& asked = w.emit_and_wait(w.join(), "a");
    const auto events = w.receive(guard);
    BOOST_REQUIRE(events.size() == 2u);
    w.reply(guard, events[1].id, R"({"x":1})");
    BOOST_CHECK_EQUAL(asked.responses(), R"({"x":1} by guard)");
    w.reply(guard, events[0].id, R"({"x":2})");
    BOOST_CHECK_EQUAL(w.answer, R"({"response":{"x":2},"elapsed_ms":0})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
