// SPDX-License-Identifier: BSL-1.0
// hookd-nats against a real nats-server: what each line of the failure matrix (server/cluster/README.md) does to
// hookd's side of the channel.
#include "link_host.hpp"
#include "nats_server.hpp"
#include "socket_relay.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/source_tree.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace hookd::test;
namespace utf = boost::unit_test;

namespace {

constexpr int short_lease = 1'200;

/// A hookd-nats and the hookd at its other end.
class nats_host : public link_host {
public:
    nats_host(const std::string& url, const std::string& name, link_options options = {})
        : link_host(link_program("hookd-nats"), url, name, std::move(options)) {}
};

/// Some hosts on one server.
struct cluster {
    explicit cluster(
        const std::vector<std::string>& names, int lease_ms = 15'000, const std::string& configuration = {})
        : server(configuration), lease(lease_ms) {
        for (const std::string& name : names) {
            add(name);
        }
    }

    link_host& add(const std::string& name) {
        hosts.push_back(std::make_unique<nats_host>(server.url(), name, link_options{lease, {}, {}}));
        hosts.back()->await_up();
        return *hosts.back();
    }
    link_host& operator[](std::size_t at) { return *hosts[at]; }

    nats_server server;
    int lease;
    std::vector<std::unique_ptr<link_host>> hosts{};
};

/// The result that stands for responders that have left.
bool has_left(const boost::json::value& settled) {
    return size_at(settled, "/result/replies") == 0 && !has_at(settled, "/result/failed");
}

void tell(link_host& host, int request, const std::string& payload = "{}") { host.tell(request, "note", payload); }

finished_process run_hookd_nats(const std::string& option, const std::string& url) {
    return run_link_program("hookd-nats", option, url);
}

boost::test_tools::assertion_result has_openssl(utf::test_unit_id) {
    boost::test_tools::assertion_result result(::access("/usr/bin/openssl", X_OK) == 0);
    result.message() << "SKIPPED: there is no openssl to make a certificate with.";
    return result;
}

void stop(link_host& host) { host.process().signal(SIGSTOP); }
void go_on(link_host& host) { host.process().signal(SIGCONT); }

}  // namespace

BOOST_AUTO_TEST_SUITE(nats, *utf::precondition(has_nats_server))

BOOST_AUTO_TEST_CASE(a_questions_answered_on_another_host_byte_for_byte) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_session(1, "no-main", "push.*");
    const std::string payload = R"({"z":1.00,"a":"\u00e9\ud800",  "a":123456789012345678901234567890})";
    const auto question_1 = hosts[0].ask("push.main", payload, 20'000);
    BOOST_TEST(hosts[0].next_asked(question_1) == "b[no-main]");

    const auto event = hosts[1].await("event");
    const auto param = [&event](std::string_view name) {
        return event.raw({"params", name});
    };  // no document can hold that payload
    BOOST_TEST(param("payload") == payload);
    BOOST_TEST(param("host") == "\"a\"");
    BOOST_TEST(param("policy") == "\"veto\"");
    BOOST_TEST(std::stoi(param("timeout_ms")) <= 20'000);
    BOOST_TEST(std::stoi(param("timeout_ms")) > 10'000);

    const std::string response = R"({"abort":"no",  "n":1e2})";
    hosts[1].answer({{"host", "a"}, {"hook_event_id", question_1}}, "no-main", response, true);
    const auto settled = hosts[0].await("settled");
    BOOST_TEST(settled.string("/params/host") == "b");
    BOOST_TEST(settled.raw({"params", "result"}).find(response) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_host_says_who_answers_and_nobody_is_told_what_does_not_concern_it) {
    cluster hosts{{"a", "b", "c", "d"}};
    hosts[1].add_session(1, "x", "build");
    hosts[1].add_session(2, "y", "b*");
    hosts[2].add_session(1, "log", "*", false);
    hosts[3].add_session(1, "z", "other");
    const auto question_1 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_1) == "b[x,y]");
    BOOST_TEST(!has_at(hosts[2].next("event"), "/policy"));  // it is told, not asked
    const auto question_2 = hosts[0].ask("nothing");
    BOOST_TEST(hosts[0].next_asked(question_2).empty());
    const auto question_3 = hosts[0].ask("other");
    BOOST_TEST(hosts[0].next_asked(question_3) == "d[z]");
    BOOST_TEST(text_at(hosts[3].next("event"), "/hook_event_id") == question_3);  // the first that it gets
}

BOOST_AUTO_TEST_CASE(told_events_arrive_in_the_order_of_their_host) {
    cluster hosts{{"a", "b", "c"}};
    hosts[2].add_session(1, "log", "note", false);
    constexpr int count = 400;
    for (int i = 1; i <= count; ++i) {
        tell(hosts[0], i, std::to_string(i));
        tell(hosts[1], i, std::to_string(i));
    }
    std::int64_t last_of_a = 0;
    std::int64_t last_of_b = 0;
    for (int i = 0; i < 2 * count; ++i) {
        const auto event = hosts[2].next("event");
        std::int64_t& last = text_at(event, "/host") == "a" ? last_of_a : last_of_b;
        BOOST_REQUIRE(int_at(event, "/payload") == last + 1);
        ++last;
    }
    BOOST_TEST(last_of_a == count);
    const auto told =
        hosts[0].await("told", [](const wire_message& each) { return each.integer("/params/request") == count; });
    BOOST_TEST(told.integer("/params/hosts") == 2);
}

BOOST_AUTO_TEST_CASE(a_question_that_is_over_is_cancelled_where_it_still_runs) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_session(1, "slow");
    const auto question_1 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_1) == "b[slow]");
    const auto event = hosts[1].next_about("event", question_1);
    hosts[0].close(question_1);
    hosts[1].next_about("cancel", question_1);
    hosts[1].answer(event, "slow");  // too late: dropped
    const auto question_2 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_2) == "b[slow]");
    hosts[1].answer(hosts[1].next_about("event", question_2), "slow");
    BOOST_TEST(text_at(hosts[0].next("settled"), "/hook_event_id") == question_2);
}

