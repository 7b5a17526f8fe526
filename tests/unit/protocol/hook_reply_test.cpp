// SPDX-License-Identifier: BSL-1.0
#include <base/exec/command_runner.hpp>
#include <hookd/protocol/hook_reply.hpp>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <csignal>
#include <string>

namespace {

using namespace hookd::protocol;
using namespace std::chrono_literals;
using ending = hookd::base::command_result::ending;
using kind = hook_reply::kind;

hookd::base::command_result exited(int status, std::string output = {}, std::string errors = {}) {
    hookd::base::command_result result;
    result.how = ending::exited;
    result.code = status;
    result.output.text = std::move(output);
    result.errors.text = std::move(errors);
    return result;
}

hook_reply read(const hookd::base::command_result& result) { return read_hook_reply(result, "guard"); }

void check_mentions(const std::string& text, const std::string& part) {
    BOOST_TEST(text.find(part) != std::string::npos, "'" << text << "' does not mention '" << part << "'");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hook_reply_suite)

BOOST_AUTO_TEST_CASE(a_json_object_is_the_reply_byte_for_byte) {
    for (const std::string object :
        {R"({})", R"({ "abort" : "no", "n":1e999, "n":2, "\u0061":"\ud800" })", R"({"abort":""})"}) {
        const auto reply = read(exited(0, "\n " + object + "\r\n"));
        BOOST_CHECK(reply.type == kind::response);
        BOOST_TEST(reply.text == object);
        BOOST_TEST(reply.notes.empty());
    }
}

BOOST_AUTO_TEST_CASE(no_output_is_no_objection_without_a_note) {
    for (const std::string output : {"", " \n\t\r\n"}) {
        const auto reply = read(exited(0, output));
        BOOST_CHECK(reply.type == kind::response);
        BOOST_TEST(whole_response(reply) == "{}");
        BOOST_TEST(reply.notes.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_before_the_reply_is_none_of_it) {
    const auto reply = read(exited(0, "\xef\xbb\xbf {\"abort\":\"no\"}\n"));
    BOOST_CHECK(reply.type == kind::response);
    BOOST_TEST(reply.text == R"({"abort":"no"})");
}

BOOST_AUTO_TEST_CASE(output_without_a_line_of_json_is_no_objection_and_becomes_the_note) {
    for (const std::string output :
        {"all fine", "\"text\"", "17", "null", "two\nlines", "50 % {done}", "a [x]", "-{", "\xff"}) {
        BOOST_TEST_CONTEXT(output) {
            const auto reply = read(exited(0, "\n" + output + "\n", " warned \n"));
            BOOST_CHECK(reply.type == kind::response);
            BOOST_TEST(reply.text == "{}");
            BOOST_TEST(reply.note == output + "\nwarned");
            BOOST_REQUIRE(reply.notes.size() == 1U);
            check_mentions(reply.notes[0], "no objection");
        }
    }
    for (const std::string output : {"\x1b[1;31mred\x1b[0m", "\x1b[", "\x1b[31", "\x1b", "\x1b{", "\x1b]", "\x1b]0;{",
             "\x1b(", "\x1b]x\x1b", "\xc2\x9b",
             "\x9b"
             "31",
             "\xc2\x9d"
             "0;{",
             "a \x1b[1m{\x1b[m", "a\xe2\x80\x8b{}", "a\xc2\xad[1]", "\xc3\xa4{}", "\xf3\xa0"}) {
        BOOST_CHECK(read(exited(0, output)).type == kind::response);
    }
}

BOOST_AUTO_TEST_CASE(output_that_looks_like_json_and_is_not_one_object_is_a_hook_that_failed) {
    using namespace std::string_literals;
    for (const std::string& output :
        {"{\"abort\":\"no\""s, "[1]"s, "{} {}"s, "{}\n{\"abort\":\"no\"}"s, "{\"a\":\xff}"s,
            "Welcome back\n{\"abort\":\"no\"}"s, "{\"abort\":\"no\"}\ndone"s, "10 %\r{\"abort\":\"no\"}"s,
            "x\n \t[\"abort\"]"s, "x\n\xef\xbb\xbf{"s, "\xef\xbb\xbf [] "s, "\xff\xfe{\0\"\0"s, "\xfe\xff\0{\0\""s,
            "{"s, "\x1b[1;39m{\x1b[0m\"abort\": \"no\"}"s, "x\n \x1b[m \x1b[32m[1]"s, "\x1b(B\x1b[m{\"abort\":\"no\"}"s,
            "\x1b]0;title\a{\"abort\":\"no\"}"s, "\x1b]8;;x:y\x1b\\{\"abort\":\"no\"}"s, "\x1bP1$r0m\x1b\\{}x"s,
            "\x1b[m\x0f{}x"s, "\x1e{\"abort\":\"no\"}"s, "\a{}x"s, "\xc2\xa0{}"s, "\xe2\x80\x8b{}"s,
            // C1 in UTF-8, as one byte, and as ESC and a letter
            "\xc2\x9b"
            "31m{\"abort\":\"no\"}"s,
            "\x9b"
            "31m{\"abort\":\"no\"}"s,
            "\xc2\x9d"
            "0;title\xc2\x9c{}x"s,
            "\x9d"
            "0;title\x9c{}x"s,
            "\xc2\x90"
            "1$r\a{}x"s,
            "\x1b"
            "D{}x"s,
            "\xc2\x85{}x"s, "\xc2\x84[1]"s,
            // each kind of line end
            "done\xe2\x80\xa8{\"abort\":\"no\"}"s, "done\xe2\x80\xa9{}"s, "done\xc2\x85{}"s, "done\v{}"s, "done\f[1]"s,
            // what moves the cursor
            "x\b{}"s, "10 %\x1b[2K\x1b[1G{\"abort\":\"no\"}"s,
            "x\x1b"
            "E{}"s,
            "x\xc2\x9b"
            "1;1H{}"s,
            // format characters, blanks and what is to be ignored
            "\xe2\x80\x8c{}x"s, "\xe2\x80\x8f{}x"s, "\xe2\x81\xa0{}x"s, "\xe2\x81\xa4{}x"s,
            "x\n\xef\xbb\xbf\xef\xbb\xbf{"s, "\xc2\xad{}x"s, "\xf3\xa0\x80\x81{}x"s, "\xf3\xa0\x81\xbf{}x"s,
            "\xe3\x80\x80{}x"s, "\xef\xb8\x8f{}x"s, "\xe2\x80\xae{}x"s, "\xe2\x80\x8b \xc2\xad\x1b[m\t{}x"s,
            "\xa0{}x"s}) {
        BOOST_TEST_CONTEXT(output) {
            const auto reply = read(exited(0, output));
            BOOST_CHECK(reply.type == kind::failed);
            check_mentions(reply.text, "looks like JSON");
            BOOST_TEST(!reply.not_started);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_printed_beside_a_reply_travels_as_its_note) {
    const auto whole = [](const std::string& output, const std::string& errors) {
        return whole_response(read(exited(0, output, errors)));
    };
    BOOST_TEST(whole("{}", "mind the \"gap\"\n") == R"({"note":"mind the \"gap\""})");
    BOOST_TEST(whole(R"({"n":1e999 })", "slow") == R"({"n":1e999 ,"note":"slow"})");
    BOOST_TEST(whole(R"({ "\u006eote" : "own\n" , "b":2})", "slow") == R"({ "\u006eote" : "own\n\nslow" , "b":2})");
    BOOST_TEST(whole(R"({"note":7})", "slow") == R"({"note":7})");
    BOOST_TEST(whole(R"({"note":"own"})", " \n") == R"({"note":"own"})");
    BOOST_TEST(whole("fine", "") == R"({"note":"fine"})");
}

BOOST_AUTO_TEST_CASE(a_note_is_bounded_and_ends_with_a_whole_character) {
    const auto reply = read(exited(0, "x" + std::string(max_note_bytes, '\n') + "y", ""));
    BOOST_TEST(reply.note.size() <= max_note_bytes);
    BOOST_TEST(reply.note.ends_with("\n..."));
    std::string umlauts;
    while (umlauts.size() <= max_note_bytes) {
        umlauts += "\xc3\xa4";
    }
    const auto note = read(exited(0, "{}", "x" + umlauts)).note;
    BOOST_TEST(note.size() <= max_note_bytes);
    BOOST_TEST(note.ends_with("\xa4\n..."));
}

BOOST_AUTO_TEST_CASE(a_reply_that_the_catalog_refuses_is_sent_without_its_note) {
    const auto after_refusal = [](const hookd::base::command_result& result) {
        return fallback_response(read(result), hookd::protocol::errc::not_in_catalog).value_or("nothing");
    };
    BOOST_TEST(after_refusal(exited(0, R"({"a":1,"abort":"no"})", "chatter")) == R"({"a":1,"abort":"no"})");
    BOOST_TEST(after_refusal(exited(0, "fine", "")) == "{}");
    BOOST_TEST(after_refusal(exited(0, R"({"a":1,"abort":"no"})", "")) == "nothing");
    BOOST_TEST(after_refusal(exited(1, "", std::string(5000, 'x'))).size() < 1024U);
    BOOST_TEST(after_refusal(exited(1, "", "no")) == "nothing");
    BOOST_TEST(!fallback_response(read(exited(0, "{}", "chatter")), hookd::protocol::errc::invalid_params).has_value());
}

BOOST_AUTO_TEST_CASE(what_always_fits_keeps_the_verdict) {
    const auto past_limit = [](const hookd::base::command_result& result) {
        return fallback_response(read(result), hookd::protocol::errc::limit_exceeded).value_or("nothing");
    };
    BOOST_TEST(past_limit(exited(0, R"({"a":1})", "chatter")) == "{}");
    BOOST_TEST(past_limit(exited(0, R"({"a":1,"abort":"\u006eo"})")) == R"({"abort":"no"})");
    BOOST_TEST(past_limit(exited(0, R"({"abort":"no"})")) == "nothing");
    for (const std::string& reason : {std::string(5000, 'x'), std::string(5000, '\x01'), std::string(5000, '\xff')}) {
        const auto object = past_limit(exited(1, "", reason));
        BOOST_TEST(object.size() < 1024U);
        BOOST_TEST(object.size() > 100U);
        BOOST_TEST(object.starts_with(R"({"abort":")"));
    }
    BOOST_TEST(whole_response(read(exited(1, "", "no"))) == R"({"abort":"no"})");
}

BOOST_AUTO_TEST_CASE(a_note_is_one_line_of_reasonable_length) {
    const auto reply = read(exited(0, "first\nsecond\x1b[2J" + std::string(5000, 'x')));
    BOOST_REQUIRE(reply.notes.size() == 1U);
    BOOST_TEST(reply.notes[0].size() < 300U);
    BOOST_TEST(reply.notes[0].find_first_of("\n\x1b") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_abort_that_is_no_string_is_a_hook_that_failed) {
    for (const std::string output :
        {R"({"abort":true})", R"({"abort":null})", R"({"abort":1})", R"({"abort":["no"]})"}) {
        const auto reply = read(exited(0, output));
        BOOST_CHECK(reply.type == kind::failed);
        check_mentions(reply.text, "abort");
    }
}

BOOST_AUTO_TEST_CASE(an_abort_that_stands_twice_is_a_hook_that_failed) {
    const auto reply = read(exited(0, R"({"abort":"","\u0061bort":"no"})"));
    BOOST_CHECK(reply.type == kind::failed);
    check_mentions(reply.text, "twice");
}

BOOST_AUTO_TEST_CASE(a_reply_too_deep_to_be_sent_is_a_hook_that_failed) {
    const auto nested = [](std::size_t depth) {
        return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    BOOST_CHECK(read(exited(0, nested(125))).type == kind::response);  // 128 with the request around it
    const auto reply = read(exited(0, nested(126)));
    BOOST_CHECK(reply.type == kind::failed);
    check_mentions(reply.text, "deep");
}

BOOST_AUTO_TEST_CASE(output_that_was_cut_is_a_hook_that_failed) {
    for (const std::string output : {R"({"abort":"no"})", "all fine", ""}) {
        auto result = exited(0, output);
        result.output.cut = true;
        const auto reply = read(result);
        BOOST_CHECK(reply.type == kind::failed);
        check_mentions(reply.text, "standard output was cut after 1048576 bytes");
        BOOST_TEST(reply.notes.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_veto_whose_output_was_cut_stands) {
    auto result = exited(1, R"({"abort":"no"})");
    result.output.cut = true;
    const auto veto = read(result);
    BOOST_CHECK(veto.type == kind::veto);
    BOOST_REQUIRE(veto.notes.size() == 1U);
    check_mentions(veto.notes[0], "standard output was cut");
}

BOOST_AUTO_TEST_CASE(a_standard_error_that_was_cut_is_said_so_however_the_command_ended) {
    auto result = exited(0, R"({"a":1})", "chatter");
    result.errors.cut = true;
    const auto reply = read(result);
    BOOST_TEST(reply.text == R"({"a":1})");
    BOOST_REQUIRE(reply.notes.size() == 1U);
    check_mentions(reply.notes[0], "standard error was cut");

    result.how = ending::signalled;
    result.code = SIGKILL;
    const auto killed = read(result);
    BOOST_CHECK(killed.type == kind::failed);
    BOOST_REQUIRE(killed.notes.size() == 1U);
    check_mentions(killed.notes[0], "standard error was cut");
}

BOOST_AUTO_TEST_CASE(exit_status_1_to_125_is_a_veto_whose_reason_is_the_standard_error) {
    for (const int status : {1, 2, 125}) {
        const auto reply = read(exited(status, R"({"ignored":1})", "\n  not on a Friday\nreally \n"));
        BOOST_CHECK(reply.type == kind::veto);
        BOOST_TEST(reply.text == "not on a Friday\nreally");
        BOOST_TEST(reply.notes.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_veto_without_a_word_names_the_hook_and_its_status) {
    for (const std::string errors : {"", " \n"}) {
        const auto reply = read(exited(3, "", errors));
        BOOST_CHECK(reply.type == kind::veto);
        BOOST_TEST(reply.text == "hook guard exited 3");
    }
}

BOOST_AUTO_TEST_CASE(a_reason_that_was_cut_is_said_so) {
    auto result = exited(1, "", "too long");
    result.errors.cut = true;
    const auto reply = read(result);
    BOOST_CHECK(reply.type == kind::veto);
    BOOST_REQUIRE(reply.notes.size() == 1U);
    check_mentions(reply.notes[0], "cut");
}

BOOST_AUTO_TEST_CASE(status_126_and_above_says_nothing_about_the_operation) {
    for (const int status : {126, 127, 128, 255}) {
        const auto reply = read(exited(status, "{}", "sh: 1: nope: not found\n"));
        BOOST_CHECK(reply.type == kind::failed);
        check_mentions(reply.text, "exited " + std::to_string(status));
        check_mentions(reply.text, "nope: not found");
    }
}

BOOST_AUTO_TEST_CASE(each_other_ending_is_a_hook_that_failed_and_says_why) {
    hookd::base::command_result result;
    result.elapsed = 1500ms;

    result.how = ending::signalled;
    result.code = SIGSEGV;
    check_mentions(read(result).text, "signal 11");
    check_mentions(read(result).text, "Segmentation fault");

    result.how = ending::timed_out;
    check_mentions(read(result).text, "1500 ms");

    result.how = ending::stopped;
    check_mentions(read(result).text, "stopped");

    result.how = ending::not_started;
    result.code = ENOENT;
    result.subject = "./hook";
    check_mentions(read(result).text, "could not start ./hook: No such file or directory");
    BOOST_TEST(read(result).not_started);

    result.how = ending::cancelled;
    check_mentions(read(result).text, "no emitter waits");

    result.how = ending::lost;
    check_mentions(read(result).text, "lost");

    for (const auto how :
        {ending::signalled, ending::timed_out, ending::stopped, ending::cancelled, ending::not_started, ending::lost}) {
        result.how = how;
        BOOST_CHECK(read(result).type == kind::failed);
    }
}

BOOST_AUTO_TEST_SUITE_END()
