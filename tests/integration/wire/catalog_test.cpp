// SPDX-License-Identifier: BSL-1.0
// A daemon with a catalog: -32004 for what it does not know, schemas of payloads and replies, defaults, SIGHUP,
// --check.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

namespace {

const std::string pre_push = R"({
  "name": "pre_push",
  "payload_schema": {"type": "object", "required": ["branch"], "properties": {"branch": {"type": "string"}, "n": {"type": "integer"}}},
  "response_schema": {"properties": {"tickets": {"type": "array"}}},
  "timeout_ms": 86400000,
  "policy": "all",
  "failure_policy": "closed"
})";

struct catalogued_daemon {
    temp_directory directory{};
    test_daemon daemon;

    catalogued_daemon() : daemon((prepare(), std::vector<std::string>{"--catalog", directory.path()})) {}

    void prepare() const {
        write_file(directory / "pre_push.json", pre_push);
        write_file(directory / "post_push.json", R"({"name":"post_push"})");
        write_file(directory / "merge.json",
            R"({"name":"merge","policy":"chain","timeout_ms":5000,"require":["guard"],)"
            R"("payload_schema":{"required":["branch"]}})");
    }
    void reload() {
        const auto before = daemon.log().size();
        daemon.process().signal(SIGHUP);
        eventually("it has read its catalog", [&] {
            const auto log = daemon.log();
            const auto said =
                std::min(log.find("SIGHUP: ", before), log.size());  // the start's own "knows" may be seen only now
            return log.find("knows", said) != std::string::npos || log.find("stay in force", said) != std::string::npos;
        });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(catalog_suite)

BOOST_AUTO_TEST_CASE(an_unknown_event_is_refused_with_the_nearest_name) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    for (const char* method : {"emit", "emit_and_wait"}) {
        const auto refused = peer.failure(method, R"({"event":"pre_psuh","payload":{"branch":"a"}})");
        BOOST_TEST(refused.error_code() == -32004);
        BOOST_TEST(refused.error_message().find("pre_push") != std::string::npos);
        BOOST_TEST(refused.string("/error/data/event") == "pre_psuh");
        BOOST_TEST(refused.string("/error/data/nearest") == "pre_push");
    }
    BOOST_TEST(int_at(with.daemon.stats(), "/head_seq") == 0);
}

BOOST_AUTO_TEST_CASE(a_subscription_that_can_match_nothing_is_refused) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    BOOST_TEST(
        peer.failure("subscribe", R"({"events":["pre_push","pre_psuh"]})").string("/error/data/nearest") == "pre_push");
    BOOST_TEST(peer.failure("subscribe", R"({"events":["deploy_*"]})").string("/error/data/pattern") == "deploy_*");
    peer.result("subscribe", R"({"events":["p*_push"]})");
    emit(peer, "post_push");
    BOOST_TEST(peer.next_event().string("/params/event") == "post_push");
}

BOOST_AUTO_TEST_CASE(a_hook_for_an_unknown_event_is_refused_with_the_nearest_name) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    const auto refused = peer.failure("register_hook", R"({"name":"h","command":["true"],"events":["pre_psuh"]})");
    BOOST_TEST(refused.error_code() == -32004);
    BOOST_TEST(refused.error_message().find("parameter 'events': ") != std::string::npos);
    BOOST_TEST(refused.string("/error/data/nearest") == "pre_push");
    BOOST_TEST(peer.failure("register_hook", R"({"name":"h","command":["true"],"events":["deploy_*"]})")
                   .string("/error/data/pattern") == "deploy_*");
    BOOST_TEST(size_at(peer.result("list_hooks"), "/hooks") == 0U);
}

BOOST_AUTO_TEST_CASE(a_payload_that_breaks_its_schema_is_refused_with_place_and_rule) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    const auto refused = peer.failure("emit", R"({"event":"pre_push","payload":{"branch":7}})");
    BOOST_TEST(refused.error_code() == -32004);
    BOOST_TEST(refused.string("/error/data/in") == "payload");
    BOOST_TEST(refused.string("/error/data/pointer") == "/branch");
    BOOST_TEST(refused.string("/error/data/rule") == "type");
    BOOST_TEST(refused.error_message().find("/branch must be a string") != std::string::npos);
    BOOST_TEST(peer.failure("emit_and_wait", R"({"event":"pre_push"})").string("/error/data/rule") == "required");
}

