// SPDX-License-Identifier: BSL-1.0
#include <hookctl/on/hook_lines.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace hookd;
using namespace hookd::hookctl;
using milliseconds = std::chrono::duration<double, std::milli>;

std::string plain_lines(const verdict& said) { return hook_lines(said, palette(false)); }

verdict answered_by(std::string responder, std::string reply, double elapsed) {
    verdict said;
    said.outcome = outcome::answered;
    said.responses.push_back({std::move(reply), std::move(responder), 0, milliseconds(elapsed)});
    return said;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hook_lines_suite)

BOOST_AUTO_TEST_CASE(without_a_hook_there_is_no_line) { BOOST_TEST(plain_lines(verdict{}).empty()); }

BOOST_AUTO_TEST_CASE(names_times_and_words_stand_under_each_other) {
    auto said = answered_by("lint", R"({"abort":"too long"})", 1234.5);
    said.abort = "too long";
    said.responses.push_back({R"({ "x": [1], "note": "nothing to do" })", "formatting", 0, milliseconds(3.14)});
    said.responses.push_back({"{}", "m\xc3\xbcller", 0, milliseconds(25)});
    said.missing.push_back({"spelling", "timeout"});
    BOOST_TEST(plain_lines(said) ==
               "  lint          1.2 s  vetoes: too long\n"
               "  formatting   3.1 ms  no objection: nothing to do\n"
               "  m\xc3\xbcller      25.0 ms  no objection\n"
               "  spelling             missing: timeout\n");
}

BOOST_AUTO_TEST_CASE(a_missing_hook_alone_leaves_no_room_for_a_time) {
    verdict said;
    said.missing.push_back({"guard", "failed: exec: no such file"});
    BOOST_TEST(plain_lines(said) == "  guard  missing: failed: exec: no such file\n");
}

BOOST_AUTO_TEST_CASE(a_reason_that_is_printed_anyway_is_shown_by_its_first_line_and_others_are_whole) {
    auto said = answered_by("lint", R"({"abort":"\nline 1\nline 2\n"})", 1);
    said.responses.push_back({R"({"abort":"other 1\nother 2\n"})", "test", 0, milliseconds(1)});
    said.abort = "\nline 1\nline 2\n";
    BOOST_TEST(plain_lines(said) ==
               "  lint  1.0 ms  vetoes: line 1 \xe2\x80\xa6\n"
               "  test  1.0 ms  vetoes: other 1\n      other 2\n");
}

BOOST_AUTO_TEST_CASE(what_a_hook_notes_stands_beside_its_veto) {
    auto said = answered_by("lint", R"({"abort":"bad","note":"run make fmt"})", 1);
    said.abort = "bad";
    BOOST_TEST(plain_lines(said) == "  lint  1.0 ms  vetoes: bad; note: run make fmt\n");
}

BOOST_AUTO_TEST_CASE(what_a_hook_says_cannot_drive_the_terminal) {
    auto said = answered_by("a\x1b[2J", R"({"abort":"\u001b[31mred\u009b1m"})", 1);
    said.abort =
        "\x1b[31mred\xc2\x9b"
        "1m";
    said.responses.push_back({R"({"note":"\u001b]0;title\u0007\u202e"})", "b", 0, milliseconds(1)});
    said.missing.push_back({"c", "failed: \x1b[2J\r"});
    const auto lines = plain_lines(said);
    BOOST_TEST(lines.find("vetoes: ?[31mred?1m") != std::string::npos, lines);
    BOOST_TEST(lines.find("note: ") == std::string::npos);
    BOOST_TEST(lines.find_first_of("\x1b\x07\x9b\r") == std::string::npos);
    BOOST_TEST(lines.find("\xe2\x80\xae") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_very_long_name_does_not_push_the_others_away) {
    auto said = answered_by(std::string(100, 'x'), "{}", 1);
    said.responses.push_back({"{}", "b", 0, milliseconds(1)});
    BOOST_TEST(plain_lines(said).find("\n  b" + std::string(39, ' ') + "  1.0 ms") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(colours_say_who_objects_and_who_is_missing) {
    auto said = answered_by("a", "{}", 1);
    said.responses.push_back({R"({"abort":"no"})", "b", 0, milliseconds(1)});
    said.missing.push_back({"c", "left"});
    const palette colour(true);
    const auto lines = hook_lines(said, colour);
    const auto has = [&lines](std::string_view begin, const std::string& text) {
        return lines.find(std::string(begin) + text + "\x1b[0m\n") != std::string::npos;
    };
    BOOST_TEST(has(colour.green(), "no objection"));
    BOOST_TEST(has(colour.red(), "vetoes: no"));
    BOOST_TEST(has(colour.yellow(), "missing: left"));
}

BOOST_AUTO_TEST_SUITE_END()
