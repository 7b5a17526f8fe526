// SPDX-License-Identifier: BSL-1.0
// Section 5 of the wire contract: `stats`; and `rpc.discover`.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <set>
#include <string>

using namespace hookd::test;

namespace {

// A counter that may be left out while it is zero.
std::int64_t count_at(const boost::json::value& stats, const std::string& pointer) {
    return has_at(stats, pointer) ? int_at(stats, pointer) : 0;
}

void answer(wire_client& responder, const std::string& members = R"("response":{})") {
    respond(responder, responder.next_event().string("/params/hook_event_id"), members);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stats_suite)

BOOST_AUTO_TEST_CASE(stats_has_the_members_of_the_contract) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer, "*", R"("name":"n")");
    const auto request = send_emit_and_wait(peer, "e");
    answer(peer);
    peer.response_to(request);
    const auto stats = peer.result("stats");
    BOOST_TEST(members_of(stats) ==
               "bypass connections events head_seq histogram_ms hooks host journal retained_bytes retained_events "
               "sessions subscribers totals uptime_s verdicts waiting");
    BOOST_TEST(members_of(value_at(stats, "/totals")) ==
               "accepted bytes_in bytes_out deliveries events lagged outcomes protocol_errors refused");
    BOOST_TEST(members_of(value_at(stats, "/events/e")) == "count histogram max_ms p50_ms p90_ms p99_ms");
    BOOST_TEST(members_of(value_at(stats, "/verdicts")) == "bypassed failed_closed proceeded vetoed");
    BOOST_TEST(int_at(stats, "/verdicts/proceeded") == 1);
    BOOST_TEST(members_of(value_at(stats, "/hooks/n")) ==
               "asked failed histogram lagged max_ms p50_ms p90_ms p99_ms replied vetoed");
    BOOST_TEST(int_at(stats, "/hooks/n/replied") == 1);
    BOOST_TEST(members_of(value_at(stats, "/hooks/n/histogram")) == "buckets count sum_ms");
    BOOST_TEST(size_at(stats, "/hooks/n/histogram/buckets") == size_at(stats, "/histogram_ms"));
    BOOST_TEST(int_at(stats, "/hooks/n/histogram/count") == 1);
    BOOST_TEST(members_of(value_at(stats, "/sessions/0")) == "lagged name pid queued uid");
    BOOST_TEST(number_at(stats, "/uptime_s") >= 0);
    BOOST_TEST(number_at(stats, "/uptime_s") < 3600);
}

BOOST_AUTO_TEST_CASE(gauges_follow_what_is_there) {
    test_daemon daemon;
    auto watcher = daemon.connect();
    auto stats = watcher.result("stats");
    BOOST_TEST(int_at(stats, "/subscribers") == 0);
    BOOST_TEST(int_at(stats, "/waiting") == 0);
    BOOST_TEST(int_at(stats, "/head_seq") == 0);
    BOOST_TEST(int_at(stats, "/retained_events") == 0);
    BOOST_TEST(int_at(stats, "/retained_bytes") == 0);
    BOOST_TEST(size_at(stats, "/sessions") == 0U);
    BOOST_TEST(size_at(stats, "/events") == 0U);
    daemon.wait_for_stat("/connections", 2);  // this test's and the one that asks
    auto responder = daemon.connect(framing::line);
    subscribe(responder, "*", R"("name":"r")");
    auto emitter = daemon.connect();
    emit(emitter, "e", json_string(std::string(5000, 'x')));
    send_emit_and_wait(emitter, "e");
    responder.next_event();
    responder.next_event();
    stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/connections") == 4);
    BOOST_TEST(int_at(stats, "/subscribers") == 1);
    BOOST_TEST(int_at(stats, "/waiting") == 1);
    BOOST_TEST(int_at(stats, "/head_seq") == 2);
    BOOST_TEST(int_at(stats, "/retained_events") == 2);
    BOOST_TEST(int_at(stats, "/retained_bytes") >= 5000);
    BOOST_TEST(int_at(stats, "/retained_bytes") < 50000);
    BOOST_TEST(text_at(stats, "/sessions/0/name") == "r");
    BOOST_TEST(int_at(stats, "/sessions/0/pid") == ::getpid());
    BOOST_TEST(int_at(stats, "/sessions/0/uid") == static_cast<std::int64_t>(::geteuid()));
    emitter.close();
    responder.close();
    daemon.wait_for_stat("/connections", 2);
    stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/subscribers") == 0);
    BOOST_TEST(int_at(stats, "/waiting") == 0);
    BOOST_TEST(size_at(stats, "/sessions") == 0U);
    BOOST_TEST(int_at(stats, "/retained_events") == 2);
}

