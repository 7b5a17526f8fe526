// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, section 6: the journal, and what is asked of it: `history`, `trace`, `replay`.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

/// A daemon that keeps a journal.
struct journalled {
    explicit journalled(std::vector<std::string> options = {}) {
        options.insert(options.end(), {"--journal", file});
        daemon.emplace(directory / "s", std::move(options));
    }

    temp_directory directory{};
    std::string file = directory / "journal.db";
    std::optional<test_daemon> daemon{};
};

std::string id_params(const std::string& id) { return R"({"hook_event_id":")" + id + "\"}"; }

std::string replay_params(const std::string& id, const std::string& to) {
    return R"({"hook_event_id":")" + id + R"(","to":")" + to + "\"}";
}

/// Fires an event that `guard` replies to; returns its id.
std::string answered_event(test_daemon& daemon, wire_client& guard, const std::string& event, const std::string& reply,
    const std::string& payload = "{}") {
    auto emitter = daemon.connect();
    const auto request = send_emit_and_wait(emitter, event, R"("payload":)" + payload);
    const auto id = guard.next_event().string("/params/hook_event_id");
    respond(guard, id, R"("response":)" + reply);
    emitter.response_to(request);
    return id;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_suite)

BOOST_AUTO_TEST_CASE(history_has_the_verdicts_newest_first) {
    journalled with;
    auto guard = with.daemon->connect();
    subscribe(guard, "*", R"("name":"guard")");
    answered_event(*with.daemon, guard, "git.pre_commit", "{}");
    answered_event(*with.daemon, guard, "git.pre_push", R"({"abort":"no \"way\"","big":12345678901234567890123})");
    auto peer = with.daemon->connect(framing::line);
    emit(peer, "told");
    const auto answer = peer.call("history");
    BOOST_TEST(answer.at("/result/more").as_bool() == false);
    const auto first = answer.at("/result/verdicts/0");
    BOOST_TEST(
        members_of(first) == "abort elapsed_ms emitted_at event hook_event_id instance missing outcome responses seq");
    BOOST_TEST(text_at(first, "/event") == "git.pre_push");
    BOOST_TEST(text_at(first, "/abort") == "no \"way\"");
    BOOST_TEST(text_at(first, "/responses/0/responder") == "guard");
    BOOST_TEST(answer.text.find("12345678901234567890123") != std::string::npos);  // byte for byte
    BOOST_TEST(size_at(answer.at("/result"), "/verdicts") == 2u);
    const auto count = [&peer](
                           const std::string& params) { return size_at(peer.result("history", params), "/verdicts"); };
    BOOST_TEST(count(R"({"vetoed":true})") == 1u);
    BOOST_TEST(count(R"({"event":"git.*"})") == 2u);
    BOOST_TEST(count(R"({"event":"git.pre_p*"})") == 1u);
    BOOST_TEST(count(R"({"responder":"guard"})") == 2u);
    BOOST_TEST(count(R"({"responder":"guar"})") == 0u);
    BOOST_TEST(count(R"({"since":"2001-01-01T00:00:00Z"})") == 2u);
    BOOST_TEST(count(R"({"since":"2100-01-01T00:00:00+01:00"})") == 0u);
    BOOST_TEST(count(R"({"before_seq":2})") == 1u);
    BOOST_TEST(count(R"({"limit":1})") == 1u);
    BOOST_TEST(bool_at(peer.result("history", R"({"limit":1})"), "/more"));
}

BOOST_AUTO_TEST_CASE(history_refuses_what_it_does_not_understand) {
    journalled with;
    auto peer = with.daemon->connect();
    for (const std::string params :
        {R"({"limit":0})", R"({"limit":1001})", R"({"since":"yesterday"})", R"({"event":"a b"})", R"({"responder":""})",
            R"({"vetoed":1})", R"({"before_seq":-1})", R"({"instance":"x"})", R"({"reponder":"x"})"}) {
        BOOST_TEST(peer.failure("history", params).error_code() == -32602, params);
    }
}