BOOST_AUTO_TEST_CASE(a_payload_that_was_checked_is_passed_on_byte_for_byte) {
    catalogued_daemon with;
    auto hook = with.daemon.connect();
    subscribe(hook);
    auto peer = with.daemon.connect();
    const std::string payload = R"({ "n": 123456789012345678901234567890.0, "branch":"\u0061" , "n":1 })";
    emit(peer, "pre_push", payload);
    BOOST_TEST(hook.next_event().raw({"params", "payload"}) == payload);
}

BOOST_AUTO_TEST_CASE(a_reply_that_breaks_its_schema_leaves_the_slot_open) {
    catalogued_daemon with;
    auto hook = with.daemon.connect();
    subscribe(hook, "pre_push");
    auto tool = with.daemon.connect();
    const auto id = send_emit_and_wait(tool, "pre_push", R"("payload":{"branch":"a"})");
    const auto event = hook.next_event();
    BOOST_TEST(event.integer("/params/timeout_ms") == 86400000);
    const auto event_id = event.string("/params/hook_event_id");
    const auto refused = hook.failure("respond", R"({"hook_event_id":")" + event_id + R"(","response":{"tickets":7}})");
    BOOST_TEST(refused.error_code() == -32004);
    BOOST_TEST(refused.string("/error/data/in") == "response");
    BOOST_TEST(refused.string("/error/data/pointer") == "/tickets");
    BOOST_TEST(int_at(with.daemon.stats(), "/waiting") == 1);
    // The same hook may still say something else.
    BOOST_TEST(bool_at(respond(hook, event_id, R"("response":{"tickets":[7]})"), "/accepted"));
    BOOST_TEST(tool.response_to(id).string("/result/outcome") == "answered");
    // What nobody waits for is not checked: the reason says more.
    BOOST_TEST(text_at(respond(hook, event_id, R"("response":{"tickets":7})"), "/reason") == "answered");
}