BOOST_AUTO_TEST_CASE(an_ask_that_begins_after_a_subscribe_elsewhere_was_answered_is_always_asked) {
    cluster hosts{{"a", "b"}};
    BOOST_TEST(asks_right_after_subscribes(hosts[0], hosts[1], 10'000) == 10'000);
}

BOOST_AUTO_TEST_CASE(whoever_has_joined_is_asked) {
    cluster hosts{{"a", "b"}};
    for (int i = 1; i <= 10; ++i) {
        hosts[1].restart_link();
        hosts[1].await_up();
        hosts[1].add_session(1, "hook");
        const auto question = hosts[0].ask("build");
        BOOST_REQUIRE(hosts[0].next_asked(question) == "b[hook]");
    }
    std::vector<std::unique_ptr<link_host>> joiners;
    for (const char* name : {"c", "d", "e", "f"}) {  // at once
        joiners.push_back(std::make_unique<nats_host>(hosts.server.url(), name, link_options{hosts.lease, {}, {}}));
    }
    for (const auto& each : joiners) {
        each->await_up();
        each->add_session(1, "hook");
    }
    const auto question_100 = joiners[0]->ask("build");
    BOOST_TEST(joiners[0]->next_asked(question_100) == "b[hook] d[hook] e[hook] f[hook]");
    const auto question_101 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_101) == "b[hook] c[hook] d[hook] e[hook] f[hook]");
}

BOOST_AUTO_TEST_CASE(a_killed_link_is_noticed_within_a_second_or_two) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_session(1, "hook");
    const auto question_1 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_1) == "b[hook]");
    const auto begun = std::chrono::steady_clock::now();
    hosts[1].process().signal(SIGKILL);
    BOOST_TEST(has_left(hosts[0].next_about("settled", question_1)));
    BOOST_TEST((std::chrono::steady_clock::now() - begun < 5s));  // the lease is 15 s
    const auto question_2 = hosts[0].ask("build");                // its key is still there
    BOOST_TEST(hosts[0].next_asked(question_2).empty());
    hosts[1].restart_link();
    hosts[1].await_up();
    hosts[1].add_session(1, "hook");
    const auto question_3 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_3) == "b[hook]");
}

