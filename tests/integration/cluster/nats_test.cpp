// SPDX-License-Identifier: BSL-1.0
// hookd-nats against a real nats-server: what each line of the failure matrix (server/cluster/README.md) does to
// hookd's side of the channel.
#include "link_host.hpp"
#include "nats_server.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"
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

/// The program under test, beside the daemon.
std::string hookd_nats() {
    const std::string daemon = hookd_binary();
    return daemon.substr(0, daemon.rfind('/') + 1) + "hookd-nats";
}

std::string id_of(int number) {
    const std::string digits = std::to_string(number);
    return "11111111-2222-4333-8444-" + std::string(12 - digits.size(), '0') + digits;
}

link_host::settings settings_of(const std::string& url, const std::string& name, int lease_ms) {
    return {hookd_nats(), url, name, "6d4c2a5e-0000-4000-8000-" + std::string(12 - name.size(), '0') + name, lease_ms};
}

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
        hosts.push_back(std::make_unique<link_host>(settings_of(server.url(), name, lease)));
        hosts.back()->wait_until_up();
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

bool is_for(const boost::json::value& params, const std::string& id) { return text_at(params, "/hook_event_id") == id; }

boost::json::value next_for(link_host& host, std::string_view method, const std::string& id) {
    return host.next(method, [&id](const boost::json::value& params) { return is_for(params, id); });
}

void tell(link_host& host, int request, const std::string& payload = "{}") {
    host.send("tell", R"({"request":)" + std::to_string(request) + R"(,"hook_event_id":")" + id_of(request) +
                          R"(","event":"note","payload":)" + payload + R"(,"emitted_at":1})");
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

BOOST_AUTO_TEST_CASE(a_question_is_answered_on_another_host_byte_for_byte) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_hook(1, "no-main", "push.*");
    const std::string payload = R"({"z":1.00,"a":"\u00e9\ud800",  "a":123456789012345678901234567890})";
    hosts[0].ask(id_of(1), "push.main", payload, 20'000);
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "b[no-main]");

    const auto event = hosts[1].next_message("event", [](const wire_message&) { return true; });
    const auto param = [&event](std::string_view name) {
        return event.raw({"params", name});
    };  // no document can hold that payload
    BOOST_TEST(param("payload") == payload);
    BOOST_TEST(param("host") == "\"a\"");
    BOOST_TEST(param("policy") == "\"veto\"");
    BOOST_TEST(std::stoi(param("timeout_ms")) <= 20'000);
    BOOST_TEST(std::stoi(param("timeout_ms")) > 10'000);

    const std::string response = R"({"abort":"no",  "n":1e2})";
    hosts[1].answer({{"host", "a"}, {"hook_event_id", id_of(1)}}, "no-main", response, true);
    const auto settled = hosts[0].next_message("settled", [](const wire_message&) { return true; });
    BOOST_TEST(settled.string("/params/host") == "b");
    BOOST_TEST(settled.raw({"params", "result"}).find(response) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_host_says_who_answers_and_nobody_is_told_what_does_not_concern_it) {
    cluster hosts{{"a", "b", "c", "d"}};
    hosts[1].add_hook(1, "x", "build");
    hosts[1].add_hook(2, "y", "b*");
    hosts[2].add_listener(1, "log", "*");
    hosts[3].add_hook(1, "z", "other");
    hosts[0].ask(id_of(1), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "b[x,y]");
    BOOST_TEST(!has_at(hosts[2].next("event"), "/policy"));  // it is told, not asked
    hosts[0].ask(id_of(2), "nothing");
    BOOST_TEST(hosts[0].next_asked(id_of(2)).empty());
    hosts[0].ask(id_of(3), "other");
    BOOST_TEST(hosts[0].next_asked(id_of(3)) == "d[z]");
    BOOST_TEST(text_at(hosts[3].next("event"), "/hook_event_id") == id_of(3));  // the first that it gets
}

BOOST_AUTO_TEST_CASE(told_events_arrive_in_the_order_of_their_host) {
    cluster hosts{{"a", "b", "c"}};
    hosts[2].add_listener(1, "log", "note");
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
        hosts[0].next("told", [](const boost::json::value& params) { return int_at(params, "/request") == count; });
    BOOST_TEST(int_at(told, "/hosts") == 2);
}

BOOST_AUTO_TEST_CASE(a_question_that_is_over_is_cancelled_where_it_still_runs) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_hook(1, "slow");
    hosts[0].ask(id_of(1), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "b[slow]");
    const auto event = next_for(hosts[1], "event", id_of(1));
    hosts[0].send("close", R"({"hook_event_id":")" + id_of(1) + R"("})");
    next_for(hosts[1], "cancel", id_of(1));
    hosts[1].answer(event, "slow");  // too late: dropped
    hosts[0].ask(id_of(2), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(2)) == "b[slow]");
    hosts[1].answer(next_for(hosts[1], "event", id_of(2)), "slow");
    BOOST_TEST(is_for(hosts[0].next("settled"), id_of(2)));
}