BOOST_AUTO_TEST_CASE(the_catalog_gives_defaults_that_a_request_overrides) {
    catalogued_daemon with;
    auto tool = with.daemon.connect();
    const auto verdict = [&](const std::string& more) {
        return text_at(
            tool.result("emit_and_wait", R"({"event":"pre_push","payload":{"branch":"a"})" + more + "}"), "/abort");
    };
    BOOST_TEST(!verdict("").empty());  // closed
    BOOST_TEST(verdict(R"(,"failure_policy":"open")").empty());
    BOOST_TEST(verdict(R"(,"failure_policy":"open","policy":"first","timeout_ms":1000)").empty());

    // Under "all" a first reply does not decide.
    auto one = with.daemon.connect();
    auto two = with.daemon.connect();
    subscribe(one);
    subscribe(two);
    const auto id = send_emit_and_wait(tool, "pre_push", R"("payload":{"branch":"a"})");
    const auto event_id = one.next_event().string("/params/hook_event_id");
    respond(one, event_id);
    respond(two, event_id);
    BOOST_TEST(tool.response_to(id).at("/result/responses").as_array().size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_catalog_may_require_responders) {
    catalogued_daemon with;
    auto tool = with.daemon.connect();
    const auto missing =
        tool.result("emit_and_wait", R"({"event":"merge","payload":{"branch":"a"},"require":["lint"]})");
    BOOST_TEST((value_at(missing, "/missing") ==
                json_of(R"([{"responder":"lint","why":"absent"},{"responder":"guard","why":"absent"}])")));
    BOOST_TEST(text_at(missing, "/abort").find("guard") != std::string::npos);
    const auto who = tool.result("who", R"({"event":"merge"})");
    BOOST_TEST((value_at(who, "/require") == json_of(R"(["guard"])")));
    BOOST_TEST(text_at(who, "/policy") == "chain");
    BOOST_TEST(int_at(who, "/timeout_ms") == 5000);
    BOOST_TEST(tool.failure("who", R"({"event":"mergr"})").error_code() == -32004);
}

BOOST_AUTO_TEST_CASE(what_the_catalog_asks_for_is_asked_of_a_reserved_reply) {
    catalogued_daemon with;
    auto tool = with.daemon.connect();
    const auto reserved =
        tool.result("emit", R"({"event":"merge","payload":{"branch":"a"},"reserve_ms":60000})").at("hook_event_id");
    respond(tool, std::string{reserved.as_string()});
    const auto verdict = tool.result("await_response", R"({"hook_event_id":)" + serialize(reserved) + "}");
    BOOST_TEST(text_at(verdict, "/outcome") == "answered");
    BOOST_TEST(text_at(verdict, "/abort").find("guard") != std::string::npos);

    const auto closed =
        tool.result("emit", R"({"event":"pre_push","payload":{"branch":"a"},"reserve_ms":60000})").at("hook_event_id");
    const auto late = tool.result("await_response", R"({"timeout_ms":1,"hook_event_id":)" + serialize(closed) + "}");
    BOOST_TEST(text_at(late, "/outcome") == "timeout");
    BOOST_TEST(text_at(late, "/abort").find("timeout") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_payload_in_a_chain_that_its_schema_refuses_makes_its_author_a_failed_hook) {
    catalogued_daemon with;
    auto tool = with.daemon.connect();
    auto first = with.daemon.connect();
    subscribe(first, "merge", R"("name":"first")");
    auto guard = with.daemon.connect();
    subscribe(guard, "merge", R"("name":"guard")");
    const auto id = send_emit_and_wait(tool, "merge", R"("payload":{"branch":"a"})");
    const auto event_id = first.next_event().string("/params/hook_event_id");
    const auto refused =
        first.failure("respond", R"({"hook_event_id":")" + event_id + R"(","response":{"payload":{"brunch":1}}})");
    BOOST_TEST(refused.error_code() == -32004);
    const auto event = guard.next_event();
    BOOST_TEST(event.raw({"params", "payload"}) == R"({"branch":"a"})");
    respond(guard, event_id, R"("response":{"payload":{"branch":"b"}})");
    const auto verdict = tool.response_to(id);
    BOOST_TEST(verdict.string("/result/missing/0/responder") == "first");
    BOOST_TEST(verdict.string("/result/missing/0/why").starts_with("failed: its payload was refused: "));
    BOOST_TEST(verdict.raw({"result", "payload"}) == R"({"branch":"b"})");
    BOOST_TEST(verdict.string("/result/abort").empty());
}

BOOST_AUTO_TEST_CASE(a_retry_by_operation_id_is_the_same_with_defaults) {
    catalogued_daemon with;
    auto tool = with.daemon.connect();
    const std::string request =
        R"({"event":"pre_push","payload":{"branch":"a"},"operation_id":"4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a11"})";
    const auto first = tool.result("emit_and_wait", request);
    BOOST_TEST(text_at(tool.result("emit_and_wait", request), "/hook_event_id") == text_at(first, "/hook_event_id"));
}

BOOST_AUTO_TEST_CASE(schemas_are_told_as_they_were_written) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    const auto all = peer.result("get_hook_event_schema");
    BOOST_TEST(size_at(all, "/schemas") == 3U);
    BOOST_TEST(text_at(all, "/schemas/0/event") == "merge");
    const auto one = peer.result("get_hook_event_schema", R"({"event":"pre_push"})");
    BOOST_TEST(
        members_of(value_at(one, "/schemas/0")) == "description event payload_schema response_schema schema_version");
    BOOST_TEST(text_at(one, "/schemas/0/payload_schema/required/0") == "branch");
    BOOST_TEST(
        peer.failure("get_hook_event_schema", R"({"event":"pre_psuh"})").string("/error/data/nearest") == "pre_push");
}

BOOST_AUTO_TEST_CASE(payload_and_response_are_held_against_the_schemas) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    const std::string method = "get_hook_event_schema";
    BOOST_TEST(size_at(peer.result(method, R"({"event":"pre_push","payload":{"branch":"a"},"response":{}})"),
                   "/schemas") == 1U);
    const auto refused = peer.failure(method, R"({"event":"pre_push","payload":null})");
    BOOST_TEST(refused.error_code() == -32004);
    BOOST_TEST(
        refused.error_message() == peer.failure("emit", R"({"event":"pre_push","payload":null})").error_message());
    BOOST_TEST(
        peer.failure(method, R"({"event":"pre_psuh","payload":{}})").string("/error/data/nearest") == "pre_push");
    BOOST_TEST(peer.failure(method, R"({"payload":{}})").error_code() == -32602);
    BOOST_TEST(peer.failure(method, R"({"event":"pre_push","response":[]})").error_code() == -32602);
    test_daemon plain;
    auto other = plain.connect();
    BOOST_TEST(other.failure(method, R"({"event":"pre_push","payload":{}})").error_code() == -32004);
    BOOST_TEST(other.failure(method, R"({"response":{}})").error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(without_a_catalog_every_name_is_free) {
    test_daemon daemon;
    auto peer = daemon.connect();
    emit(peer, "whatever", "[1]");
    BOOST_TEST(size_at(peer.result("get_hook_event_schema"), "/schemas") == 0U);
    BOOST_TEST(peer.failure("get_hook_event_schema", R"({"event":"whatever"})").error_code() == -32004);
    const auto endless = peer.failure("get_hook_event_schema", R"({"event":")" + std::string(100'000, 'x') + R"("})");
    BOOST_TEST(endless.error_code() == -32004);
    BOOST_TEST(endless.error_message().size() < 1'000U);
    BOOST_TEST(endless.string("/error/data/event").size() < 200U);
}

BOOST_AUTO_TEST_CASE(sighup_reloads_the_catalog_and_a_bad_one_changes_nothing) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    write_file(with.directory / "deploy.json", R"({"name":"deploy"})");
    with.reload();
    emit(peer, "deploy");
    write_file(with.directory / "deploy.json", "{\"name\":\"deploy\",\n\"payload_schema\":{\"type\":\"strin\"}}");
    with.reload();
    with.daemon.process().wait_for_err("deploy.json:2: ");
    emit(peer, "deploy");
    std::filesystem::remove(with.directory / "deploy.json");
    with.reload();
    BOOST_TEST(peer.failure("emit", R"({"event":"deploy"})").error_code() == -32004);
}

BOOST_AUTO_TEST_CASE(a_retry_gets_its_result_though_the_event_has_left_the_catalog) {
    catalogued_daemon with;
    auto peer = with.daemon.connect();
    const auto operation = [](int number) {
        return R"(,"operation_id":"00000000-0000-4000-8000-00000000000)" + std::to_string(number) + "\"}";
    };
    const auto emitted = R"({"event":"post_push")" + operation(1);
    const auto waited = R"({"event":"post_push","timeout_ms":1,"require_subscriber":false)" + operation(2);
    const auto result = peer.result("emit", emitted);
    const auto verdict = peer.result("emit_and_wait", waited);
    std::filesystem::remove(with.directory / "post_push.json");
    with.reload();
    BOOST_TEST(peer.failure("emit", R"({"event":"post_push")" + operation(3)).error_code() == -32004);
    BOOST_TEST(peer.result("emit", emitted) == result);
    BOOST_TEST(peer.result("emit_and_wait", waited) == verdict);
}

BOOST_AUTO_TEST_CASE(check_and_start_refuse_a_bad_catalog_with_file_line_and_reason) {
    const temp_directory directory;
    write_file(directory / "a.json", R"({"name":"a"})");
    const auto run = [&directory](std::vector<std::string> arguments) {
        arguments.insert(
            arguments.begin(), {hookd_binary(), "--socket", directory / "s", "--catalog", directory.path()});
        return run_program(std::move(arguments), {}, {});
    };
    BOOST_TEST(run({"--check"}).exit_status == 0);
    write_file(directory / "b.json", "{\n  \"name\": \"b\",\n  \"timeout\": 5\n}");
    for (const auto& arguments : {std::vector<std::string>{"--check"}, std::vector<std::string>{}}) {
        const auto done = run(arguments);
        BOOST_TEST(done.exit_status == 2);
        BOOST_TEST(
            done.err.find((directory / "b.json") + ":3: unknown member \"timeout\"") != std::string::npos, done.err);
        BOOST_TEST(!std::filesystem::exists(directory / "s"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