BOOST_AUTO_TEST_CASE(trace_has_one_event_whole) {
    journalled with;
    auto guard = with.daemon->connect();
    subscribe(guard, "*", R"("name":"guard")");
    auto slow = with.daemon->connect();
    subscribe(slow, "*", R"("name":"slow")");
    auto watcher = with.daemon->connect();
    subscribe(watcher, "*", R"("name":"watcher","responds":false)");
    auto emitter = with.daemon->connect();
    const auto request = send_emit_and_wait(
        emitter, "e", R"("payload":{"n": 1.0},"timeout_ms":200,"policy":"all","failure_policy":"closed")");
    const auto id = guard.next_event().string("/params/hook_event_id");
    respond(guard, id, R"("response":{"note":"fine"})");
    slow.next_event();
    watcher.next_event();
    emitter.response_to(request);
    const auto answer = emitter.call("trace", id_params(id));
    const auto trace = answer.at("/result");
    BOOST_TEST(text_at(trace, "/event") == "e");
    BOOST_TEST(int_at(trace, "/emitter/pid") == ::getpid());
    BOOST_TEST(int_at(trace, "/emitter/uid") == static_cast<std::int64_t>(::getuid()));
    BOOST_TEST(text_at(trace, "/emitter/program") + "\n" == read_file("/proc/self/comm"));
    BOOST_TEST(answer.raw({"result", "payload"}) == R"({"n": 1.0})");
    BOOST_TEST(size_at(trace, "/handed") == 3u);
    for (const std::string place : {"/handed/0", "/handed/1", "/handed/2"}) {
        BOOST_TEST(number_at(trace, place + "/after_ms") >= 0);
        BOOST_TEST(bool_at(trace, place + "/asked") == (text_at(trace, place + "/to") != "watcher"));
    }
    BOOST_TEST(text_at(trace, "/responses/0/response/note") == "fine");
    BOOST_TEST(text_at(trace, "/missing/0/responder") == "slow");
    BOOST_TEST(text_at(trace, "/verdict/outcome") == "timeout");
    BOOST_TEST(!text_at(trace, "/verdict/abort").empty());
}

BOOST_AUTO_TEST_CASE(trace_knows_told_and_cancelled_events) {
    journalled with;
    auto peer = with.daemon->connect();
    const auto told = text_at(emit(peer, "told", "[1]"), "/hook_event_id");
    const auto trace = peer.result("trace", id_params(told));
    BOOST_TEST(!bool_at(trace, "/expects_response"));
    BOOST_TEST(value_at(trace, "/verdict").is_null());
    BOOST_TEST(int_at(trace, "/subscribers") == 0);
    auto guard = with.daemon->connect();
    subscribe(guard);
    std::string id;
    {
        auto gone = with.daemon->connect();
        send_emit_and_wait(gone, "e");
        id = guard.next_event().string("/params/hook_event_id");
    }
    with.daemon->wait_for_stat("/waiting", 0);
    BOOST_TEST(text_at(peer.result("trace", id_params(id)), "/ended") == "cancelled");
}

