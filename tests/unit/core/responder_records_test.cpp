// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// What `stats` says of each responder by name, and of all verdicts.
namespace hookd::core::test {
namespace {

protocol::stats_result::responder record_of(const broker_fixture& fixture, std::string_view name) {
    const auto hooks = fixture.stats().hooks;
    const auto at = std::find_if(hooks.begin(), hooks.end(), [name](const auto& each) { return each.name == name; });
    BOOST_REQUIRE(at != hooks.end());
    return *at;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(records_of_responders)

BOOST_AUTO_TEST_CASE(each_name_has_its_counts) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({}, {.name = "hook"});
    const auto ask = [&] {
        (void)fixture.emit_and_wait(fixture.join(), "a");
        return fixture.receive_one(hook).id;
    };
    fixture.reply(hook, ask());
    fixture.reply(hook, ask(), R"({"abort":"no"})");
    fixture.abstain(hook, ask());
    fixture.fail(hook, ask());
    (void)ask();
    fixture.pass(30s);
    (void)ask();
    fixture.leave(hook);
    const auto record = record_of(fixture, "hook");
    BOOST_CHECK_EQUAL(record.asked, 6U);
    BOOST_CHECK_EQUAL(record.replied, 3U);
    BOOST_CHECK_EQUAL(record.vetoed, 1U);
    BOOST_CHECK_EQUAL(record.failed, 3U);
    BOOST_CHECK_EQUAL(record.lagged, 0U);
    BOOST_CHECK(record.p50_ms && record.max_ms);
}

BOOST_AUTO_TEST_CASE(sessions_of_one_name_share_them_and_those_without_a_name_have_none) {
    broker_fixture fixture;
    client& first = fixture.subscriber({}, {.name = "hook"});
    client& second = fixture.subscriber({}, {.name = "hook"});
    (void)fixture.subscriber();
    (void)fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
    fixture.reply(first, fixture.receive_one(first).id);
    fixture.reply(second, fixture.receive_one(second).id);
    BOOST_CHECK_EQUAL(fixture.stats().hooks.size(), 1U);
    BOOST_CHECK_EQUAL(record_of(fixture, "hook").replied, 2U);
}

BOOST_AUTO_TEST_CASE(lag_is_counted_for_each_question) {
    broker_fixture fixture{{.capacity = 1}};
    (void)fixture.subscriber({}, {.name = "slow"});
    fixture.emit(fixture.join(), "a");
    (void)fixture.emit_and_wait(fixture.join(), "a");
    (void)fixture.emit_and_wait(fixture.join(), "a");
    BOOST_CHECK_EQUAL(record_of(fixture, "slow").lagged, 2U);
    BOOST_CHECK_EQUAL(record_of(fixture, "slow").asked, 0U);
}

BOOST_AUTO_TEST_CASE(shadow_counts_what_it_would_have_vetoed_though_the_wait_is_over) {
    broker_fixture fixture;
    client& shadow = fixture.subscriber({}, {.name = "shadow", .shadow = true});
    (void)fixture.emit_and_wait(fixture.join(), "a");
    const auto id = fixture.receive_one(shadow).id;
    fixture.advance(2ms);
    BOOST_CHECK_EQUAL(fixture.reply(shadow, id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(fixture.reply(shadow, id, R"({"abort":"no"})"), refusal::expired);  // once
    const auto record = record_of(fixture, "shadow");
    BOOST_CHECK_EQUAL(record.asked, 1U);
    BOOST_CHECK_EQUAL(record.vetoed, 1U);
    BOOST_CHECK_EQUAL(record.max_ms.value(), 2.0);
}

BOOST_AUTO_TEST_CASE(registered_hooks_are_listed_whether_or_not_they_are_enabled) {
    broker_fixture fixture;
    (void)fixture.subscriber({}, {.name = "session"});
    fixture.broker.set_names_aside({"lint", "idle"}, {{.name = "lint"}});
    const auto hooks = fixture.stats().hooks;
    BOOST_REQUIRE_EQUAL(hooks.size(), 3U);
    BOOST_CHECK_EQUAL(hooks[0].name, "idle");
    BOOST_CHECK(hooks[0].enabled == true);
    BOOST_CHECK(hooks[1].enabled == false);
    BOOST_CHECK(!hooks[2].enabled);
    BOOST_CHECK_EQUAL(hooks[1].asked, 0U);
}

BOOST_AUTO_TEST_CASE(number_of_names_is_bounded) {
    responder_records records;
    const auto kept = records.of("first");
    for (std::size_t i = 0; i + 1 < responder_records::most_names; ++i) {
        (void)records.of("n" + std::to_string(i));
    }
    BOOST_CHECK(records.of("first") == kept);  // and the most recent now
    (void)records.of("one more");
    std::vector<protocol::stats_result::responder> all;
    records.summarize(all);
    BOOST_CHECK_EQUAL(all.size(), responder_records::most_names);
    BOOST_CHECK_EQUAL(all.front().name, "first");
    BOOST_CHECK(std::none_of(all.begin(), all.end(), [](const auto& each) { return each.name == "n0"; }));
}

BOOST_AUTO_TEST_CASE(verdicts_are_counted) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({"a"}, {.name = "hook"});
    (void)fixture.emit_and_wait(fixture.join(), "a");
    fixture.reply(hook, fixture.receive_one(hook).id);
    (void)fixture.emit_and_wait(fixture.join(), "a");
    fixture.reply(hook, fixture.receive_one(hook).id, R"({"abort":"no"})");
    (void)fixture.emit_and_wait(fixture.join(), "b", {.on_failure = failure_policy::closed});
    (void)fixture.emit_and_wait(fixture.join(), "b");
    const auto stats = fixture.stats();
    BOOST_CHECK_EQUAL(stats.proceeded, 2U);
    BOOST_CHECK_EQUAL(stats.vetoed, 1U);
    BOOST_CHECK_EQUAL(stats.failed_closed, 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
