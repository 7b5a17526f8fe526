// SPDX-License-Identifier: BSL-1.0
// Two daemons with their real link programs on real engines: what an emitter on one host sees of hooks on the other,
// while these, their daemon, its helper and the engine live, hang and die (the failure matrix, from end to end).
#include "engines.hpp"

#include "support/json_access.hpp"
#include "support/parallel.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <tuple>

using namespace hookd::test;
namespace utf = boost::unit_test;

namespace {

constexpr int short_lease = 1'500;

/// Host a, where events are fired, and host b, which has the hook `gate`.
template <class Engine>
struct two_hosts {
    explicit two_hosts(int lease_ms = 15'000, const spawn_options& of_a = {}, const spawn_options& of_b = {})
        : a("a", {file_a.path()}, lease_ms, of_a), b("b", {file_b.path()}, lease_ms, of_b) {
        a.await_up();
        b.await_up();
    }

    Engine engine{};
    url_file file_a{engine.url_of("a")};
    url_file file_b{engine.url_of("b")};
    clustered_host a;
    clustered_host b;
};

/// "host/name: why; …"
std::string missing_of(const wire_message& verdict) {
    std::string text;
    const auto missing = verdict.at("/result/missing");
    for (const auto& each : missing.as_array()) {
        text += (text.empty() ? "" : "; ") + (has_at(each, "/host") ? text_at(each, "/host") + "/" : std::string{}) +
                text_at(each, "/responder") + ": " + text_at(each, "/why");
    }
    return text;
}

void answer(wire_client& hook, const std::string& response = "{}") {
    respond(hook, hook.next_event().string("/params/hook_event_id"), R"("response":)" + response);
}

/// How much later than this machine's clock a time in RFC 3339 is.
std::chrono::minutes ahead_of_now(const std::string& time) {
    std::tm parts{};
    ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    const auto at = std::chrono::system_clock::from_time_t(::timegm(&parts));
    return std::chrono::round<std::chrono::minutes>(at - std::chrono::system_clock::now());
}

std::string clock_library() {
    for (const auto& each : std::filesystem::directory_iterator{"/usr/lib"}) {
        const auto library = each.path() / "faketime/libfaketime.so.1";
        if (std::filesystem::exists(library)) {
            return library;
        }
    }
    return {};
}

boost::test_tools::assertion_result with_wrong_clocks(utf::test_unit_id unit) {
    auto result = with_both_engines(unit);
    if (result && (clock_library().empty() || hookd_is_sanitized())) {
        result = boost::test_tools::assertion_result(false);
        result.message() << "SKIPPED: no faketime (apt-get install faketime), or a daemon with a sanitizer, beside "
                            "which it cannot be loaded";
    }
    return result;
}

spawn_options with_clock(const std::string& offset) {
    spawn_options options;
    options.environment = {
        {"LD_PRELOAD", clock_library()}, {"FAKETIME", offset}, {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
    return options;
}

using engines = std::tuple<on_postgres, on_nats>;

}  // namespace

BOOST_AUTO_TEST_SUITE(hosts, *utf::precondition(with_both_engines))

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_on_host_b_vetoes_an_event_of_host_a, Engine, engines) {
    two_hosts<Engine> with;
    auto gate = with.b.hook("gate");
    auto emitter = with.a.daemon().connect();
    const std::string payload = R"({ "n": 1.50, "n":10000000000000000000000001, "s":"\u00e9" })";
    const auto request = with.a.ask(emitter, "pre_deploy", R"("payload":)" + payload);
    const auto event = gate.next_event();
    BOOST_TEST(event.string("/params/host") == "a");
    BOOST_TEST(event.raw({"params", "payload"}) == payload);
    respond(gate, event.string("/params/hook_event_id"), R"("response":{"abort": "not on b"})");
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/abort") == "not on b");
    BOOST_TEST(verdict.string("/result/responses/0/host") == "b");
    BOOST_TEST(verdict.raw({"result", "responses"}).find(R"({"abort": "not on b"})") != std::string::npos);

    eventually("a knows of b's hook", [&] {
        return with.a.hookctl({"who", "--scope", "cluster", "pre_deploy"}).out.find(R"("gate")") != std::string::npos;
    });
    BOOST_TEST(with.a.hookctl({"hosts"}).out.find(R"("host":"b")") != std::string::npos);
    BOOST_TEST(with.a.hookctl({"doctor"}).out.find("host a is up, with 1 other host") != std::string::npos);
    const auto stats = with.a.daemon().stats();
    BOOST_TEST(int_at(stats, "/cluster/asked") == 1);
    BOOST_TEST(int_at(stats, "/cluster/failed") == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_told_event_arrives_and_one_that_cannot_be_told_is_not_fired, Engine, engines) {
    two_hosts<Engine> with;
    auto listener = with.b.daemon().connect();
    subscribe(listener, "note", R"("scope":"cluster","responds":false)");
    auto local = with.a.daemon().connect();
    subscribe(local, "note", R"("responds":false)");
    auto emitter = with.a.daemon().connect();
    emitter.result("emit", R"({"event":"note","scope":"cluster","payload":[1.50]})");
    BOOST_TEST(listener.next_event().raw({"params", "payload"}) == "[1.50]");
    BOOST_TEST(local.next_event().raw({"params", "payload"}) == "[1.50]");
    with.engine.kill();
    const finally again{[&with] { with.engine.start(); }};
    with.a.await_down();
    const auto begun = std::chrono::steady_clock::now();
    BOOST_TEST(emitter.failure("emit", R"({"event":"note","scope":"cluster"})").error_code() == -32007);
    BOOST_TEST((std::chrono::steady_clock::now() - begun < 5s));
    BOOST_TEST(!local.has_message());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_engine_that_dies_leaves_local_vetoes_standing, Engine, engines) {
    two_hosts<Engine> with;
    auto gate = with.b.hook("gate");
    auto local = with.a.hook("local");
    auto emitter = with.a.daemon().connect();
    auto request = with.a.ask(emitter);
    (void)gate.next_event();
    const auto id = local.next_event().string("/params/hook_event_id");
    with.engine.kill();
    const finally again{[&with] { with.engine.start(); }};
    respond(local, id, R"("response":{"abort":"local"})");
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "local");
    with.a.await_down();
    request = with.a.ask(emitter);
    answer(local);
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(missing_of(verdict).starts_with("cluster: failed: "), missing_of(verdict));
    BOOST_TEST(verdict.string("/result/abort") != "");  // the emitter fails closed
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_daemon_that_is_killed_has_left_at_once, Engine, engines) {
    two_hosts<Engine> with;
    auto gate = with.b.hook("gate");
    auto emitter = with.a.daemon().connect();
    const auto request = with.a.ask(emitter);
    (void)gate.next_event();
    const auto begun = std::chrono::steady_clock::now();
    with.b.daemon().kill();
    const auto verdict = emitter.response_to(request);
    BOOST_TEST((std::chrono::steady_clock::now() - begun < 5s));  // the lease is 15 s
    BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
    BOOST_TEST(missing_of(verdict) == "b/gate: left");
    BOOST_TEST(verdict.string("/result/abort") != "");
    BOOST_TEST(emitter.response_to(with.a.ask(emitter)).string("/result/outcome") == "no_subscribers");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_that_dies_has_left_at_once, Engine, engines) {
    two_hosts<Engine> with;
    auto gate = with.b.hook("gate");
    auto emitter = with.a.daemon().connect();
    const auto request = with.a.ask(emitter);
    (void)gate.next_event();
    gate.close();
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
    BOOST_TEST(missing_of(verdict) == "b/gate: left");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_daemon_that_is_stopped_has_left_once_its_lease_is_over, Engine, engines) {
    two_hosts<Engine> with{short_lease};
    auto gate = with.b.hook("gate");
    auto emitter = with.a.daemon().connect();
    with.b.daemon().process().signal(SIGSTOP);
    const finally resume{[&with] { with.b.daemon().process().signal(SIGCONT); }};
    const auto verdict = emitter.response_to(with.a.ask(emitter));  // its helper lives on, and says nothing in its name
    BOOST_TEST(missing_of(verdict) == "b/gate: left");
    with.b.daemon().process().signal(SIGCONT);
    (void)gate.next_event();  // too late
    BOOST_TEST(gate.next_closed().string("/params/reason") == "gap");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_helper_that_is_killed_or_stopped_is_started_again, Engine, engines) {
    for (const int signal : {SIGKILL, SIGSTOP}) {
        two_hosts<Engine> with{short_lease};
        auto gate = with.b.hook("gate");
        auto emitter = with.a.daemon().connect();
        const auto request = with.a.ask(emitter);
        (void)gate.next_event();
        const auto before = with.b.helper();
        ::kill(before, signal);
        const auto verdict = emitter.response_to(request);
        BOOST_TEST(missing_of(verdict).starts_with("b/gate: "), missing_of(verdict));
        BOOST_TEST(verdict.string("/result/abort") != "");
        eventually("another helper runs", [&] { return with.b.helper() != before; });
        with.b.await_up();
        gate = with.b.hook("gate");
        const auto again = with.a.ask(emitter);
        answer(gate, R"({"abort":"again"})");
        BOOST_TEST(emitter.response_to(again).string("/result/abort") == "again");
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_helper_of_the_emitters_host_dies_and_open_waits_fail, Engine, engines) {
    two_hosts<Engine> with;
    auto gate = with.b.hook("gate");
    auto emitter = with.a.daemon().connect();
    const auto request = with.a.ask(emitter);
    (void)gate.next_event();
    ::kill(with.a.helper(), SIGKILL);
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(missing_of(verdict).ends_with("cluster: failed: the helper has ended"), missing_of(verdict));
    with.a.await_up();
    const auto again = with.a.ask(emitter);
    answer(gate);
    BOOST_TEST(emitter.response_to(again).string("/result/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(clusters_beside_each_other_take_each_their_events) {
    on_postgres first;
    on_nats second;
    const url_file first_a{first.url_of("a")};
    const url_file first_b{first.url_of("b")};
    const url_file second_url{second.url_of("")};
    clustered_host a{"a", {first_a.path() + ",events=deploy.*", second_url.path() + ",events=build.*:release"}};
    clustered_host b{"b", {first_b.path() + ",events=deploy.*", second_url.path() + ",events=build.*:release"}};
    a.await_up();
    b.await_up();
    auto gate = b.hook("gate", "*");
    auto emitter = a.daemon().connect();
    for (const char* const event : {"deploy.web", "build.web", "release"}) {
        const auto request = a.ask(emitter, event);
        answer(gate, R"({"abort":"not )" + std::string{event} + "\"}");
        BOOST_TEST(emitter.response_to(request).string("/result/abort") == std::string{"not "} + event);
    }
    BOOST_TEST(emitter.response_to(a.ask(emitter, "other")).error_code() == -32007);
    second.kill();
    eventually("the second is down", [&] { return text_at(a.daemon().stats(), "/cluster/links/1/state") != "up"; });
    auto request = a.ask(emitter, "build.web");
    BOOST_TEST(missing_of(emitter.response_to(request)).starts_with("cluster: failed: "));
    request = a.ask(emitter, "deploy.web");
    answer(gate, R"({"abort":"still there"})");
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "still there");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(wrong_clocks, *utf::precondition(with_wrong_clocks))

// Deadlines and leases are counted by the engine's clock or by none.
BOOST_AUTO_TEST_CASE_TEMPLATE(clocks_an_hour_apart_change_nothing, Engine, engines) {
    two_hosts<Engine> with{short_lease, with_clock("+3600"), with_clock("-3600")};
    auto gate = with.b.hook("gate");
    auto emitter = with.a.daemon().connect();
    auto request = with.a.ask(emitter);
    const auto event = gate.next_event();
    BOOST_TEST(ahead_of_now(event.string("/params/emitted_at")).count() == 60);  // it is a's time, and says so
    BOOST_TEST(event.integer("/params/timeout_ms") > 20'000);
    respond(gate, event.string("/params/hook_event_id"), R"("response":{"abort":"no"})");
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "no");
    const auto begun = std::chrono::steady_clock::now();
    request = with.a.ask(emitter, "pre_deploy", R"("timeout_ms":2000)");
    const auto late = emitter.response_to(request);
    BOOST_TEST(late.string("/result/outcome") == "timeout");
    BOOST_TEST(missing_of(late) == "b/gate: timeout");  // longer than the lease, and b is still there
    BOOST_TEST((std::chrono::steady_clock::now() - begun >= 2s));
    BOOST_TEST(int_at(with.a.daemon().stats(), "/cluster/gaps") == 0);
    BOOST_TEST(int_at(with.b.daemon().stats(), "/cluster/gaps") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
