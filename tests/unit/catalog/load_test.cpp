// SPDX-License-Identifier: BSL-1.0
#include <hookd/server/catalog.hpp>

#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"
#include "support/text.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <string>

namespace {

using namespace hookd;
using server::catalog_error;
using server::load_catalog;
using test::mentions;
using test::temp_directory;
using test::write_file;

/// What is wrong with a catalog of one file.
std::string refusal_of(const std::string& text) {
    const temp_directory directory;
    write_file(directory / "event.json", text);
    try {
        (void)load_catalog(directory.path());
        return {};
    } catch (const catalog_error& wrong) {
        const std::string why = wrong.what();
        const auto path = (directory / "event.json") + ":";
        return why.starts_with(path) ? why.substr(path.size()) : why;
    }
}

std::shared_ptr<const server::catalog> catalog_of(const temp_directory& directory) {
    write_file(directory / "a.json", R"({"name":"pre_push","description":"about to \"push\"","schema_version":"1.2",
        "payload_schema": {"required":["branch"]}, "response_schema":{"properties":{"n":{"type":"integer"}}},
        "timeout_ms":500,"policy":"veto","failure_policy":"closed","require":["guard","lint"]})");
    write_file(directory / "b.json", R"({"name":"post_push"})");
    write_file(directory / ".hidden.json", "no JSON");
    write_file(directory / "notes.txt", "no JSON");
    return load_catalog(directory.path());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load_suite)

BOOST_AUTO_TEST_CASE(a_schema_may_refer_to_another_file_of_the_directory) {
    const temp_directory directory;
    write_file(directory / "common.json",
        R"({"name":"common","payload_schema":{"definitions":{"id":{"$ref":"#/definitions/text"},
        "text":{"type":"string"}}},"response_schema":{"type":"object"}})");
    write_file(directory / "user.json",
        R"({"name":"user","payload_schema":{"properties":{"id":{"$ref":"common.json#/payload_schema/definitions/id"},
        "all":{"$ref":"common.json#/response_schema"}}}})");
    const auto events = load_catalog(directory.path());
    BOOST_TEST(!events->check_event("user", R"({"id":"a","all":{}})").has_value());
    BOOST_TEST(events->check_event("user", R"({"id":1})").has_value());
    BOOST_TEST(events->check_event("user", R"({"all":1})").has_value());
}

BOOST_AUTO_TEST_CASE(a_file_whose_name_needs_encoding_can_be_referred_to) {
    const temp_directory directory;
    write_file(directory / "a b.json", R"({"name":"a","payload_schema":{"definitions":{"t":{"type":"null"}}}})");
    write_file(directory / "user.json", R"({"name":"user","payload_schema":{"items":[
        {"$ref":"a%20b.json#/payload_schema/definitions/t"},{"$ref":"%61%20b.json#/payload_schema/definitions/t"}]}})");
    const auto events = load_catalog(directory.path());
    BOOST_TEST(!events->check_event("user", "[null,null]").has_value());
    BOOST_TEST(mentions(events->check_event("user", "[null,1]").value().data, "\"/1\""));
}

BOOST_AUTO_TEST_CASE(a_reference_that_leads_nowhere_names_its_line) {
    const auto reference = [](const std::string& to) {
        return refusal_of("{\"name\":\"a\",\"payload_schema\":\n{\"$ref\":\"" + to + "\"}}");
    };
    BOOST_TEST(
        mentions(reference("none.json#/payload_schema"), "2: the directory of the catalog has no file \"none.json\""));
    BOOST_TEST(mentions(
        reference("../event.json#/payload_schema"), "2: $ref reaches this schema and the files of its directory only"));
    BOOST_TEST(mentions(reference("event.json#/name"), "2: there is no schema at \"event.json#/name\""));
    BOOST_TEST(mentions(reference("event.json"), "2: there is no schema at \"event.json\""));
    BOOST_TEST(mentions(reference("event.json?x"), "2: there is no schema at \"event.json?x\""));
    BOOST_TEST(mentions(reference("event.json?x#/payload_schema"), "2: there is no schema at \"event.json?x#/"));
    BOOST_TEST(mentions(reference("a b.json"), "2: \"a b.json\" is not a URI reference: write"));
}

BOOST_AUTO_TEST_CASE(each_json_file_is_an_event) {
    const temp_directory directory;
    const auto events = catalog_of(directory);
    BOOST_TEST(events->size() == 2U);
    const auto standard = events->defaults_of("pre_push");
    BOOST_TEST((standard.timeout == std::chrono::milliseconds{500}));
    BOOST_TEST((standard.policy == protocol::wait_policy::veto));
    BOOST_TEST((standard.on_failure == protocol::failure_policy::closed));
    BOOST_TEST((standard.require == std::vector<std::string>{"guard", "lint"}));
    BOOST_TEST(events->defaults_of("post_push").require.empty());
    BOOST_TEST((!events->defaults_of("post_push").timeout && !events->defaults_of("none").policy));
    BOOST_TEST(
        std::get<std::string>(events->schemas("")) ==
        R"({"schemas":[{"event":"post_push","schema_version":1,"description":"","payload_schema":{},"response_schema":{}},)"
        R"({"event":"pre_push","schema_version":"1.2","description":"about to \"push\"","payload_schema":{"required":["branch"]},)"
        R"("response_schema":{"properties":{"n":{"type":"integer"}}}}]})");
}

