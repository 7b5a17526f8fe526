// SPDX-License-Identifier: BSL-1.0
#include <hookctl/terminal/output.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

using namespace hookd::hookctl;

BOOST_AUTO_TEST_SUITE(output_suite)

BOOST_AUTO_TEST_CASE(line_ends_between_tokens_become_spaces_and_nothing_else_changes) {
    BOOST_TEST(one_line("{\r\n\"a\":\"x\\ny\",\n\t\"b\":1e999}") == "{  \"a\":\"x\\ny\", \t\"b\":1e999}");
}

BOOST_AUTO_TEST_CASE(control_characters_cannot_drive_a_terminal) {
    BOOST_TEST(harmless("a\x1b[2Jb\rc\nd\te\x7f") == "a?[2Jb?c?d?e?");
    BOOST_TEST(harmless("a\nb\tc\x1b", true) == "a\nb\tc?");
    BOOST_TEST(
        harmless("\xc3\xa4 \xe2\x82\xac\xc2\xa0\xf0\x9f\x98\x80") == "\xc3\xa4 \xe2\x82\xac\xc2\xa0\xf0\x9f\x98\x80");
    BOOST_TEST(harmless("a\x9b"
                        "31m\x80\xff\xe2\x80 \xc2") ==
               "a?31m????"
               " ?");  // CSI of a terminal that takes bytes, and no UTF-8
    BOOST_TEST(
        harmless(
            "\xe2\x80\xa9|\xe2\x80\xaa\xe2\x80\xae|\xe2\x80\xaf|\xe2\x81\xa5|\xe2\x81\xa6\xe2\x81\xa9|\xe2\x81\xaa") ==
        "\xe2\x80\xa9|??|\xe2\x80\xaf|\xe2\x81\xa5|??|\xe2\x81\xaa");  // from right to left
    BOOST_TEST(harmless("a\xc2\x80\xc2\x9b"
                        "31m\xc2\x9f",
                   true) == "a??31m?");  // CSI as one character, among others
}

BOOST_AUTO_TEST_CASE(json_on_a_terminal_has_its_control_characters_as_escapes) {
    BOOST_TEST(escaped_controls("{\"a\":\"\x7f\xc2\x9b"
                                "31m\xc2\x80\xc2\x9f\"}") == "{\"a\":\"\\u007f\\u009b31m\\u0080\\u009f\"}");
    BOOST_TEST(escaped_controls("[\"\xe2\x80\xae\xe2\x81\xa9\xe2\x82\xac\"]") == "[\"\\u202e\\u2069\xe2\x82\xac\"]");
    BOOST_TEST(escaped_controls("[\n\t\"\xc2\xa0\xc3\xa4\\u001b\"]\r\n") == "[\n\t\"\xc2\xa0\xc3\xa4\\u001b\"]\r\n");
}

BOOST_AUTO_TEST_CASE(columns_are_code_points) {
    BOOST_TEST(columns_of("") == 0U);
    BOOST_TEST(columns_of("abc") == 3U);
    BOOST_TEST(columns_of("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") == 3U);
}

BOOST_AUTO_TEST_CASE(a_palette_without_colour_is_empty) {
    const palette none(false);
    BOOST_TEST(none.red().empty());
    BOOST_TEST(none.plain().empty());
    BOOST_TEST(palette(true).red() == "\x1b[31m");
}

BOOST_AUTO_TEST_CASE(a_full_pipe_that_does_not_block_is_waited_for) {
    std::array<int, 2> ends{};
    BOOST_TEST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    BOOST_TEST_REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    const int standard_output = ::dup(STDOUT_FILENO);
    BOOST_TEST_REQUIRE(::dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    ::close(ends[1]);

    const std::string text(std::size_t{1} << 20, 'x');  // more than a pipe holds
    std::string got;
    std::thread reader([&] {
        std::array<char, 4096> chunk;
        for (ssize_t count = 0; (count = ::read(ends[0], chunk.data(), chunk.size())) > 0;) {
            got.append(chunk.data(), static_cast<std::size_t>(count));
        }
    });
    std::string failure;
    try {
        print(text);
    } catch (const std::system_error& wrong) {
        failure = wrong.what();
    }
    ::dup2(standard_output, STDOUT_FILENO);  // ends the pipe
    ::close(standard_output);
    reader.join();
    ::close(ends[0]);
    BOOST_TEST(failure == "");
    BOOST_TEST((got == text));
}

BOOST_AUTO_TEST_SUITE_END()
