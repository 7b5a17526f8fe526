// SPDX-License-Identifier: BSL-1.0
// CLI.md, `hosts`, and what other commands say of a cluster.
#include "hookctl_program.hpp"

#include "support/fake_cluster.hpp"
#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using namespace hookd::test;

namespace {

/// A daemon, host `a`, whose link is up, and that knows a host `b`.
struct two_hosts {
    two_hosts() : daemon(cluster.arguments(), cluster.environment()), link(cluster.accept()) {
        (void)link->come_up();
        link->send("hosts",
            R"({"hosts":[{"host":"b","lease_ms":9000,"sessions":[{"name":"far","events":["e"],"responds":true},)"
            R"({"name":"log","events":["*"],"responds":false}]}],"queue_permille":250})");
        daemon.wait_for_stat("/cluster/hosts", 1);
    }

    fake_cluster cluster{};
    test_daemon daemon;
    std::unique_ptr<fake_link> link;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_hosts)

BOOST_AUTO_TEST_CASE(without_a_cluster_it_says_how_to_join_one) {
    test_daemon daemon;
    const auto done = hookctl(daemon.socket_path(), {"hosts"});
    BOOST_TEST(done.exit_status == 1);
    check_one_error(done, {"in no cluster", "--cluster FILE"});
    const auto refused = hookctl(daemon.socket_path(), {"emit", "--wait", "--scope", "cluster", "e"});
    BOOST_TEST(refused.exit_status == 4);
    check_one_error(refused, {"nothing was fired", "--cluster"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--scope", "global", "e"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(a_line_a_host_its_own_first) {
    two_hosts with;
    const auto done = hookctl(with.daemon.socket_path(), {"hosts"});
    BOOST_TEST(done.exit_status == 0);
    const auto lines = lines_of(done.out);
    BOOST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(text_at(json_of(lines[0]), "/host") == "a");
    BOOST_TEST(text_at(json_of(lines[0]), "/state") == "up");
    BOOST_TEST(text_at(json_of(lines[1]), "/host") == "b");
    BOOST_TEST(int_at(json_of(lines[1]), "/lease_ms") == 9000);
    BOOST_TEST(text_at(json_of(lines[1]), "/hooks/0/name") == "far");
    const auto table = on_terminal(hookctl_binary() + " --socket " + with.daemon.socket_path() + " hosts").out;
    BOOST_TEST(mentions(table, "far, log (observes)"), table);
}

BOOST_AUTO_TEST_CASE(who_stats_and_doctor_know_the_cluster) {
    two_hosts with;
    const auto who = json_of(hookctl(with.daemon.socket_path(), {"who", "--scope", "cluster", "e"}).out);
    BOOST_TEST(text_at(who, "/responders/0/host") == "b");
    const auto metrics = hookctl(with.daemon.socket_path(), {"stats", "--prometheus"}).out;
    BOOST_TEST(mentions(metrics, "hookd_cluster_up{events=\"*\"} 1\n"));
    BOOST_TEST(mentions(metrics, "hookd_cluster_hosts{events=\"*\"} 1\n"));
    BOOST_TEST(mentions(metrics, "hookd_cluster_queue_usage{events=\"*\"} 0.25\n"));
    BOOST_TEST(mentions(hookctl(with.daemon.socket_path(), {"doctor"}).out, "host a is up, with 1 other host"));
    with.link->hang_up();
    eventually("the link is down", [&] { return text_at(with.daemon.stats(), "/cluster/state") == "down"; });
    BOOST_TEST(hookctl(with.daemon.socket_path(), {"hosts"}).exit_status == 1);
    BOOST_TEST(mentions(hookctl(with.daemon.socket_path(), {"doctor"}).out, "host a's link is down"));
}

BOOST_AUTO_TEST_CASE(a_veto_elsewhere_ends_emit_as_one_here_and_names_the_host) {
    two_hosts with;
    const auto emitting = start_hookctl(with.daemon.socket_path(), {"emit", "--wait", "--scope", "cluster", "e"});
    const auto id =
        with.link->take_question(R"({"host":"b","responders":[{"name":"far","on_failure":"open","order":0}]})");
    with.link->settle("b", id, R"({"response":{"abort":"b says no"},"responder":"far","uid":7,"elapsed_ns":1000})");
    const auto done = emitting->finish();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "b says no\n");
    BOOST_TEST(text_at(json_of(done.out), "/responses/0/host") == "b");
}

BOOST_AUTO_TEST_SUITE_END()
