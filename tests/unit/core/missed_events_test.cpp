// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Resuming with events that only a journal still has: in these tests, the list `journal`.
namespace hookd::core::test {
namespace {

struct journalled_world : broker_fixture {
    explicit journalled_world(broker_limits limits = {.capacity = 3}) : broker_fixture(limits) {}

    std::vector<journalled_event> journal{};
    std::size_t events_at_once = 2;

    void tell(const std::string& name, const std::string& payload = "{}",
        std::optional<std::chrono::milliseconds> reserve = {}) {
        const auto told = emit(join(), name, {.payload = payload, .reserve = reserve});
        journal.push_back({.hook_event_id = told.hook_event_id,
            .seq = told.seq,
            .event = name,
            .payload = payload,
            .timeout = reserve});
    }
    /// As a service does: what the broker lacks is looked up in the journal first.
    std::variant<protocol::subscribe_result, protocol::error> resume(
        client& hook, const std::vector<std::string>& patterns, const session_options& options) {
        const auto params = params_of(patterns, options);
        missed_events missed;
        while (broker.needs_journal(hook, params, missed)) {
            std::vector<journalled_event> found;
            const auto after_seq = std::max(*options.after_seq, missed.through_seq);
            for (const auto& each : journal) {
                const bool is_next = each.seq == after_seq + found.size() + 1;
                if (is_next && each.seq < broker.oldest_retained_seq() && found.size() < events_at_once) {
                    found.push_back(each);
                }
            }
            broker.collect_missed(hook, params, std::move(found), missed);
        }
        auto result = broker.subscribe(hook, params, now, missed);
        collect();
        return result;
    }
    /// What a session that resumes gets, and how it ends: `1:a 2:b`, `1:a lagged after 1`; `refused` where it may not.
    std::string resumed(client& hook, const std::vector<std::string>& patterns, const session_options& options) {
        const auto result = resume(hook, patterns, options);
        if (const auto* const failure = std::get_if<protocol::error>(&result)) {
            BOOST_CHECK_EQUAL(failure->code, errc::resume_impossible);
            return "refused";
        }
        BOOST_CHECK(std::get<protocol::subscribe_result>(result).resumed);
        const auto names = receive_names(hook);
        const auto ended = take_ended(hook);
        return ended.empty() ? names : names + " " + ended;
    }
    std::string resumed(const std::vector<std::string>& patterns, const session_options& options) {
        return resumed(join(), patterns, options);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(missed)

BOOST_AUTO_TEST_CASE(what_the_journal_holds_comes_before_what_is_retained) {
    journalled_world world{{.capacity = 3}};
    for (const auto* const name : {"a", "b", "b", "a", "b", "b", "a"}) {
        world.tell(name);
    }
    BOOST_REQUIRE_EQUAL(world.broker.oldest_retained_seq(), 5U);
    client& hook = world.join();
    BOOST_CHECK_EQUAL(world.resumed(hook, {"a"}, {.after_seq = 0}), "1:a 4:a 7:a");
    world.tell("a");
    BOOST_CHECK_EQUAL(world.receive_names(hook), "8:a");
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.after_seq = 1}), "4:a 7:a 8:a");
}

BOOST_AUTO_TEST_CASE(events_out_of_the_journal_are_as_they_were) {
    journalled_world world{{.capacity = 1}};
    world.journal.push_back({.hook_event_id = numbered_uuid(9),
        .seq = 1,
        .event = "asked",
        .payload = R"({"n":1})",
        .cause = "c",
        .emitted_at = world.now.wall,
        .timeout = 2s});
    world.emit(world.join(), "asked");
    world.tell("told");
    client& hook = world.join();
    (void)world.resume(hook, {}, {.after_seq = 0});
    const auto got = world.receive(hook);
    BOOST_REQUIRE_EQUAL(got.size(), 1U);  // two would not fit the queue
    BOOST_CHECK_EQUAL(got[0].id, text_of(numbered_uuid(9)));
    BOOST_CHECK_EQUAL(got[0].payload, R"({"n":1})");
    BOOST_CHECK(got[0].expects_response);
    BOOST_CHECK(got[0].timeout == 2s);
    BOOST_CHECK_EQUAL(world.take_ended(hook), "lagged after 1");
}

BOOST_AUTO_TEST_CASE(more_than_a_queue_takes_comes_in_parts) {
    journalled_world world{{.capacity = 3}};
    for (int i = 0; i < 9; ++i) {
        world.tell("a");
    }
    client& hook = world.join();
    BOOST_CHECK_EQUAL(world.resumed(hook, {}, {.after_seq = 0}), "1:a 2:a 3:a lagged after 3");
    BOOST_CHECK_EQUAL(world.resumed(hook, {}, {.after_seq = 3}), "4:a 5:a 6:a lagged after 6");
    BOOST_CHECK_EQUAL(world.resumed(hook, {}, {.after_seq = 6}), "7:a 8:a 9:a");
    world.tell("a");
    BOOST_CHECK_EQUAL(world.receive_names(hook), "10:a");
}

BOOST_AUTO_TEST_CASE(a_guard_that_is_not_there_yet_has_lagged) {
    journalled_world world{{.capacity = 2}};
    for (int i = 0; i < 6; ++i) {
        world.tell("a");
    }
    client& guard = world.join();
    (void)world.resume(guard, {}, {.name = "guard", .on_failure = failure_policy::closed, .after_seq = 0});
    wait& asked = world.emit_and_wait(world.join(), "a");
    BOOST_CHECK_EQUAL(asked.missing(), "guard: lagged");
    BOOST_CHECK(asked.verdict().abort.find("guard") != std::string::npos);
    world.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(what_the_journal_lacks_is_refused) {
    journalled_world world{{.capacity = 2}};
    for (const auto* const name : {"a", "b", "c", "d", "e", "f"}) {
        world.tell(name);
    }
    world.journal[1].payload.reset();   // too large for it
    world.journal[2].is_masked = true;  // a secret
    BOOST_CHECK_EQUAL(world.resumed({"[a-z]", "a", "d"}, {.after_seq = 0}), "1:a 4:d");
    BOOST_CHECK_EQUAL(world.resumed({"b"}, {.after_seq = 0}), "refused");
    BOOST_CHECK_EQUAL(world.resumed({"c"}, {.after_seq = 0}), "refused");
    BOOST_CHECK_EQUAL(world.resumed({"*"}, {.after_seq = 3}), "4:d 5:e lagged after 5");
    world.journal.erase(world.journal.begin());
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.after_seq = 0}), "refused");
    BOOST_CHECK_EQUAL(world.resumed({"d"}, {.after_seq = 1}), "4:d");
    BOOST_CHECK_EQUAL(world.resumed({"d"}, {.after_seq = 7}), "refused");
}