BOOST_AUTO_TEST_CASE(totals_count_events_deliveries_replies_and_outcomes) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "a*");
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int i = 0; i < 3; ++i) {
        const auto request = send_emit_and_wait(emitter, "a");
        answer(responder);
        emitter.response_to(request);
    }
    auto request = send_emit_and_wait(emitter, "ab");
    answer(responder, R"("abstain":true)");
    emitter.response_to(request);
    request = send_emit_and_wait(emitter, "ab");
    answer(responder, R"("failed":"x")");
    emitter.response_to(request);
    emitter.result("emit_and_wait", R"({"event":"nobody"})");
    emitter.result("emit_and_wait", R"({"event":"nobody","require_subscriber":false,"timeout_ms":1})");
    emit(emitter, "plain");
    respond(emitter, "00000000-0000-4000-8000-000000000000");
    respond(emitter, "00000000-0000-4000-8000-000000000001");
    for (int i = 0; i < 8; ++i) {
        observer.next_event();
    }
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/totals/events") == 8);
    BOOST_TEST(int_at(stats, "/totals/deliveries") == 8 + 5);
    BOOST_TEST(int_at(stats, "/totals/accepted") >= 3);
    BOOST_TEST(int_at(stats, "/totals/accepted") <= 5);  // whether abstentions and failures count is not said
    BOOST_TEST(count_at(stats, "/totals/refused/unknown") == 2);
    BOOST_TEST(count_at(stats, "/totals/refused/expired") == 0);
    BOOST_TEST(count_at(stats, "/totals/outcomes/answered") == 3);
    BOOST_TEST(count_at(stats, "/totals/outcomes/abstained") == 1);
    BOOST_TEST(count_at(stats, "/totals/outcomes/abandoned") == 1);
    BOOST_TEST(count_at(stats, "/totals/outcomes/no_subscribers") == 1);
    BOOST_TEST(count_at(stats, "/totals/outcomes/timeout") == 1);
    BOOST_TEST(int_at(stats, "/totals/lagged") == 0);
    BOOST_TEST(int_at(stats, "/totals/protocol_errors") == 0);
}

BOOST_AUTO_TEST_CASE(protocol_errors_and_bytes_are_counted) {
    test_daemon daemon;
    const auto before = daemon.stats();
    auto peer = daemon.connect(framing::line);
    peer.send("rubbish");
    peer.receive();
    peer.send("more rubbish");
    peer.receive();
    emit(peer, "e", json_string(std::string(100000, 'x')));
    const auto after = daemon.stats();
    BOOST_TEST(int_at(after, "/totals/protocol_errors") == int_at(before, "/totals/protocol_errors") + 2);
    BOOST_TEST(int_at(after, "/totals/bytes_in") - int_at(before, "/totals/bytes_in") >= 100000);
    BOOST_TEST(int_at(after, "/totals/bytes_out") > int_at(before, "/totals/bytes_out"));
    subscribe(peer, "*", R"("responds":false)");
    emit(peer, "e", json_string(std::string(100000, 'x')));
    peer.next_event();
    BOOST_TEST(int_at(daemon.stats(), "/totals/bytes_out") - int_at(after, "/totals/bytes_out") >= 100000);
}

BOOST_AUTO_TEST_CASE(reply_times_are_measured_by_event_name) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    for (int i = 0; i < 20; ++i) {
        const auto request = send_emit_and_wait(emitter, "quick");
        answer(responder);
        emitter.response_to(request);
    }
    // One reply that is known to have taken its time: 200 ms passed by the clock of another wait.
    const auto request = send_emit_and_wait(emitter, "slow");
    const auto id = responder.next_event().string("/params/hook_event_id");
    emitter.result("emit_and_wait", R"({"event":"tick","timeout_ms":200})");
    respond(responder, id);
    emitter.response_to(request);
    auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/events/quick/count") == 20);
    const auto p50 = number_at(stats, "/events/quick/p50_ms");
    const auto p90 = number_at(stats, "/events/quick/p90_ms");
    const auto p99 = number_at(stats, "/events/quick/p99_ms");
    const auto max = number_at(stats, "/events/quick/max_ms");
    BOOST_TEST(p50 > 0);
    BOOST_TEST(p50 <= p90);
    BOOST_TEST(p90 <= p99);
    BOOST_TEST(p99 <= max * 1.1);  // percentiles may come from buckets
    BOOST_TEST(int_at(stats, "/events/slow/count") == 1);
    for (const char* measure : {"p50_ms", "p90_ms", "p99_ms", "max_ms"}) {
        BOOST_TEST(number_at(stats, std::string{"/events/slow/"} + measure) >= 180);
    }
}