BOOST_AUTO_TEST_CASE(whoever_is_ready_is_asked_a_thousand_times) {
    cluster hosts{{"a", "b"}};
    for (int i = 1; i <= 1'000; ++i) {
        link_host& asker = hosts[static_cast<std::size_t>(i % 2)];
        link_host& hook = hosts[static_cast<std::size_t>((i + 1) % 2)];
        const std::string event = "event-" + std::to_string(i);
        hook.add_hook(i, "hook", event);
        asker.ask(id_of(i), event);
        BOOST_REQUIRE(asker.next_asked(id_of(i)) == hook.name() + "[hook]");
        hook.answer(next_for(hook, "event", id_of(i)), "hook");
        next_for(asker, "settled", id_of(i));
        hook.send("session_gone", R"({"session":)" + std::to_string(i) + "}");
    }
}

BOOST_AUTO_TEST_CASE(whoever_has_joined_is_asked) {
    cluster hosts{{"a", "b"}};
    for (int i = 1; i <= 10; ++i) {
        hosts[1].restart_link();
        hosts[1].wait_until_up();
        hosts[1].add_hook(1, "hook");
        hosts[0].ask(id_of(i), "build");
        BOOST_REQUIRE(hosts[0].next_asked(id_of(i)) == "b[hook]");
    }
    std::vector<std::unique_ptr<link_host>> joiners;
    for (const char* name : {"c", "d", "e", "f"}) {  // at once
        joiners.push_back(std::make_unique<link_host>(settings_of(hosts.server.url(), name, hosts.lease)));
    }
    for (const auto& each : joiners) {
        each->wait_until_up();
        each->add_hook(1, "hook");
    }
    joiners[0]->ask(id_of(100), "build");
    BOOST_TEST(joiners[0]->next_asked(id_of(100)) == "b[hook] d[hook] e[hook] f[hook]");
    hosts[0].ask(id_of(101), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(101)) == "b[hook] c[hook] d[hook] e[hook] f[hook]");
}

BOOST_AUTO_TEST_CASE(a_killed_link_is_noticed_within_a_second_or_two) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(1), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "b[hook]");
    const auto begun = std::chrono::steady_clock::now();
    hosts[1].process().signal(SIGKILL);
    BOOST_TEST(has_left(next_for(hosts[0], "settled", id_of(1))));
    BOOST_TEST((std::chrono::steady_clock::now() - begun < 5s));  // the lease is 15 s
    hosts[0].ask(id_of(2), "build");                              // its key is still there
    BOOST_TEST(hosts[0].next_asked(id_of(2)).empty());
    hosts[1].restart_link();
    hosts[1].wait_until_up();
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(3), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(3)) == "b[hook]");
}

BOOST_AUTO_TEST_CASE(a_hookd_that_ends_leaves_at_once) {
    cluster hosts{{"a", "b"}};
    hosts[0].wait_for_hosts(2);
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(1), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "b[hook]");
    BOOST_TEST(hosts[1].end() == 0);
    BOOST_TEST(has_left(next_for(hosts[0], "settled", id_of(1))));
    hosts[0].wait_for_hosts(1);
    hosts[0].ask(id_of(2), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(2)).empty());
}

BOOST_AUTO_TEST_CASE(questions_of_a_host_that_is_gone_are_cancelled) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(1), "build");
    next_for(hosts[1], "event", id_of(1));
    BOOST_TEST(hosts[0].end() == 0);
    next_for(hosts[1], "cancel", id_of(1));
}

BOOST_AUTO_TEST_CASE(a_host_that_hangs_is_left_when_its_lease_is_over_and_enters_anew) {
    cluster hosts{{"a", "b", "c"}, short_lease};
    hosts[1].add_hook(1, "hook");
    hosts[2].add_hook(1, "hook");
    hosts[0].ask(id_of(1), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "b[hook] c[hook]");
    stop(hosts[1]);
    hosts[0].ask(id_of(2), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(2)) == "b[hook] c[hook]");  // as b has shown its hooks
    BOOST_TEST(has_left(next_for(hosts[0], "settled", id_of(1))));
    BOOST_TEST(has_left(next_for(hosts[0], "settled", id_of(2))));
    go_on(hosts[1]);
    hosts[1].wait_for_state("down");
    hosts[1].next("gap");
    hosts[1].wait_until_up();
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(3), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(3)) == "b[hook] c[hook]");
}

