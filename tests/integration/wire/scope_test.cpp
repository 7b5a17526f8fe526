// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `scope` on a daemon that is in no cluster.
#include "support/json_access.hpp"
#include "support/temp_directory.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <tuple>
#include <vector>

using namespace hookd::test;

namespace {

std::string reason_of(const wire_message& failure) { return failure.string("/error/data/reason"); }

std::vector<std::string> with_catalog(const temp_directory& directory, const std::string& members) {
    write_file(directory / "e.json", R"({"name":"e",)" + members + "}");
    return {"--catalog", directory.path()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scope_suite)

BOOST_AUTO_TEST_CASE(an_emitter_of_scope_cluster_is_refused_and_nothing_is_fired) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* method : {"emit", "emit_and_wait", "who"}) {
        const auto failure = peer.failure(method, R"({"event":"e","scope":"cluster"})");
        BOOST_TEST(failure.error_code() == -32007, method);
        BOOST_TEST(reason_of(failure) == "this daemon is in no cluster (see --cluster of hookd)", method);
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
    BOOST_TEST(int_at(emit(peer, "e"), "/seq") == 1);
    BOOST_TEST(int_at(peer.result("emit", R"({"event":"e","scope":"local"})"), "/seq") == 2);
}

BOOST_AUTO_TEST_CASE(what_is_for_scope_local_only_is_refused_by_name) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const auto& [method, parameter, more] : {std::tuple{"emit", "reserve_ms", R"("reserve_ms":10)"},
             std::tuple{"emit_and_wait", "require_subscriber", R"("require_subscriber":false)"},
             std::tuple{"emit_and_wait", "chain", R"("policy":"chain")"}}) {
        const auto failure = peer.failure(method, R"({"event":"e","scope":"cluster",)" + std::string{more} + "}");
        BOOST_TEST(failure.error_code() == -32602, parameter);
        BOOST_TEST(failure.error_message().find(parameter) != std::string::npos, failure.error_message());
    }
    for (const char* method : {"emit", "emit_and_wait", "subscribe", "who"}) {
        const auto failure = peer.failure(method, R"({"event":"e","scope":"global"})");
        BOOST_TEST(failure.error_code() == -32602, method);
    }
}

BOOST_AUTO_TEST_CASE(sessions_and_hooks_of_scope_cluster_wait_for_a_cluster_and_see_this_daemons_events) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer, "e", R"("scope":"cluster")");
    auto emitter = daemon.connect();
    emit(emitter, "e");
    const auto event = peer.next_event();
    BOOST_TEST(event.integer("/params/seq") == 1);
    BOOST_TEST(!event.has({"params", "host"}));
    BOOST_TEST(size_at(peer.result("cluster_hosts"), "/hosts") == 0U);
}

BOOST_AUTO_TEST_CASE(the_catalog_says_the_scope_where_the_request_does_not) {
    const temp_directory directory;
    test_daemon daemon{with_catalog(directory, R"("scope":"cluster")")};
    auto peer = daemon.connect();
    BOOST_TEST(peer.failure("emit", R"({"event":"e"})").error_code() == -32007);
    BOOST_TEST(peer.failure("emit_and_wait", R"({"event":"e"})").error_code() == -32007);
    BOOST_TEST(int_at(peer.result("emit", R"({"event":"e","scope":"local"})"), "/seq") == 1);
}

BOOST_AUTO_TEST_CASE(a_catalog_with_another_scope_or_a_chain_of_scope_cluster_is_refused) {
    for (const char* members : {R"("scope":"global")", R"("scope":"cluster","policy":"chain")"}) {
        const temp_directory directory;
        auto arguments = with_catalog(directory, members);
        arguments.insert(arguments.begin(), hookd_binary());
        arguments.emplace_back("--check");
        BOOST_TEST(run_program(arguments).exit_status == 2, members);
    }
}

BOOST_AUTO_TEST_CASE(ping_and_stats_say_the_host) {
    test_daemon daemon{{"--cluster-host", "build-7.example"}};
    auto peer = daemon.connect();
    BOOST_TEST(text_at(peer.result("ping"), "/host") == "build-7.example");
    BOOST_TEST(text_at(daemon.stats(), "/host") == "build-7.example");
}

BOOST_AUTO_TEST_SUITE_END()