BOOST_AUTO_TEST_CASE(reply_times_are_kept_for_the_1024_most_recent_names) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    const auto trip = [&](int number) {
        const auto request = send_emit_and_wait(emitter, "name-" + std::to_string(number));
        answer(responder);
        emitter.response_to(request);
    };
    for (int i = 1; i <= 1024; ++i) {
        trip(i);
    }
    auto stats = daemon.stats();
    BOOST_TEST(size_at(stats, "/events") == 1024U);
    trip(1025);
    stats = daemon.stats();
    BOOST_TEST(size_at(stats, "/events") == 1024U);
    BOOST_TEST(has_at(stats, "/events/name-1025"));
    BOOST_TEST(!has_at(stats, "/events/name-1"));
    BOOST_TEST(has_at(stats, "/events/name-2"));
}

BOOST_AUTO_TEST_CASE(discover_describes_every_method) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto document = peer.result("rpc.discover");
    BOOST_TEST(text_at(document, "/openrpc").starts_with("1."));
    BOOST_TEST(!text_at(document, "/info/title").empty());
    BOOST_TEST(!text_at(document, "/info/version").empty());
    std::set<std::string> names;
    for (const auto& method : value_at(document, "/methods").as_array()) {
        const auto name = text_at(method, "/name");
        BOOST_TEST(names.insert(name).second, name << " is repeated");
        for (const auto& param : value_at(method, "/params").as_array()) {
            BOOST_TEST(!text_at(param, "/name").empty());
            BOOST_TEST((value_at(param, "/schema").is_object() || value_at(param, "/schema").is_bool()));
        }
        // What is described exists.
        if (!name.starts_with("$/")) {
            BOOST_TEST(peer.call(name, R"({"no_such_parameter":1})").error_code() == -32602, name);
        }
    }
    for (const char* name : {"ping", "emit", "emit_and_wait", "await_response", "subscribe", "unsubscribe", "respond",
             "get_hook_event_schema", "stats"}) {
        BOOST_TEST(names.contains(name), name);
    }
}

BOOST_AUTO_TEST_CASE(discover_names_the_parameters_of_the_contract) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto document = peer.result("rpc.discover");
    for (const auto& [name, expected] : {std::pair{"emit", "cause event operation_id payload reserve_ms scope"},
             std::pair{"emit_and_wait",
                 "cause event failure_policy operation_id payload policy require require_subscriber scope timeout_ms"},
             std::pair{"await_response", "hook_event_id timeout_ms"},
             std::pair{"subscribe",
                 "after_seq asked_only cancellations events instance name on_failure order responds scope shadow "
                 "verdicts where"},
             std::pair{"who", "event payload scope"}, std::pair{"bypass", "events for_ms reason"},
             std::pair{"trace", "hook_event_id"}, std::pair{"replay", "hook_event_id to"},
             std::pair{"history", "before_seq event instance limit responder since vetoed"},
             std::pair{"respond", "abstain failed hook_event_id response"},
             std::pair{"register_hook",
                 "asked_only command cwd env events jobs name on_failure operation_id order scope shadow timeout_ms "
                 "where"},
             std::pair{"enable_hook", "enabled name operation_id"}, std::pair{"deregister_hook", "name operation_id"},
             std::pair{"trust_hook", "name operation_id"}, std::pair{"list_hooks", ""}, std::pair{"ping", ""},
             std::pair{"unsubscribe", ""}, std::pair{"stats", ""}}) {
        bool found = false;
        for (const auto& method : value_at(document, "/methods").as_array()) {
            if (text_at(method, "/name") != name) {
                continue;
            }
            found = true;
            boost::json::object params;
            for (const auto& param : value_at(method, "/params").as_array()) {
                const auto parameter = text_at(param, "/name");
                params[parameter] = true;
                const bool required =
                    (parameter == "event" && std::string_view{name} != "history") || parameter == "to" ||
                    parameter == "hook_event_id" || (parameter == "name" && std::string_view{name} != "subscribe") ||
                    parameter == "command" || parameter == "enabled" ||
                    (parameter == "events" &&
                        (std::string_view{name} == "register_hook" || std::string_view{name} == "bypass"));
                BOOST_TEST(
                    (has_at(param, "/required") && bool_at(param, "/required")) == required, name << " " << parameter);
            }
            BOOST_TEST(members_of(params) == expected, name);
        }
        BOOST_TEST(found, name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
