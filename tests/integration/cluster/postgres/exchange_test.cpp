// SPDX-License-Identifier: BSL-1.0
#include "postgres_engine.hpp"
#include "support/json_access.hpp"
#include "support/parallel.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace hookd::test;
namespace utf = boost::unit_test;

namespace {

struct two_hosts {
    postgres_engine& engine = shared_engine();
    std::string database = engine.new_cluster({"a", "b", "c"});
    postgres_host a{engine.url("a", database), "a"};
    postgres_host b{engine.url("b", database), "b"};

    two_hosts() {
        a.await_state("up");
        b.await_state("up");
    }
};

// What a document would not keep.
constexpr const char* odd_json = R"({"n":1.000000000000000000010, "n":0, "ü\u00fc":[ ]})";

}  // namespace

BOOST_AUTO_TEST_SUITE(exchange, *utf::precondition(with_postgres))

BOOST_FIXTURE_TEST_CASE(
    a_question_goes_to_the_host_that_has_a_hook_for_it_and_its_answer_comes_back_byte_for_byte, two_hosts) {
    b.add_session(1, "no-main", "pre_*");
    const auto id = a.ask("pre_deploy", odd_json, 20'000, "veto");
    const auto asked = a.await("asked");
    BOOST_TEST(asked.string("/params/hook_event_id") == id);
    BOOST_TEST(asked.raw({"params", "hosts"}) ==
               R"([{"host":"b","responders":[{"name":"no-main","on_failure":"closed","order":7}]}])");

    const auto event = b.await("event");
    BOOST_TEST(event.string("/params/host") == "a");
    BOOST_TEST(event.string("/params/hook_event_id") == id);
    BOOST_TEST(event.string("/params/event") == "pre_deploy");
    BOOST_TEST(event.raw({"params", "payload"}) == odd_json);
    BOOST_TEST(event.raw({"params", "emitted_at"}) == R"("2026-11-30T10:00:00.000000000Z")");
    BOOST_TEST(event.string("/params/policy") == "veto");
    BOOST_TEST(!event.has({"params", "cause"}));
    const auto left = event.integer("/params/timeout_ms");
    BOOST_TEST(left > 0);
    BOOST_TEST(left <= 20'000);

    b.reply("a", id, odd_json, true);
    const auto settled = a.await("settled");
    BOOST_TEST(settled.string("/params/host") == "b");
    BOOST_TEST(settled.string("/params/hook_event_id") == id);
    BOOST_TEST(settled.raw({"params", "result"}) == odd_json);
}

BOOST_FIXTURE_TEST_CASE(a_question_that_no_other_host_has_a_hook_for_is_asked_of_nobody, two_hosts) {
    a.add_session(1, "own", "pre_deploy");
    b.add_session(1, "observer", "pre_deploy", false);
    const auto id = a.ask("pre_deploy");
    BOOST_TEST(a.await("asked").raw({"params", "hosts"}) == "[]");
    // An observer sees it all the same.
    BOOST_TEST(b.await("event").string("/params/hook_event_id") == id);
}

BOOST_FIXTURE_TEST_CASE(percent_underscore_and_backslash_of_a_glob_mean_themselves, two_hosts) {
    b.add_session(1, "exact", "a_b.%?");
    a.ask("axb.%c");
    BOOST_TEST(a.await("asked").raw({"params", "hosts"}) == "[]");
    a.ask("a_b.%c");
    BOOST_TEST(a.await("asked").raw({"params", "hosts"}) != "[]");
}

BOOST_FIXTURE_TEST_CASE(told_events_arrive_gapless_in_the_order_of_their_origin, two_hosts) {
    constexpr int count = 600;
    postgres_host c{engine.url("c", database), "c"};
    c.await_state("up");
    b.add_session(1, "all", "*", false);
    c.add_session(1, "even", "even", true);
    for (int i = 0; i < count; ++i) {
        a.tell(i, i % 2 == 0 ? "even" : "odd", std::to_string(i));
    }
    for (int i = 0; i < count; ++i) {
        const auto told = a.await("told");
        BOOST_REQUIRE_EQUAL(told.integer("/params/request"), i);
        BOOST_REQUIRE_EQUAL(told.integer("/params/hosts"), i % 2 == 0 ? 2 : 1);
    }
    for (int i = 0; i < count; ++i) {
        const auto event = b.await("event");
        BOOST_REQUIRE_EQUAL(event.raw({"params", "payload"}), std::to_string(i));
        BOOST_REQUIRE(!event.has({"params", "policy"}));
        BOOST_REQUIRE_EQUAL(event.raw({"params", "cause"}), R"(["made@a"])");
    }
    for (int i = 0; i < count; i += 2) {
        BOOST_REQUIRE_EQUAL(c.await("event").raw({"params", "payload"}), std::to_string(i));
    }
}

BOOST_FIXTURE_TEST_CASE(of_two_answers_that_decide_one_counts, two_hosts) {
    postgres_host c{engine.url("c", database), "c"};
    c.await_state("up");
    b.add_session(1, "x", "pre_deploy");
    c.add_session(1, "y", "pre_deploy");
    constexpr int rounds = 30;
    int late = 0;
    for (int i = 0; i < rounds; ++i) {
        const auto id = a.ask("pre_deploy", "{}", 20'000, "first");
        BOOST_REQUIRE_EQUAL(size_at(a.await("asked").json(), "/params/hosts"), 2U);
        b.await("event");
        c.await("event");
        b.reply("a", id, "{}", true);
        c.reply("a", id, "{}", true);
        a.await("settled");
        a.close(id);
    }
    // Those that came second are refused, and said so.
    const auto count = [](const std::string& text) {
        int found = 0;
        for (auto at = text.find("came too late"); at != std::string::npos; at = text.find("came too late", at + 1)) {
            ++found;
        }
        return found;
    };
    eventually("the second answers are refused", [&] {
        late = count(b.process().err()) + count(c.process().err());
        return late == rounds;
    });
    BOOST_TEST(!a.has("settled"));
}

BOOST_FIXTURE_TEST_CASE(closing_a_question_cancels_it_on_hosts_that_have_not_answered, two_hosts) {
    b.add_session(1, "slow", "pre_deploy");
    const auto id = a.ask("pre_deploy");
    a.await("asked");
    b.await("event");
    a.close(id);
    BOOST_TEST(b.await("cancel").string("/params/hook_event_id") == id);
    b.reply("a", id);  // too late, and nothing comes of it
    const auto next = a.ask("pre_deploy");
    BOOST_TEST(a.await("asked").string("/params/hook_event_id") == next);
    BOOST_TEST(b.await("event").string("/params/hook_event_id") == next);
    BOOST_TEST(!a.has("settled"));
}

BOOST_FIXTURE_TEST_CASE(an_ask_that_begins_after_a_subscribe_elsewhere_was_answered_is_always_asked, two_hosts) {
    BOOST_TEST(asks_right_after_subscribes(a, b, 10'000) == 10'000);
}

BOOST_AUTO_TEST_CASE(nine_hosts_all_answer) {
    auto& engine = shared_engine();
    const auto database = engine.new_cluster({"a", "b", "c", "d", "e", "f", "g", "h", "i"});
    std::vector<std::unique_ptr<postgres_host>> hosts;
    for (const char* const name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) {
        hosts.push_back(std::make_unique<postgres_host>(engine.url(name, database), name));
    }
    std::string expected;
    for (const auto& each : hosts) {
        each->await_up();
        if (each != hosts.front()) {
            each->add_session(1, "gate", "pre_deploy");
            expected += (expected.empty() ? "" : " ") + each->name() + "[gate]";
        }
    }
    auto& asker = *hosts.front();
    for (int round = 0; round < 20; ++round) {
        const auto id = asker.ask("pre_deploy", "{}", 20'000, "all");
        BOOST_REQUIRE_EQUAL(asker.next_asked(id), expected);
        for (std::size_t each = 1; each < hosts.size(); ++each) {
            hosts[each]->answer(hosts[each]->next_about("event", id), "gate");
        }
        std::set<std::string> answered;
        for (std::size_t each = 1; each < hosts.size(); ++each) {
            answered.insert(text_at(asker.next_about("settled", id), "/host"));
        }
        BOOST_REQUIRE_EQUAL(answered.size(), 8U);
    }
}

BOOST_FIXTURE_TEST_CASE(hosts_and_their_sessions_are_reported, two_hosts) {
    a.add_session(1, "here", "x");
    b.add_session(1, "there", "pre_*");
    const auto both_are_there = [&] {
        const auto hosts = a.await("hosts").json();
        return size_at(hosts, "/params/hosts") == 2 && size_at(hosts, "/params/hosts/1/sessions") == 1 &&
               text_at(hosts, "/params/hosts/0/host") == "a" &&
               text_at(hosts, "/params/hosts/1/sessions/0/events/0") == "pre_*" &&
               int_at(hosts, "/params/hosts/1/lease_ms") > 0 &&
               text_at(hosts, "/params/hosts/1/sessions/0/kind") == "session" &&
               int_at(hosts, "/params/hosts/1/sessions/0/uid") == 1000 &&
               bool_at(hosts, "/params/hosts/1/sessions/0/responds");
    };
    BOOST_CHECK_NO_THROW(eventually("both are reported", both_are_there));
}

BOOST_FIXTURE_TEST_CASE(it_listens_only_while_there_is_something_to_hear, two_hosts) {
    engine.query(database, "alter role c set log_statement = 'all'");
    const finally reset{[&] { engine.query(database, "alter role c reset log_statement"); }};
    postgres_host c{engine.url("c", database), "c"};
    c.await_state("up");
    c.tell(1, "told");
    c.await("told");
    BOOST_TEST(engine.log().find("unnamed>: listen hookd") == std::string::npos);
    b.add_session(1, "gate", "pre_deploy");
    const auto id = c.ask("pre_deploy");
    b.await("event");
    BOOST_TEST(engine.log().find("unnamed>: listen hookd") != std::string::npos);
    b.reply("c", id);
    c.await("settled");
    eventually("it stops listening", [&] { return engine.log().find("unnamed>: unlisten *") != std::string::npos; });
}

BOOST_FIXTURE_TEST_CASE(what_hookd_does_not_read_is_kept_in_order, two_hosts) {
    constexpr int count = 120;
    const std::string filler(200'000, 'x');
    b.add_session(1, "slow reader", "*", false);
    for (int i = 0; i < count; ++i) {
        a.tell(i, "big", "[" + std::to_string(i) + ",\"" + filler + "\"]");
        a.await("told");
    }
    for (int i = 0; i < count; ++i) {
        const auto payload = b.await("event").raw({"params", "payload"});
        BOOST_REQUIRE_EQUAL(payload.substr(0, payload.find(',')), "[" + std::to_string(i));
    }
    BOOST_TEST(!b.has("gap"));
}

BOOST_FIXTURE_TEST_CASE(a_payload_larger_than_the_cluster_takes_is_refused_with_its_limit, two_hosts) {
    const auto id = a.ask("pre_deploy", "\"" + std::string(33 << 20, 'x') + "\"");
    const auto failed = a.await("ask_failed");
    BOOST_TEST(failed.string("/params/hook_event_id") == id);
    BOOST_TEST(
        failed.string("/params/reason") == "the payload has 34603010 bytes, and the cluster carries at most 33554432");
}

BOOST_FIXTURE_TEST_CASE(no_hosts_clock_has_a_say, two_hosts) {
    // All that a host's wall clock goes into is emitted_at, which travels as text.
    b.add_session(1, "gate", "pre_deploy");
    for (const char* const stamp : {"\"1970-01-01T00:00:00Z\"", "\"2099-01-01T00:00:00Z\""}) {
        const auto id = new_id();
        a.send("ask", R"({"hook_event_id":")" + id +
                          R"(","event":"pre_deploy","payload":{},"timeout_ms":5000,"policy":"veto","emitted_at":)" +
                          stamp + "}");
        const auto event = b.await("event");
        BOOST_TEST(event.raw({"params", "emitted_at"}) == stamp);
        BOOST_TEST(event.integer("/params/timeout_ms") > 0);
        b.reply("a", id);
        BOOST_TEST(a.await("settled").string("/params/hook_event_id") == id);
    }
}

BOOST_AUTO_TEST_SUITE_END()