BOOST_AUTO_TEST_CASE(a_verdict_that_decides_does_not_wait_for_a_host_that_hangs) {
    cluster hosts{{"a", "b", "c"}};
    hosts[1].add_hook(1, "hook");
    hosts[2].add_hook(1, "hook");
    stop(hosts[1]);
    hosts[0].ask(id_of(1), "build");
    hosts[2].answer(next_for(hosts[2], "event", id_of(1)), "hook", R"({"abort":"no"})", true);
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "c[hook]");
    BOOST_TEST(text_at(next_for(hosts[0], "settled", id_of(1)), "/host") == "c");
    go_on(hosts[1]);
}

BOOST_AUTO_TEST_CASE(an_engine_that_is_killed_fails_what_is_open_and_is_found_again) {
    cluster hosts{{"a", "b"}};
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(1), "build");
    next_for(hosts[1], "event", id_of(1));
    hosts.server.kill();
    BOOST_TEST(!text_at(hosts[0].wait_for_state("down"), "/reason").empty());
    next_for(hosts[1], "cancel", id_of(1));
    hosts[0].ask(id_of(2), "build");
    BOOST_TEST(!text_at(next_for(hosts[0], "ask_failed", id_of(2)), "/reason").empty());
    tell(hosts[0], 3);
    BOOST_TEST(!text_at(hosts[0].next("told"), "/failed").empty());
    hosts.server.start_empty();
    for (const auto& each : hosts.hosts) {
        each->next("gap");
        each->wait_until_up();
    }
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(4), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(4)) == "b[hook]");
}

BOOST_AUTO_TEST_CASE(an_engine_that_hangs_is_down) {
    cluster hosts{{"a"}};
    hosts.server.process().signal(SIGSTOP);
    BOOST_TEST(
        text_at(hosts[0].wait_for_state("down"), "/reason").find("has not answered for 3 s") != std::string::npos);
    hosts.server.process().signal(SIGCONT);
    hosts[0].wait_until_up();
}