BOOST_AUTO_TEST_CASE(a_hookd_that_ends_leaves_at_once) {
    cluster hosts{{"a", "b"}};
    hosts[0].await_hosts(2);
    hosts[1].add_session(1, "hook");
    const auto question_1 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_1) == "b[hook]");
    BOOST_TEST(hosts[1].end() == 0);
    BOOST_TEST(has_left(hosts[0].next_about("settled", question_1)));
    hosts[0].await_hosts(1);
    const auto question_2 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_2).empty());
}

BOOST_AUTO_TEST_CASE(questions_of_a_host_that_is_gone_are_cancelled) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_session(1, "hook");
    const auto question_1 = hosts[0].ask("build");
    hosts[1].next_about("event", question_1);
    BOOST_TEST(hosts[0].end() == 0);
    hosts[1].next_about("cancel", question_1);
}

BOOST_AUTO_TEST_CASE(a_host_that_hangs_is_left_when_its_lease_is_over_and_enters_anew) {
    cluster hosts{{"a", "b", "c"}, short_lease};
    hosts[1].add_session(1, "hook");
    hosts[2].add_session(1, "hook");
    const auto question_1 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_1) == "b[hook] c[hook]");
    stop(hosts[1]);
    const auto question_2 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_2) == "b[hook] c[hook]");  // as b has shown its hooks
    BOOST_TEST(has_left(hosts[0].next_about("settled", question_1)));
    BOOST_TEST(has_left(hosts[0].next_about("settled", question_2)));
    go_on(hosts[1]);
    hosts[1].await_state("down");
    hosts[1].next("gap");
    hosts[1].await_up();
    hosts[1].add_session(1, "hook");
    const auto question_3 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_3) == "b[hook] c[hook]");
}

BOOST_AUTO_TEST_CASE(a_verdict_that_decides_does_not_wait_for_a_host_that_hangs) {
    cluster hosts{{"a", "b", "c"}};
    hosts[1].add_session(1, "hook");
    hosts[2].add_session(1, "hook");
    stop(hosts[1]);
    const auto question_1 = hosts[0].ask("build");
    hosts[2].answer(hosts[2].next_about("event", question_1), "hook", R"({"abort":"no"})", true);
    BOOST_TEST(hosts[0].next_asked(question_1) == "c[hook]");
    BOOST_TEST(text_at(hosts[0].next_about("settled", question_1), "/host") == "c");
    go_on(hosts[1]);
}

BOOST_AUTO_TEST_CASE(an_engine_that_is_killed_fails_what_is_open_and_is_found_again) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_session(1, "hook");
    const auto question_1 = hosts[0].ask("build");
    hosts[1].next_about("event", question_1);
    hosts.server.kill();
    BOOST_TEST(!hosts[0].await_state("down").string("/params/reason").empty());
    hosts[1].next_about("cancel", question_1);
    const auto question_2 = hosts[0].ask("build");
    BOOST_TEST(!text_at(hosts[0].next_about("ask_failed", question_2), "/reason").empty());
    tell(hosts[0], 3);
    BOOST_TEST(!text_at(hosts[0].next("told"), "/failed").empty());
    hosts.server.start_empty();
    for (const auto& each : hosts.hosts) {
        each->next("gap");
        each->await_up();
    }
    hosts[1].add_session(1, "hook");
    const auto question_4 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_4) == "b[hook]");
}

BOOST_AUTO_TEST_CASE(an_engine_that_hangs_is_down) {
    cluster hosts{{"a"}};
    hosts.server.process().signal(SIGSTOP);
    BOOST_TEST(
        hosts[0].await_state("down").string("/params/reason").find("has not answered for 3 s") != std::string::npos);
    hosts.server.process().signal(SIGCONT);
    hosts[0].await_up();
}

