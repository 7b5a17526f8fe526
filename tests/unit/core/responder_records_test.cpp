#include "broker_fixture.hpp"

// What `stats` says of each responder by name, and of all verdicts.
namespace hookd::core::test {
namespace {

protocol::stats_result::responder record_of(const world& w, std::string_view name) {
    const auto hooks = w.stats().hooks;
    const auto at = std::find_if(hooks.begin(), hooks.end(), [name](const auto& each) { return each.name == name; });
    BOOST_REQUIRE(at != hooks.end());
    return *at;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(records_of_responders)

BOOST_AUTO_TEST_CASE(each_name_has_its_counts) {
    world w;
    client& hook = w.subscriber({}, {.name = "hook"});
    const auto ask = [&] {
        (void)w.emit_and_wait(w.join(), "a");
        return w.receive_one(hook).id;
    };
    w.reply(hook, ask());
    w.reply(hook, ask(), R"({"abort":"no"})");
    w.abstain(hook, ask());
    w.fail(hook, ask());
    (void)ask();
    w.pass(30s);
    (void)ask();
    w.leave(hook);
    const auto record = record_of(w, "hook");
    BOOST_CHECK_EQUAL(record.asked, 6U);
    BOOST_CHECK_EQUAL(record.replied, 3U);
    BOOST_CHECK_EQUAL(record.vetoed, 1U);
    BOOST_CHECK_EQUAL(record.failed, 3U);
    BOOST_CHECK_EQUAL(record.lagged, 0U);
    BOOST_CHECK(record.p50_ms && record.max_ms);
}

BOOST_AUTO_TEST_CASE(sessions_of_one_name_share_them_and_those_without_a_name_have_none) {
    world w;
    client& first = w.subscriber({}, {.name = "hook"});
    client& second = w.subscriber({}, {.name = "hook"});
    (void)w.subscriber();
    (void)w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all});
    w.reply(first, w.receive_one(first).id);
    w.reply(second, w.receive_one(second).id);
    BOOST_CHECK_EQUAL(w.stats().hooks.size(), 1U);
    BOOST_CHECK_EQUAL(record_of(w, "hook").replied, 2U);
}

BOOST_AUTO_TEST_CASE(lag_is_counted_for_each_question) {
    world w{{.capacity = 1}};
    (void)w.subscriber({}, {.name = "slow"});
    w.emit(w.join(), "a");
    (void)w.emit_and_wait(w.join(), "a");
    (void)w.emit_and_wait(w.join(), "a");
    BOOST_CHECK_EQUAL(record_of(w, "slow").lagged, 2U);
    BOOST_CHECK_EQUAL(record_of(w, "slow").asked, 0U);
}

BOOST_AUTO_TEST_CASE(shadow_counts_what_it_would_have_vetoed_though_the_wait_is_over) {
    world w;
    client& shadow = w.subscriber({}, {.name = "shadow", .shadow = true});
    (void)w.emit_and_wait(w.join(), "a");
    const auto id = w.receive_one(shadow).id;
    w.advance(2ms);
    BOOST_CHECK_EQUAL(w.reply(shadow, id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(w.reply(shadow, id, R"({"abort":"no"})"), refusal::expired);  // once
    const auto record = record_of(w, "shadow");
    BOOST_CHECK_EQUAL(record.asked, 1U);
    BOOST_CHECK_EQUAL(record.vetoed, 1U);
    BOOST_CHECK_EQUAL(record.max_ms.value(), 2.0);
}

BOOST_AUTO_TEST_CASE(registered_hooks_are_listed_whether_or_not_they_are_enabled) {
    world w;
    (void)w.subscriber({}, {.name = "session"});
    w.broker.set_names_aside({"lint", "idle"}, {"lint"});
    const auto hooks = w.stats().hooks;
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
    world w;
    client& hook = w.subscriber({"a"}, {.name = "hook"});
    (void)w.emit_and_wait(w.join(), "a");
    w.reply(hook, w.receive_one(hook).id);
    (void)w.emit_and_wait(w.join(), "a");
    w.reply(hook, w.receive_one(hook).id, R"({"abort":"no"})");
    (void)w.emit_and_wait(w.join(), "b", {.on_failure = failure_policy::closed});
    (void)w.emit_and_wait(w.join(), "b");
    const auto stats = w.stats();
    BOOST_CHECK_EQUAL(stats.proceeded, 2U);
    BOOST_CHECK_EQUAL(stats.vetoed, 1U);
    BOOST_CHECK_EQUAL(stats.failed_closed, 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