BOOST_AUTO_TEST_CASE(a_second_host_of_the_same_name_is_refused) {
    cluster hosts{{"a", "b"}};
    auto again = settings_of(hosts.server.url(), "b", 15'000);
    again.instance = "6d4c2a5e-0000-4000-8000-999999999999";
    link_host namesake{again};
    BOOST_TEST(text_at(namesake.next("fatal"), "/reason").find("--cluster-host") != std::string::npos);
    hosts[1].add_hook(1, "hook");
    hosts[0].ask(id_of(1), "build");
    BOOST_TEST(hosts[0].next_asked(id_of(1)) == "b[hook]");
}

BOOST_AUTO_TEST_CASE(what_is_too_large_for_the_server_is_refused_with_its_size) {
    cluster hosts{{"a", "b"}, 15'000, "max_payload: 131072"};
    hosts[1].add_hook(1, "hook");
    const std::string large = json_string(std::string(150'000, 'x'));
    hosts[0].ask(id_of(1), "build", large);
    const std::string why = text_at(next_for(hosts[0], "ask_failed", id_of(1)), "/reason");
    BOOST_TEST(why.find("max_payload 131072") != std::string::npos);
    BOOST_TEST(why.find("1502") != std::string::npos);
    tell(hosts[0], 2, large);
    BOOST_TEST(text_at(hosts[0].next("told"), "/failed").find("max_payload") != std::string::npos);
    hosts[0].ask(id_of(3), "build");
    hosts[1].answer(next_for(hosts[1], "event", id_of(3)), "hook", large);
    BOOST_TEST(
        text_at(next_for(hosts[0], "settled", id_of(3)), "/result/failed").find("max_payload") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_host_that_reads_too_slowly_loses_events_and_is_told) {
    cluster hosts{{"a", "b"}, 15'000, "max_pending: 1048576"};
    hosts[1].add_listener(1, "log");
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
    hosts[1].wait_for_state("down");
    hosts[1].next("gap");
    hosts[1].wait_until_up();
}

BOOST_AUTO_TEST_CASE(wrong_passwords_and_missing_rights_are_told_with_the_cure) {
    nats_server server{R"(authorization { users: [
        {user: "ann", password: "right"},
        {user: "bob", password: "right", permissions: {publish: ["$JS.API.>"], subscribe: [">"]}},
        {user: "eve", password: "right", permissions: {
            publish: ["hookd.farm.>", "$KV.hookd_farm_members.*", "$JS.API.INFO", "$JS.API.STREAM.*.KV_hookd_farm_members",
                      "$JS.API.STREAM.MSG.GET.KV_hookd_farm_members", "_INBOX.>"],
            subscribe: ["hookd.farm.>", "_INBOX.>"]}}] })"};
    link_host wrong{settings_of(server.url("ann:wrong"), "a", 15'000)};
    const std::string refused = text_at(wrong.next("fatal"), "/reason");
    BOOST_TEST(refused.find("password") != std::string::npos);
    BOOST_TEST(refused.find("wrong") == std::string::npos);  // never the password itself
    wrong.ask(id_of(1), "build");
    BOOST_TEST(!text_at(wrong.next("ask_failed"), "/reason").empty());
    link_host right{settings_of(server.url("ann:right"), "b", 15'000)};
    right.wait_until_up();
    link_host limited{settings_of(server.url("bob:right"), "c", 15'000)};
    BOOST_TEST(text_at(limited.next("fatal"), "/reason").find("ermissions") != std::string::npos);
    // What server/cluster/nats/README.md says suffices, suffices.
    std::vector<std::unique_ptr<link_host>> farm;
    for (const char* name : {"d", "e"}) {
        farm.push_back(std::make_unique<link_host>(settings_of(server.url("eve:right", "/farm"), name, short_lease)));
        farm.back()->wait_until_up();
    }
    farm[1]->add_hook(1, "hook");
    farm[0]->ask(id_of(1), "build");
    BOOST_TEST(farm[0]->next_asked(id_of(1)) == "e[hook]");
    BOOST_TEST(farm[1]->end() == 0);
    farm[0]->wait_for_hosts(1);
}

BOOST_AUTO_TEST_CASE(tls_is_taken_with_the_authority_that_the_url_names, *utf::precondition(has_openssl)) {
    const temp_directory directory;
    const std::string certificate = directory / "cert.pem";
    const auto made = run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", directory / "key.pem", "-out", certificate,
        "-subj", "/CN=hookd", "-addext", "subjectAltName=IP:127.0.0.1"});
    BOOST_REQUIRE_MESSAGE(made.exit_status == 0, made.err);
    nats_server server{"tls { cert_file: \"" + certificate + "\", key_file: \"" + (directory / "key.pem") + "\" }"};
    link_host trusting{settings_of(server.url({}, "?tls_ca=" + certificate), "a", 15'000)};
    trusting.wait_until_up();
    trusting.add_hook(1, "hook");
    link_host asker{settings_of(server.url({}, "?tls_ca=" + certificate), "b", 15'000)};
    asker.wait_until_up();
    asker.ask(id_of(1), "build", json_string(std::string(500'000, 'x')));
    BOOST_TEST(asker.next_asked(id_of(1)) == "a[hook]");
    link_host distrusting{settings_of(server.url(), "c", 15'000)};
    BOOST_TEST(text_at(distrusting.next("fatal"), "/reason").find("tls_ca") != std::string::npos);
    nats_server plain;
    link_host demanding{settings_of("tls://127.0.0.1:" + plain.port(), "d", 15'000)};
    BOOST_TEST(text_at(demanding.next("fatal"), "/reason").find("offers no TLS") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_without_jetstream_and_a_url_with_a_typo_are_told_with_the_cure) {
    nats_server server{{}, false};
    link_host host{settings_of(server.url(), "a", 15'000)};
    BOOST_TEST(text_at(host.next("fatal"), "/reason").find("jetstream") != std::string::npos);
    link_host typo{settings_of("nats://127.0.0.1:4x22", "a", 15'000)};
    BOOST_TEST(text_at(typo.next("fatal"), "/reason").find("4x22") != std::string::npos);
    typo.ask(id_of(1), "build");
    BOOST_TEST(text_at(typo.next("ask_failed"), "/reason").find("4x22") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_next_server_of_the_list_is_tried) {
    nats_server server;
    const std::string url = "nats://127.0.0.1:1,127.0.0.1:" + server.port() + "/farm";
    link_host host{settings_of(url, "a", 15'000)};
    host.wait_until_up();
    link_host other{settings_of(server.url(), "b", 15'000)};  // of another cluster
    other.wait_until_up();
    other.add_hook(1, "hook");
    host.ask(id_of(1), "build");
    BOOST_TEST(host.next_asked(id_of(1)).empty());
}

BOOST_AUTO_TEST_CASE(check_and_init_say_what_is_there_and_what_to_do) {
    const temp_directory directory;
    const auto run = [&directory](const std::string& option, const std::string& url) {
        write_file(directory / "url", url);
        BOOST_REQUIRE(run_program({"chmod", "600", directory / "url"}).exit_status == 0);
        return run_program({hookd_nats(), option, directory / "url"});
    };
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