BOOST_AUTO_TEST_CASE(an_unknown_id_is_refused_and_the_journal_named) {
    journalled with;
    auto peer = with.daemon->connect();
    for (const std::string method : {"trace", "replay"}) {
        for (const std::string id : {"00000000-0000-4000-8000-000000000000", "no-uuid"}) {
            const auto refused = peer.failure(method, method == "trace" ? id_params(id) : replay_params(id, "guard"));
            BOOST_TEST(refused.error_code() == -32602);
            BOOST_TEST(refused.error_message().find("journal") != std::string::npos);
        }
    }
    BOOST_TEST(peer.failure("trace").error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(without_a_journal_there_is_a_sentence_that_says_so) {
    for (const auto& options : {std::vector<std::string>{}, std::vector<std::string>{"--journal", "off"}}) {
        test_daemon daemon{options};
        auto peer = daemon.connect();
        const std::string id = "00000000-0000-4000-8000-000000000000";
        for (const auto& refused : {peer.failure("history"), peer.failure("trace", id_params(id)),
                 peer.failure("replay", replay_params(id, "x"))}) {
            BOOST_TEST(refused.error_code() == -32602);
            BOOST_TEST(refused.error_message().find("--journal") != std::string::npos);
        }
        BOOST_TEST(value_at(daemon.stats(), "/journal/file").is_null());
    }
}

BOOST_AUTO_TEST_CASE(it_outlives_a_daemon_that_is_killed) {
    journalled with;
    {
        auto guard = with.daemon->connect();
        subscribe(guard);
        answered_event(*with.daemon, guard, "e", R"({"abort":"no"})");
        BOOST_TEST(size_at(guard.result("history"), "/verdicts") == 1u);
    }
    with.daemon->kill();
    with.daemon.emplace(with.directory / "s", std::vector<std::string>{"--journal", with.file});
    auto peer = with.daemon->connect();
    BOOST_TEST(text_at(peer.result("history"), "/verdicts/0/abort") == "no");
    BOOST_TEST(int_at(with.daemon->stats(), "/journal/events") == 1);
}

BOOST_AUTO_TEST_CASE(the_default_socket_has_one_beside_the_registry_and_another_has_none) {
    temp_directory directory;
    const spawn_options where{
        .environment = {{"XDG_RUNTIME_DIR", directory.path()}, {"XDG_STATE_HOME", directory / "state"}}};
    {
        test_daemon daemon{directory / "hookd/hookd.sock", {}, where};
        auto peer = daemon.connect();
        emit(peer, "e");
        BOOST_TEST(size_at(peer.result("history"), "/verdicts") == 0u);
        struct stat found {};
        BOOST_REQUIRE(::stat((directory / "state/hookd/journal.db").c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 0777) == 0600u);
    }
    test_daemon other{directory / "s", {}, where};
    auto peer = other.connect();
    BOOST_TEST(peer.failure("history").error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(a_default_journal_that_cannot_be_made_is_a_warning) {
    temp_directory directory;
    write_file(directory / "state", "a file where a directory should be");
    const spawn_options where{
        .environment = {{"XDG_RUNTIME_DIR", directory.path()}, {"XDG_STATE_HOME", directory / "state"}}};
    test_daemon daemon{directory / "hookd/hookd.sock", {"--registry", directory / "r"}, where};
    daemon.process().wait_for_err("there is no journal");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_journal_is_refused_at_the_start) {
    temp_directory directory;
    const auto file = directory / "notes.txt";
    write_file(file,
        "not a journal, and long enough to be looked at as the header of a database file, which has a hundred bytes\n");
    for (const std::string check : {"", "--check"}) {
        std::vector<std::string> arguments{"--socket", directory / "s", "--journal", file};
        if (!check.empty()) {
            arguments.push_back(check);
        }
        const auto refused = run_hookd(arguments);
        BOOST_TEST(refused.exit_status == 2);
        BOOST_TEST(refused.err.find(file) != std::string::npos, refused.err);
        BOOST_TEST(refused.err.find("--journal off") != std::string::npos, refused.err);
    }
    BOOST_TEST(read_file(file).starts_with("not a journal"));
    BOOST_TEST(run_hookd({"--check", "--socket", directory / "s", "--journal", directory / "none"}).exit_status == 0);
    BOOST_TEST(!std::filesystem::exists(directory / "none"));
}

BOOST_AUTO_TEST_CASE(a_full_disk_fails_no_event) {
    journalled with;
    auto guard = with.daemon->connect();
    subscribe(guard, "*", R"("name":"guard")");
    const rlimit full{100'000, RLIM_INFINITY};
    BOOST_REQUIRE(::prlimit(with.daemon->pid(), RLIMIT_FSIZE, &full, nullptr) == 0);
    const auto payload = json_string(std::string(40'000, 'x'));
    for (int i = 0; i < 20; ++i) {
        answered_event(*with.daemon, guard, "e", R"({"abort":"no"})", payload);
    }
    eventually("it counts what it cannot keep", [&] { return int_at(with.daemon->stats(), "/journal/dropped") > 0; });
    with.daemon->process().wait_for_err("the journal cannot be written");
    const rlimit freed{RLIM_INFINITY, RLIM_INFINITY};
    BOOST_REQUIRE(::prlimit(with.daemon->pid(), RLIMIT_FSIZE, &freed, nullptr) == 0);
    eventually("it keeps events again", [&] {
        const auto id = answered_event(*with.daemon, guard, "f", "{}");
        return guard.call("trace", id_params(id)).error_code() == 0;
    });
}

BOOST_AUTO_TEST_CASE(a_replay_goes_to_that_responder_alone_and_decides_nothing) {
    journalled with;
    auto guard = with.daemon->connect();
    subscribe(guard, "*", R"("name":"guard")");
    const auto id = answered_event(*with.daemon, guard, "e", R"({"abort":"no"})", R"({"a": 1})");
    auto other = with.daemon->connect();
    subscribe(other, "*", R"("name":"other")");
    auto peer = with.daemon->connect();
    const auto request = peer.send_request("replay", replay_params(id, "guard"));
    const auto again = guard.next_event();
    BOOST_TEST(again.at("/params/replayed").as_bool());
    BOOST_TEST(again.string("/params/hook_event_id") == id);
    BOOST_TEST(again.raw({"params", "payload"}) == R"({"a": 1})");
    BOOST_TEST(bool_at(respond(guard, id, R"("response":{"abort":"still no"})"), "/accepted"));
    const auto answer = peer.response_to(request);
    BOOST_TEST(answer.string("/result/response/abort") == "still no");
    BOOST_TEST(answer.at("/result/elapsed_ms").to_number<double>() >= 0);
    const auto stats = peer.result("stats");
    BOOST_TEST(int_at(stats, "/verdicts/vetoed") == 1);
    BOOST_TEST(int_at(stats, "/hooks/guard/asked") == 1);
    BOOST_TEST(int_at(stats, "/head_seq") == 1);
    BOOST_TEST(size_at(peer.result("history"), "/verdicts") == 1u);
    BOOST_TEST(size_at(peer.result("trace", id_params(id)), "/handed") == 1u);
    emit(peer, "next");
    BOOST_TEST(other.next_event().string("/params/event") == "next");
}

BOOST_AUTO_TEST_CASE(a_registered_hook_can_be_replayed_to) {
    journalled with;
    auto peer = with.daemon->connect();
    const std::string echo = R"j(printf '{"abort":"%s"}' "$(cat)")j";
    peer.result(
        "register_hook", R"({"name":"checker","events":["e"],"command":["sh","-c",)" + json_string(echo) + "]}");
    const auto id = peer.response_to(send_emit_and_wait(peer, "e", R"("payload":7)")).string("/result/hook_event_id");
    const auto again = peer.result("replay", replay_params(id, "checker"));
    BOOST_TEST(text_at(again, "/response/abort") == "7");
}

BOOST_AUTO_TEST_CASE(a_replay_to_one_that_is_gone_says_so) {
    journalled with;
    std::string id;
    {
        auto guard = with.daemon->connect();
        subscribe(guard, "*", R"("name":"guard")");
        id = answered_event(*with.daemon, guard, "e", "{}");
    }
    with.daemon->wait_for_stat("/subscribers", 0);
    auto peer = with.daemon->connect();
    const auto refused = peer.failure("replay", replay_params(id, "guard"));
    BOOST_TEST(refused.error_code() == -32602);
    BOOST_TEST(refused.error_message().find("'guard'") != std::string::npos);
    auto guard = with.daemon->connect();
    subscribe(guard, "*", R"("name":"guard")");
    const auto request = peer.send_request("replay", replay_params(id, "guard"));
    guard.next_event();
    guard.close();
    BOOST_TEST(peer.response_to(request).string("/result/failed") == "left");
}

BOOST_AUTO_TEST_CASE(secrets_of_the_catalog_are_kept_out_of_it) {
    temp_directory catalog;
    write_file(catalog / "login.json",
        R"({"name":"login","payload_schema":{"properties":{"user":{},"token":{"x-secret":true},"deep":{"$ref":"#/definitions/d"}},
                   "definitions":{"d":{"items":{"properties":{"key":{"type":"string","x-secret":true}}}}}},
                   "response_schema":{"properties":{"session":{"x-secret":true}}}})");
    journalled with{{"--catalog", catalog.path()}};
    auto guard = with.daemon->connect();
    subscribe(guard, "*", R"("name":"guard","verdicts":true)");
    auto emitter = with.daemon->connect();
    const auto request = send_emit_and_wait(
        emitter, "login", R"("payload":{"user":"ann","token":"hunter2","deep":[{"key":"hunter3"}]})");
    const auto asked = guard.next_event();
    BOOST_TEST(asked.text.find("hunter2") != std::string::npos);  // the hook sees it
    const auto id = asked.string("/params/hook_event_id");
    respond(guard, id, R"("response":{"session":"hunter4","ok":true})");
    BOOST_TEST(emitter.response_to(request).text.find("hunter4") != std::string::npos);
    const auto verdict = guard.next_notification();
    BOOST_TEST(verdict.method() == "verdict");
    const auto trace = emitter.call("trace", id_params(id));
    BOOST_TEST(trace.raw({"result", "payload"}) == R"({"user":"ann","token":"…","deep":[{"key":"…"}]})");
    for (const auto& text : {trace.text, verdict.text, emitter.call("history").text}) {
        BOOST_TEST(text.find("hunter") == std::string::npos, text);
        BOOST_TEST(text.find("…") != std::string::npos, text);
    }
    const auto chain = send_emit_and_wait(emitter, "login", R"("policy":"chain","payload":{"user":"ann"})");
    const auto turn = guard.next_event().string("/params/hook_event_id");
    respond(guard, turn, R"("response":{"payload":{"user":"ann","token":"hunter5"}})");
    BOOST_TEST(emitter.response_to(chain).text.find("hunter5") != std::string::npos);
    BOOST_TEST(emitter.call("trace", id_params(turn)).text.find("hunter") == std::string::npos);
    const auto refused = send_emit_and_wait(emitter, "login", R"("payload":{"deep":[{"key":4711}]})");
    const auto why = emitter.response_to(refused);
    BOOST_TEST(why.error_message().find("/deep/0/key must be a string") != std::string::npos, why.text);
    BOOST_TEST(why.text.find("4711") == std::string::npos, why.text);
    with.daemon->stop();
    BOOST_TEST(read_file(with.file).find("hunter") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(who_may_only_emit_may_not_read_it) {
    if (::geteuid() != 0) {
        return;  // another user is needed
    }
    constexpr uid_t other = 12345;
    journalled with{{"--allow-user", std::to_string(other) + ":emit"}};
    ::chmod(with.directory.path().c_str(), 0711);
    ::chmod((with.directory / "s").c_str(), 0666);
    wire_client peer{connect_as(other, with.directory / "s")};
    BOOST_TEST(peer.failure("history").error_code() == -32003);
    BOOST_TEST(
        peer.failure("replay", replay_params("00000000-0000-4000-8000-000000000000", "x")).error_code() == -32003);
}

BOOST_AUTO_TEST_SUITE_END()