BOOST_AUTO_TEST_CASE(terms_of_the_session_hold_for_what_was_missed) {
    journalled_world world{{.capacity = 2}};
    world.tell("a", R"({"repo":"x"})", 60s);
    world.tell("a", R"({"repo":"y"})");
    world.tell("a", R"({"repo":"x"})");
    world.tell("b");
    world.tell("b");
    world.journal[1].host = "other";
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.asked_only = true, .after_seq = 0}), "1:a");
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.after_seq = 0}), "1:a 3:a");
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.scope = protocol::event_scope::cluster, .after_seq = 1}), "2:a 3:a");
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.where = {{"/repo", "x"}}, .after_seq = 1}), "3:a");
}

BOOST_AUTO_TEST_CASE(room_is_taken_of_what_is_retained_and_of_nobody_who_waits) {
    const std::string kilobyte = '"' + std::string(998, 'x') + '"';
    journalled_world world{{.capacity = 100, .capacity_bytes = 4600}};
    client& reader = world.subscriber({"x"});
    for (int i = 0; i < 5; ++i) {
        world.tell("a", kilobyte);
    }
    world.tell("x", kilobyte);
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.after_seq = 0}), "1:a 2:a lagged after 2");
    BOOST_CHECK_LE(world.broker.held().event_bytes, 4600U);
    BOOST_CHECK_EQUAL(world.receive_names(reader), "6:x");
    BOOST_CHECK_EQUAL(world.resumed({"a"}, {.after_seq = 2}), "3:a 4:a 5:a");
}

BOOST_AUTO_TEST_CASE(an_error_of_its_own_needs_no_journal) {
    journalled_world world{{.capacity = 1}};
    world.tell("a");
    world.tell("a");
    client& hook = world.subscriber();
    const session_options again{.after_seq = 0};
    BOOST_CHECK(!world.broker.needs_journal(hook, params_of({}, again), {}));
    BOOST_CHECK_EQUAL(std::get<protocol::error>(world.resume(hook, {}, again)).code, errc::already_subscribed);
    const session_options other_run{.after_seq = 0, .instance = text_of(numbered_uuid(3))};
    BOOST_CHECK(!world.broker.needs_journal(world.join(), params_of({}, other_run), {}));
    const session_options live{};
    BOOST_CHECK(!world.broker.needs_journal(world.join(), params_of({}, live), {}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