BOOST_AUTO_TEST_CASE(names_payloads_and_replies_are_checked) {
    const temp_directory directory;
    const auto events = catalog_of(directory);
    BOOST_TEST(!events->check_event("pre_push", R"( {"branch":1})"));
    BOOST_TEST(!events->check_event("post_push", "null"));
    BOOST_TEST(events->check_event("pre_psuh", "{}")->data == R"({"event":"pre_psuh","nearest":"pre_push"})");
    BOOST_TEST(events->check_event("deploy", "{}")->data == R"({"event":"deploy"})");
    const auto payload = events->check_event("pre_push", "{}");
    BOOST_TEST((payload->code == protocol::errc::not_in_catalog));
    BOOST_TEST(
        payload->data ==
        R"({"event":"pre_push","in":"payload","pointer":"","rule":"required","detail":"must have the member \"branch\""})");
    BOOST_TEST(!events->check_reply("pre_push", R"({"n":1})"));
    const auto reply = events->check_reply("pre_push", R"({"n":"1"})");
    BOOST_TEST(
        reply->data ==
        R"({"event":"pre_push","in":"response","pointer":"/n","rule":"type","detail":"must be an integer, not a string"})");
    BOOST_TEST(mentions(reply->message, "/n must be an integer"));
    BOOST_TEST(!events->check_patterns({}));
    BOOST_TEST(!events->check_patterns({"*_push", "pre_push", "*"}));
    BOOST_TEST(events->check_patterns({"pre_push", "pre_pus"})->data == R"({"event":"pre_pus","nearest":"pre_push"})");
    BOOST_TEST(events->check_patterns({"deploy_*"})->data == R"({"pattern":"deploy_*"})");
}

BOOST_AUTO_TEST_CASE(a_bad_file_is_refused_with_its_line) {
    BOOST_TEST(refusal_of("{\n\"name\": \"a\",\n}").starts_with("3: this is not valid JSON: "));
    BOOST_TEST(refusal_of("[]").starts_with("1: an event is described by a JSON object"));
    BOOST_TEST(refusal_of("\n{}").starts_with("2: \"name\", the event's name, is missing"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\n\"name\":\"b\"}").starts_with("2: \"name\" is repeated"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\n\"payload_schema\":{\n\"type\":\"object\",\n\"type\":\"array\"}}")
                   .starts_with("4: \"type\" is repeated"));
    BOOST_TEST(refusal_of("{\"name\":\"a b\"}").starts_with("1: \"name\" must have 1 to 128 characters"));
    BOOST_TEST(refusal_of("{\"name\":\n7}").starts_with("2: \"name\" must be a string"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\n\"payload_shema\":{}}")
                   .starts_with("2: unknown member \"payload_shema\"; did you mean \"payload_schema\"?"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\"policy\":\"some\"}")
                   .starts_with("1: \"policy\" must be \"first\", \"veto\", \"all\" or \"chain\""));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\"timeout_ms\":0}")
                   .starts_with("1: \"timeout_ms\" must be an integer from 1 to 86400000"));
    BOOST_TEST(
        refusal_of("{\"name\":\"a\",\"require\":\"guard\"}").starts_with("1: \"require\" must be an array of names"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\"require\":[\"guard\",\n\"\"]}")
                   .starts_with("2: \"require\" must hold names of 1 to 128"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\"schema_version\":[]}")
                   .starts_with("1: \"schema_version\" must be a number or a string"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\n\"payload_schema\":{\"properties\":{\n\"x\":{\"type\":\n\"strin\"}}}}")
                   .starts_with("4: this is not a JSON Schema"));
    BOOST_TEST(refusal_of("{\"name\":\"a\",\n\"response_schema\":\n7}").starts_with("3: this is not a JSON Schema"));
    BOOST_TEST(mentions(refusal_of(std::string((std::size_t{1} << 20) + 1, ' ')), "longer than 1 MiB"));
}

