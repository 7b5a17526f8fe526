// SPDX-License-Identifier: BSL-1.0
// CLI.md, `test`: a hook command is run as hookd would, and what comes of it is a line each.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

/// What `hookctl test OPTIONS -- sh -c SCRIPT` finds.
struct trials {
    trials(const std::string& socket, std::vector<std::string> options, const std::string& script) {
        options.insert(options.begin(), "test");
        options.insert(options.end(), {"--", "sh", "-c", script});
        const auto done = hookctl(socket, options);
        exit_status = done.exit_status;
        err = done.err;
        for (const auto& line : lines_of(done.out)) {
            const auto finding = json_of(line);
            fine[text_at(finding, "/subject")] = bool_at(finding, "/ok");
            said[text_at(finding, "/subject")] = text_at(finding, "/text");
        }
    }

    int exit_status = -1;
    std::string err{};
    std::map<std::string, bool> fine{};
    std::map<std::string, std::string> said{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_trial)

BOOST_AUTO_TEST_CASE(a_hook_that_does_as_it_should_passes_without_a_daemon) {
    const temp_directory directory;
    const trials seen(directory / "nobody.sock", {"--event", "pre_push", "--payload", R"({"branch":"main"})"},
        R"(grep -q '"main"' && { echo "$HOOK_EVENT: closed" >&2; exit 1; }; exit 0)");
    BOOST_TEST(seen.exit_status == 0);
    BOOST_TEST(seen.said.size() == 5U);
    BOOST_TEST(mentions(seen.said.at("reply"), "vetoes: pre_push: closed ("));
    BOOST_TEST(mentions(seen.said.at("no input"), "replies {} ("));
    BOOST_TEST(mentions(seen.said.at("1 MiB of input"), "replies {} ("));
    BOOST_TEST(seen.said.at("SIGTERM") == "had already ended");
    BOOST_TEST(seen.said.at("time-out") == "had already ended");
}

BOOST_AUTO_TEST_CASE(a_hook_that_fails_is_told_why) {
    const temp_directory directory;
    const trials seen(directory / "nobody.sock", {}, "cat >/dev/null; echo '{broken'");
    BOOST_TEST(seen.exit_status == 1);
    BOOST_TEST(!seen.fine.at("reply"));
    BOOST_TEST(mentions(seen.said.at("reply"), "the hook failed: "));
    const auto none = hookctl(directory / "nobody.sock", {"test", "--", "./no-such-program"});
    BOOST_TEST(none.exit_status == 1);
    BOOST_TEST(mentions(none.out, "No such file or directory"));
}

BOOST_AUTO_TEST_CASE(one_that_works_on_is_stopped_and_one_that_does_not_heed_sigterm_is_wrong) {
    const temp_directory directory;
    const std::string pick = R"sh([ "$(cat)" = '{}' ] || exit 0; )sh";  // only the trials with the payload take long
    const trials polite(directory / "nobody.sock", {"--timeout", "300ms"}, pick + "exec sleep 60");
    BOOST_TEST(polite.exit_status == 1);
    BOOST_TEST(mentions(polite.said.at("reply"), "its time was over"));
    BOOST_TEST(mentions(polite.said.at("SIGTERM"), "is gone within"));
    BOOST_TEST(mentions(polite.said.at("time-out"), "is gone within"));
    const trials stubborn(
        directory / "nobody.sock", {"--timeout", "300ms"}, "trap '' TERM; " + pick + "while :; do sleep 0.1; done");
    BOOST_TEST(!stubborn.fine.at("SIGTERM"));
    BOOST_TEST(!stubborn.fine.at("time-out"));
    BOOST_TEST(mentions(stubborn.said.at("SIGTERM"), "had to be killed"));
}

BOOST_AUTO_TEST_CASE(the_payload_is_made_from_the_schema_in_the_catalog) {
    const temp_directory directory;
    const auto catalog = directory / "catalog";
    std::filesystem::create_directory(catalog);
    write_file(catalog + "/pre_push.json",
        R"({"name": "pre_push", "payload_schema": {"properties": {"branch": {"enum": ["main"]}}}})");
    test_daemon daemon({"--catalog", catalog});
    const trials seen(daemon.socket_path(), {"--event", "pre_push"}, "cat >&2; exit 1");
    BOOST_TEST(mentions(seen.said.at("reply"), R"(vetoes: {"branch":"main"})"));
    BOOST_TEST(seen.exit_status == 0);
}

BOOST_AUTO_TEST_CASE(the_sample_of_each_event_of_each_catalog_passes_the_daemons_check) {
    std::size_t events = 0;
    for (const auto& catalog : std::filesystem::directory_iterator(source_tree() + "/server/catalogs")) {
        if (!catalog.is_directory()) {
            continue;
        }
        test_daemon daemon({"--catalog", catalog.path().string()});
        for (const auto& file : std::filesystem::directory_iterator(catalog)) {
            if (file.path().extension() != ".json") {
                continue;
            }
            const auto event = file.path().stem().string();
            const auto tried =
                hookctl(daemon.socket_path(), {"test", "--event", event, "--", "sh", "-c", "cat >&2; exit 1"});
            BOOST_TEST(tried.err.empty(), event << ": " << tried.err);
            const auto said = text_at(json_of(lines_of(tried.out).at(0)), "/text");
            const auto begin = std::string("vetoes: ").size();
            const auto payload = said.substr(begin, said.rfind(" (") - begin);
            const auto fired = hookctl(daemon.socket_path(), {"emit", event, payload});
            BOOST_TEST(fired.exit_status == 0, event << ": " << payload << ": " << fired.err);
            ++events;
        }
    }
    BOOST_TEST(events > 40U);
}

BOOST_AUTO_TEST_CASE(what_a_sample_may_not_match_is_reported) {
    const temp_directory directory;
    write_file(directory / "login.json",
        R"x({"name":"login","payload_schema":{"properties":{"user":{"type":"string","pattern":"^x\\b"}}}})x");
    test_daemon daemon({"--catalog", directory.path()});
    const auto done = hookctl(daemon.socket_path(), {"test", "--event", "login", "--", "true"});
    check_one_error(done, {"may not match the schema of login, at /user: no text is known for the pattern ^x\\b"});
}

BOOST_AUTO_TEST_CASE(replies_and_a_payload_are_held_against_the_schemas) {
    const temp_directory directory;
    write_file(directory / "login.json",
        R"({"name":"login","payload_schema":{"required":["user"],"properties":{"user":{"const":"ann"}}},)"
        R"("response_schema":{"properties":{"otp":{"type":"string"},"abort":{}},"additionalProperties":false}})");
    test_daemon daemon({"--catalog", directory.path()});
    const auto replying = [&](const std::string& reply, std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"--event", "login"});
        return trials(daemon.socket_path(), options, reply);
    };
    const auto wrong = replying(R"(echo '{"otp":5}')");
    BOOST_TEST(wrong.exit_status == 1);
    BOOST_TEST(!wrong.fine.at("reply"));
    BOOST_TEST(wrong.said.at("reply").starts_with(
                   "the hook failed: the response of \"login\" does not match its schema: /otp must be a string"),
        wrong.said.at("reply"));
    BOOST_TEST(!wrong.fine.at("no input"));
    BOOST_TEST(replying(R"(echo '{"otp":"5"}')").exit_status == 0);
    BOOST_TEST(replying("echo no >&2; exit 1").exit_status == 0);
    // A note that the schema has no place for is left out, and the reply stands.
    BOOST_TEST(replying("echo looked at it").exit_status == 0);
    BOOST_TEST(replying("true", {"--payload", R"({"user":"ann"})"}).err.empty());
    const auto refused = replying("true", {"--payload", R"({"user":"bob"})"});
    BOOST_TEST(mentions(refused.err, "no emitter could send this payload: "), refused.err);
    BOOST_TEST(mentions(refused.err, "/user"), refused.err);
}

BOOST_AUTO_TEST_SUITE_END()