BOOST_AUTO_TEST_CASE(a_proxy_that_stalls_and_one_that_cuts_are_told) {
    cluster hosts{{"a"}};
    socket_relay proxy{hosts.server.port()};
    nats_host b{"nats://127.0.0.1:" + proxy.port(), "b"};
    b.await_up();
    b.add_session(1, "hook");
    const auto question = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question) == "b[hook]");
    proxy.stall();
    BOOST_TEST(b.await_state("down").string("/params/reason").find("has not answered for 3 s") != std::string::npos);
    proxy.go_on();
    b.await("gap");
    b.await_up();
    BOOST_TEST(has_left(hosts[0].next_about("settled", question)));  // that entry of b is gone
    proxy.cut();
    BOOST_TEST(!b.await_state("down").string("/params/reason").empty());
    proxy.start();
    b.await_up();
    b.add_session(1, "hook");
    const auto again = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(again) == "b[hook]");
}

BOOST_AUTO_TEST_CASE(nine_hosts_all_answer) {
    cluster hosts{{"a", "b", "c", "d", "e", "f", "g", "h", "i"}};
    std::string expected;
    for (std::size_t each = 1; each < 9; ++each) {
        hosts[each].add_session(1, "hook");
        expected += (expected.empty() ? "" : " ") + hosts[each].name() + "[hook]";
    }
    for (int round = 0; round < 20; ++round) {
        const auto question = hosts[0].ask("build", "{}", 20'000, "all");
        for (std::size_t each = 1; each < 9; ++each) {
            hosts[each].answer(hosts[each].next_about("event", question), "hook");
        }
        BOOST_REQUIRE(hosts[0].next_asked(question) == expected);
        for (std::size_t each = 1; each < 9; ++each) {
            hosts[0].next_about("settled", question);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_second_host_of_the_same_name_is_refused) {
    cluster hosts{{"a", "b"}};
    nats_host namesake{hosts.server.url(), "b"};
    BOOST_TEST(text_at(namesake.next("fatal"), "/reason").find("--cluster-host") != std::string::npos);
    hosts[1].add_session(1, "hook");
    const auto question_1 = hosts[0].ask("build");
    BOOST_TEST(hosts[0].next_asked(question_1) == "b[hook]");
}

BOOST_AUTO_TEST_CASE(what_is_too_large_for_the_server_is_refused_with_its_size) {
    cluster hosts{{"a", "b"}, 15'000, "max_payload: 131072"};
    hosts[1].add_session(1, "hook");
    const std::string large = json_string(std::string(150'000, 'x'));
    const auto question_1 = hosts[0].ask("build", large);
    const std::string why = text_at(hosts[0].next_about("ask_failed", question_1), "/reason");
    BOOST_TEST(why.find("max_payload 131072") != std::string::npos);
    BOOST_TEST(why.find("1502") != std::string::npos);
    tell(hosts[0], 2, large);
    BOOST_TEST(text_at(hosts[0].next("told"), "/failed").find("max_payload") != std::string::npos);
    const auto question_3 = hosts[0].ask("build");
    hosts[1].answer(hosts[1].next_about("event", question_3), "hook", large);
    BOOST_TEST(
        text_at(hosts[0].next_about("settled", question_3), "/result/failed").find("max_payload") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_host_that_reads_too_slowly_loses_events_and_is_told) {
    cluster hosts{{"a", "b"}, 15'000, "max_pending: 1048576"};
    hosts[1].add_session(1, "log", "*", false);
    stop(hosts[1]);
    const std::string large = json_string(std::string(500'000, 'x'));
    const auto is_noticed = [&hosts] {
        return hosts.server.process().err().find("Slow Consumer") != std::string::npos;
    };
    for (int sent = 0; sent < 200 && !is_noticed(); ++sent) {  // more than the sockets between them hold
        tell(hosts[0], sent + 1, large);
        hosts[0].next("told");
    }
    BOOST_TEST(is_noticed());
    go_on(hosts[1]);
    hosts[1].await_state("down");
    hosts[1].next("gap");
    hosts[1].await_up();
}

BOOST_AUTO_TEST_CASE(wrong_passwords_and_missing_rights_are_told_with_the_cure) {
    nats_server server{R"(authorization { users: [
        {user: "ann", password: "right"},
        {user: "bob", password: "right", permissions: {publish: ["$JS.API.>"], subscribe: [">"]}},
        {user: "eve", password: "right", permissions: {
            publish: ["hookd.farm.>", "$KV.hookd_farm_members.*", "$JS.API.INFO", "$JS.API.STREAM.*.KV_hookd_farm_members",
                      "$JS.API.STREAM.MSG.GET.KV_hookd_farm_members"],
            subscribe: ["hookd.farm.>"]}}] })"};
    nats_host wrong{server.url("ann:wrong"), "a"};
    const std::string refused = text_at(wrong.next("fatal"), "/reason");
    BOOST_TEST(refused.find("password") != std::string::npos);
    BOOST_TEST(refused.find("wrong") == std::string::npos);  // never the password itself
    wrong.ask("build");
    BOOST_TEST(!text_at(wrong.next("ask_failed"), "/reason").empty());
    nats_host right{server.url("ann:right"), "b"};
    right.await_up();
    nats_host limited{server.url("bob:right"), "c"};
    BOOST_TEST(text_at(limited.next("fatal"), "/reason").find("ermissions") != std::string::npos);
    // What server/cluster/nats/README.md says suffices for one user, suffices.
    std::vector<std::unique_ptr<link_host>> farm;
    for (const char* name : {"d", "e"}) {
        farm.push_back(
            std::make_unique<nats_host>(server.url("eve:right", "/farm"), name, link_options{short_lease, {}, {}}));
        farm.back()->await_up();
    }
    farm[1]->add_session(1, "hook");
    const auto question = farm[0]->ask("build");
    BOOST_TEST(farm[0]->next_asked(question) == "e[hook]");
    BOOST_TEST(farm[1]->end() == 0);
    farm[0]->await_hosts(1);
}

// The configuration of server/cluster/nats/README.md, as it stands there.
BOOST_AUTO_TEST_CASE(a_server_can_hold_each_host_to_its_own_name) {
    const auto document = read_file(source_tree() + "/server/cluster/nats/README.md");
    const auto begin = document.find("```conf\n") + 8;
    nats_server server{document.substr(begin, document.find("```", begin) - begin)};
    const auto url_of = [&server](const std::string& user) { return server.url(user + ":" + user + "'s%20own"); };
    nats_host early{url_of("a"), "a"};
    BOOST_TEST(text_at(early.next("fatal"), "/reason").find("hookd-nats --init FILE") != std::string::npos);
    BOOST_TEST(run_hookd_nats("--init", url_of("admin")).exit_status == 0);
    early.await_up();
    nats_host b{url_of("b"), "b"};
    b.await_up();
    b.add_session(1, "hook");
    const auto question = early.ask("build");
    BOOST_TEST(early.next_asked(question) == "b[hook]");
    b.answer(b.next_about("event", question), "hook", R"({"abort":"no"})", true);
    BOOST_TEST(text_at(early.next_about("settled", question), "/host") == "b");
    early.restart_link();  // it takes its old key over
    early.await_up();
    BOOST_TEST(run_hookd_nats("--check", url_of("b")).exit_status == 0);
    BOOST_TEST(b.end() == 0);  // and gives it back, so that another entry may follow
    early.await_hosts(1);
    // Neither may be the other: to enter as b one has to hear what is said to b.
    nats_host thief{url_of("a"), "b"};
    BOOST_TEST(
        text_at(thief.next("fatal"), "/reason").find("Permissions Violation for Subscription") != std::string::npos);
    // Nor may it say a word in its name, whatever program it speaks with.
    for (const char* const subject : {"hookd.default.ask.b", "hookd.default.told.b", "hookd.default.roster.b",
             "hookd.default.to.a.b", "hookd.default.answer.b.x.1", "$KV.hookd_default_members.b",
             "$JS.API.STREAM.PURGE.KV_hookd_default_members", "$JS.API.STREAM.DELETE.KV_hookd_default_members",
             "$JS.API.STREAM.UPDATE.KV_hookd_default_members"}) {
        const auto said = server.answer_to("a", "a's own", std::string{"PUB "} + subject + " 2\r\n{}\r\n");
        BOOST_TEST(said.find(std::string{"Permissions Violation for Publish to \""} + subject) != std::string::npos,
            subject << ": " << said);
    }
    for (const char* const subject :
        {"hookd.default.>", "hookd.default.to.b.*", "hookd.default.answer.b.>", "_INBOX.>", ">"}) {
        const auto said = server.answer_to("a", "a's own", std::string{"SUB "} + subject + " 1\r\n");
        BOOST_TEST(said.find("Permissions Violation for Subscription") != std::string::npos, subject << ": " << said);
    }
}

BOOST_AUTO_TEST_CASE(tls_is_taken_with_the_authority_that_the_url_names, *utf::precondition(has_openssl)) {
    const temp_directory directory;
    const std::string certificate = directory / "cert.pem";
    const auto made = run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", directory / "key.pem", "-out", certificate,
        "-subj", "/CN=hookd", "-addext", "subjectAltName=IP:127.0.0.1"});
    BOOST_REQUIRE_MESSAGE(made.exit_status == 0, made.err);
    nats_server server{"tls { cert_file: \"" + certificate + "\", key_file: \"" + (directory / "key.pem") + "\" }"};
    nats_host trusting{server.url({}, "?tls_ca=" + certificate), "a"};
    trusting.await_up();
    trusting.add_session(1, "hook");
    nats_host asker{server.url({}, "?tls_ca=" + certificate), "b"};
    asker.await_up();
    const auto question_1 = asker.ask("build", json_string(std::string(500'000, 'x')));
    BOOST_TEST(asker.next_asked(question_1) == "a[hook]");
    nats_host distrusting{server.url(), "c"};
    BOOST_TEST(text_at(distrusting.next("fatal"), "/reason").find("tls_ca") != std::string::npos);
    nats_server plain;
    nats_host demanding{"tls://127.0.0.1:" + plain.port(), "d"};
    BOOST_TEST(text_at(demanding.next("fatal"), "/reason").find("offers no TLS") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_without_jetstream_and_a_url_with_a_typo_are_told_with_the_cure) {
    nats_server server{{}, false};
    nats_host host{server.url(), "a"};
    BOOST_TEST(text_at(host.next("fatal"), "/reason").find("jetstream") != std::string::npos);
    nats_host typo{"nats://127.0.0.1:4x22", "a"};
    BOOST_TEST(text_at(typo.next("fatal"), "/reason").find("4x22") != std::string::npos);
    const auto question_1 = typo.ask("build");
    BOOST_TEST(text_at(typo.next("ask_failed"), "/reason").find("4x22") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_next_server_of_the_list_is_tried) {
    nats_server server;
    const std::string url = "nats://127.0.0.1:1,127.0.0.1:" + server.port() + "/farm";
    nats_host host{url, "a"};
    host.await_up();
    nats_host other{server.url(), "b"};  // of another cluster
    other.await_up();
    other.add_session(1, "hook");
    const auto question_1 = host.ask("build");
    BOOST_TEST(host.next_asked(question_1).empty());
}

BOOST_AUTO_TEST_CASE(check_and_init_say_what_is_there_and_what_to_do) {
    const auto run = run_hookd_nats;
    nats_server server{"authorization { users: [{user: \"ann\", password: \"right\"}] }"};
    const std::string url = server.url("ann:right");
    const auto before = run("--check", url);
    BOOST_TEST(before.exit_status == 1);
    BOOST_TEST(before.out.find("--init") != std::string::npos);
    BOOST_TEST(run("--init", url).exit_status == 0);
    BOOST_TEST(run("--init", url).out.find("is there already") != std::string::npos);
    const auto after = run("--check", url);
    BOOST_TEST(after.exit_status == 0);
    BOOST_TEST(after.out.find("✗") == std::string::npos);
    BOOST_TEST(run("--check", url).exit_status == 0);  // it leaves nothing behind that would trouble the next one
    const auto refused = run("--check", server.url("ann:wrong"));
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.out.find("password") != std::string::npos);
    server.kill();
    const auto down = run("--check", url);
    BOOST_TEST(down.exit_status == 1);
    BOOST_TEST(down.out.find("is nats-server running there") != std::string::npos);
    nats_server plain{{}, false};
    BOOST_TEST(run("--check", plain.url()).out.find("jetstream {}") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