BOOST_AUTO_TEST_CASE(several_directories_are_one_catalog) {
    const temp_directory one;
    const temp_directory other;
    write_file(one / "a.json", R"({"name":"a","payload_schema":{"$ref":"common.json#/payload_schema"}})");
    write_file(one / "common.json", R"({"name":"one","payload_schema":{"type":"null"}})");
    write_file(other / "b.json", R"({"name":"b","payload_schema":{"$ref":"common.json#/payload_schema"}})");
    write_file(other / "common.json", R"({"name":"other","payload_schema":{"type":"boolean"}})");
    const auto events = load_catalog(std::vector<std::filesystem::path>{one.path(), other.path()});
    BOOST_TEST(events->size() == 4u);
    BOOST_TEST(!events->check_event("a", "null").has_value());
    BOOST_TEST(!events->check_event("b", "true").has_value());
    BOOST_TEST(events->check_event("b", "null").has_value());
    write_file(other / "c.json", R"({"name":"a"})");
    try {
        (void)load_catalog(std::vector<std::filesystem::path>{one.path(), other.path()});
        BOOST_FAIL("an event is described twice");
    } catch (const catalog_error& wrong) {
        BOOST_TEST(
            mentions(wrong.what(), (other / "c.json") + ":1: the event \"a\" is described in " + (one / "a.json")));
    }
}

BOOST_AUTO_TEST_CASE(a_bad_directory_is_refused) {
    const auto why = [](const std::string& path) {
        try {
            (void)load_catalog(path);
            return std::string{};
        } catch (const catalog_error& wrong) {
            return std::string{wrong.what()};
        }
    };
    const temp_directory directory;
    BOOST_TEST(mentions(why(directory / "none"), "No such file"));
    BOOST_TEST(mentions(why(directory.path()), "no file *.json"));
    write_file(directory / "a.json", "{\"name\":\"a\"}");
    write_file(directory / "b.json", "{\n\"name\":\"a\"}");
    BOOST_TEST(mentions(why(directory.path()), "b.json:2: the event \"a\" is described in "));
    BOOST_REQUIRE(::mkfifo((directory / "0.json").c_str(), 0600) == 0);
    BOOST_TEST(mentions(why(directory.path()), "is not a regular file"));
}

BOOST_AUTO_TEST_CASE(the_catalogs_that_come_with_hookd_are_valid) {
    const std::string catalogs = hookd::test::source_tree() + "/server/catalogs/";
    const auto heddle = load_catalog(catalogs + "heddle");
    BOOST_TEST(heddle->size() == 10U);
    BOOST_TEST(!heddle->check_event("pre_capture", R"({"thread":"main","paths":["a"]})"));
    BOOST_TEST(
        !heddle->check_reply("pre_capture", R"({"abort":"","extra_signals":[{"kind":"size","message":"large"}]})"));
    BOOST_TEST(heddle->check_reply("pre_capture", R"({"extra_signals":"large"})").has_value());
    BOOST_TEST(!heddle->check_reply("on_conflict", R"({"veto":{"reason":"ask","discussion_id":"d1"}})"));
    BOOST_TEST(heddle->check_reply("on_conflict", R"({"veto":{"discussion_id":"d1"}})")->message.find("/veto") !=
               std::string::npos);

    const auto git = load_catalog(catalogs + "git");
    BOOST_TEST(git->size() == 26U);
    const std::string oid(40, 'a');
    const auto push = [&oid](const std::string& remote_oid) {
        return R"({"hook":"pre-push","args":["origin","u"],"cwd":"/r","remote":"origin","url":"u","updates":[{"local_ref":"refs/heads/a","local_oid":")" +
               oid + R"(","remote_ref":"refs/heads/a","remote_oid":")" + remote_oid + "\"}]}";
    };
    BOOST_TEST(!git->check_event("git.pre_push", push(std::string(64, '0'))));
    BOOST_TEST(mentions(
        git->check_event("git.pre_push", push("main"))->message, "/updates/0/remote_oid must match the pattern"));

    BOOST_TEST(load_catalog(catalogs + "jj")->size() == 1U);
    for (const char* const each : {"make", "systemd", "ci"}) {
        BOOST_TEST(load_catalog(catalogs + each)->size() == 2U, each);
    }

    const auto agent = load_catalog(catalogs + "agent");
    BOOST_TEST(agent->size() == 10U);
    BOOST_TEST(!agent->check_event("agent.pre_tool_use",
        R"({"agent":"claude","session_id":"s","tool_name":"Bash","tool_input":{"command":"ls"}})"));
    BOOST_TEST(agent->check_reply("agent.pre_tool_use", R"({"decision":7})").has_value());
}

BOOST_AUTO_TEST_CASE(a_push_of_very_many_refs_is_checked_like_any_other) {
    const auto git = load_catalog(hookd::test::source_tree() + "/server/catalogs/git");
    std::string payload = R"({"hook":"pre-receive","args":[],"cwd":"/srv/x.git","updates":[)";
    for (int i = 0; i < 40'000; ++i) {
        payload += R"({"old_oid":")" + std::string(40, '0') + R"(","new_oid":")" + std::string(40, 'a') +
                   R"(","ref":"refs/tags/v)" + std::to_string(i) + "\"},";
    }
    const auto closed = [&payload](const std::string& ref) {
        return payload + R"({"old_oid":")" + std::string(64, '0') + R"(","new_oid":")" + std::string(64, 'b') +
               R"(","ref":")" + ref + "\"}]}";
    };
    const auto wrong = git->check_event("git.pre_receive", closed("refs/heads/main"));
    BOOST_TEST((wrong ? wrong->message : std::string{}) == "");
    BOOST_TEST(mentions(git->check_event("git.pre_receive", closed("")).value().data, "/updates/40000/ref"));
}

BOOST_AUTO_TEST_SUITE_END()
