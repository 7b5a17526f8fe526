// SPDX-License-Identifier: BSL-1.0
#include <hookctl/arguments.hpp>
#include <hookctl/json/json_argument.hpp>

#include <support/temp_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace hookd::hookctl;
using hookd::test::temp_directory;
using hookd::test::write_file;

void check_refused(const std::string& argument, bool object_wanted, const std::string& mentioned) {
    BOOST_CHECK_EXCEPTION(
        (void)read_json_argument("PAYLOAD", argument, object_wanted), usage_error, [&](const usage_error& wrong) {
            const std::string message = wrong.what();
            return message.find(mentioned) != std::string::npos && message.find("PAYLOAD") != std::string::npos &&
                   message.find("nothing was sent") != std::string::npos;
        });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_argument_suite)

BOOST_AUTO_TEST_CASE(json_text_stands_for_itself_byte_for_byte) {
    for (const std::string text : {R"({"b":1, "a":1e999, "b":"\ud800"})", "null", " -0 ", "\"\xc3\xa4\"", "[]"}) {
        BOOST_TEST(read_json_argument("PAYLOAD", text) == text);
    }
}

BOOST_AUTO_TEST_CASE(an_at_sign_names_a_file) {
    const temp_directory directory;
    const std::string text = "{\"a\":\n \"" + std::string(300'000, 'x') + "\"}\n";
    write_file(directory / "payload.json", text);
    BOOST_TEST((read_json_argument("PAYLOAD", "@" + directory / "payload.json") == text));
}

BOOST_AUTO_TEST_CASE(what_is_not_json_is_refused_with_the_place) {
    check_refused("", false, "is not JSON");
    check_refused("hello", false, "byte 0");
    check_refused(R"({"a":1)", false, "byte 6");
    check_refused("{} {}", false, "is not JSON");
    check_refused("\"\xff\"", false, "is not JSON");
    check_refused("\xef\xbb\xbf{}", false, "is not JSON");
}

BOOST_AUTO_TEST_CASE(an_argument_that_lost_its_quotes_to_the_shell_brings_a_hint) {
    check_refused("{a:1}", false, R"(if the shell took its quotes, put it in single quotes: '{"a": "b"}')");
    check_refused("[x]", false, "put it in single quotes");
    check_refused("{'a':1}", false, "JSON has double quotes inside");
    check_refused("hello", false, R"(a text goes in two kinds of quotes: '"...")");
    check_refused("", false, R"(for an empty text write '""')");
    const temp_directory directory;
    write_file(directory / "bad.json", "{a:1}");
    BOOST_CHECK_EXCEPTION((void)read_json_argument("PAYLOAD", "@" + directory / "bad.json"), usage_error,
        [](const auto& wrong) { return std::string(wrong.what()).find("shell") == std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_json_or_not_there_is_refused_by_name) {
    const temp_directory directory;
    write_file(directory / "bad.json", "oops");
    check_refused("@" + directory / "bad.json", false, "bad.json");
    BOOST_CHECK_EXCEPTION(
        (void)read_json_argument("PAYLOAD", "@" + directory / "missing.json"), usage_error, [](const auto& wrong) {
            return std::string(wrong.what()).find("missing.json: No such file or directory") != std::string::npos;
        });
    BOOST_CHECK_THROW((void)read_json_argument("PAYLOAD", "@" + directory.path()), usage_error);
}

BOOST_AUTO_TEST_CASE(where_an_object_is_wanted_any_other_value_is_refused) {
    for (const std::string text : {"[]", " null", "1", "\"{}\""}) {
        check_refused(text, true, "not a JSON object");
    }
    BOOST_TEST(read_json_argument("PAYLOAD", " {} ", true) == " {} ");
}

BOOST_AUTO_TEST_SUITE_END()
