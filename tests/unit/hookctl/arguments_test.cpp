// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/version.hpp>

#include <hookctl/arguments.hpp>
#include <hookctl/help_text.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace hookd::hookctl;
using namespace std::chrono_literals;
using words = std::vector<std::string>;

invocation parsed(const words& arguments) { return std::get<invocation>(parse_arguments(arguments)); }

template <class Arguments>
Arguments parsed_as(const words& arguments) {
    return std::get<Arguments>(parsed(arguments).command);
}

/// The message of the usage error that the arguments bring.
std::string refusal(const words& arguments) {
    try {
        (void)parse_arguments(arguments);
    } catch (const usage_error& wrong) {
        const std::string message = wrong.what();
        BOOST_TEST(message.find('\n') == std::string::npos);
        return message;
    }
    BOOST_FAIL("no usage error");
    return {};
}

void check_mentions(const std::string& message, const words& all) {
    for (const auto& each : all) {
        BOOST_TEST(message.find(each) != std::string::npos, "'" << message << "' does not mention '" << each << "'");
    }
}

std::string text_of(const words& arguments) { return std::get<information>(parse_arguments(arguments)).text; }

}  // namespace

BOOST_AUTO_TEST_SUITE(arguments_suite)

BOOST_AUTO_TEST_CASE(general_options_stand_before_or_after_the_command) {
    for (const auto& arguments : {words{"--socket", "/s", "--timeout", "2s", "--json", "ping"},
             words{"ping", "--socket", "/s", "--timeout", "2s", "--json"},
             words{"--socket=/s", "ping", "--timeout=2s", "--json"}}) {
        const auto call = parsed(arguments);
        BOOST_TEST(call.socket == "/s");
        BOOST_CHECK(call.timeout == 2s);
        BOOST_TEST(call.json);
        BOOST_TEST(std::holds_alternative<ping_arguments>(call.command));
    }
}

BOOST_AUTO_TEST_CASE(nothing_given_leaves_every_default) {
    const auto call = parsed({"emit", "e"});
    BOOST_TEST(call.socket.empty());
    BOOST_TEST(!call.timeout);
    BOOST_TEST(!call.json);
    BOOST_TEST(call.autostart);
    BOOST_TEST(!parsed({"--no-autostart", "emit", "e"}).autostart);
    const auto emit = std::get<emit_arguments>(call.command);
    BOOST_TEST(emit.payload == "{}");
    BOOST_TEST(!emit.wait);
    BOOST_CHECK(emit.policy == hookd::wait_policy::veto);
    BOOST_TEST(emit.abort_exit_code == 1);
    BOOST_TEST(!emit.proceed_without_daemon);
    BOOST_TEST(!emit.quiet);
}

BOOST_AUTO_TEST_CASE(emit_reads_each_of_its_options) {
    const auto emit = parsed_as<emit_arguments>({"emit", "--wait", "--policy", "first", "--fail-closed",
        "--wait-for-subscriber", "--abort-exit-code", "2", "--no-daemon", "proceed", "pre_push", "[1]"});
    BOOST_TEST(emit.event == "pre_push");
    BOOST_TEST(emit.payload == "[1]");
    BOOST_TEST(emit.wait);
    BOOST_CHECK(emit.policy == hookd::wait_policy::first);
    BOOST_TEST(emit.fail_closed);
    BOOST_TEST(emit.wait_for_subscriber);
    BOOST_TEST(emit.abort_exit_code == 2);
    BOOST_TEST(emit.proceed_without_daemon);
    BOOST_CHECK(
        parsed_as<emit_arguments>({"emit", "--wait", "--policy", "all", "e"}).policy == hookd::wait_policy::all);
    BOOST_TEST(!parsed_as<emit_arguments>({"emit", "--no-daemon", "fail", "e"}).proceed_without_daemon);
    BOOST_TEST(parsed_as<emit_arguments>({"emit", "-q", "e"}).quiet);
    BOOST_TEST(parsed_as<emit_arguments>({"emit", "--quiet", "e"}).quiet);
}

BOOST_AUTO_TEST_CASE(emit_may_require_several_hooks_and_ask_them_in_a_chain) {
    const auto emit = parsed_as<emit_arguments>(
        {"emit", "--wait", "--require", "lint", "e", "--require=a reviewer", "--policy", "chain"});
    BOOST_TEST(emit.require == (words{"lint", "a reviewer"}), boost::test_tools::per_element());
    BOOST_CHECK(emit.policy == hookd::wait_policy::chain);
    check_mentions(refusal({"emit", "--require", "lint", "e"}), {"--require", "need --wait"});
    check_mentions(
        refusal({"emit", "--wait", "--require", "", "e"}), {"--require takes 1 to 128 printable characters"});
    words seventeen{"emit", "--wait", "e"};
    for (int each = 0; each < 17; ++each) {
        seventeen.insert(seventeen.end(), {"--require", "n" + std::to_string(each)});
    }
    check_mentions(refusal(seventeen), {"--require takes at most 16 names"});
}

BOOST_AUTO_TEST_CASE(who_takes_an_event_and_a_payload) {
    BOOST_TEST(parsed_as<who_arguments>({"who", "e", "{}"}).payload.value() == "{}");
    BOOST_TEST(!parsed_as<who_arguments>({"who", "e"}).payload);
    check_mentions(refusal({"who"}), {"EVENT is missing"});
}

BOOST_AUTO_TEST_CASE(log_takes_what_to_look_for) {
    const auto log =
        parsed_as<log_arguments>({"log", "-f", "--event", "pre_*", "--hook", "lint", "--vetoed", "--since", "2d"});
    BOOST_TEST(log.follow);
    BOOST_TEST(log.event == "pre_*");
    BOOST_TEST(log.hook == "lint");
    BOOST_TEST(log.vetoed);
    BOOST_TEST(log.since.has_value());
    BOOST_TEST(!parsed_as<log_arguments>({"log"}).follow);
    check_mentions(refusal({"log", "--since", "soon"}), {"--since takes how long ago", "'soon'"});
    BOOST_TEST(parsed_as<trace_arguments>({"trace", "x"}).id == "x");
    check_mentions(refusal({"trace"}), {"ID is missing"});
    BOOST_TEST(parsed_as<replay_arguments>({"replay", "x", "--to", "lint"}).to == "lint");
    check_mentions(refusal({"replay", "x"}), {"--to NAME"});
}

BOOST_AUTO_TEST_CASE(test_hands_everything_after_the_dashes_to_the_command) {
    const auto test =
        parsed_as<test_arguments>({"test", "--event", "pre_push", "--payload", "[1]", "--", "sh", "--event", "-c"});
    BOOST_TEST(test.event == "pre_push");
    BOOST_TEST(test.payload.value() == "[1]");
    BOOST_TEST(test.argv == (words{"sh", "--event", "-c"}), boost::test_tools::per_element());
    check_mentions(refusal({"test"}), {"put -- and the command"});
    check_mentions(refusal({"test", "x", "--", "true"}), {"'x' is one word too many"});
}

BOOST_AUTO_TEST_CASE(options_may_stand_between_and_after_the_words) {
    const auto emit = parsed_as<emit_arguments>({"emit", "e", "--wait", "{}", "--fail-closed"});
    BOOST_TEST(emit.event == "e");
    BOOST_TEST(emit.payload == "{}");
    BOOST_TEST(emit.wait);
    BOOST_TEST(emit.fail_closed);
}

BOOST_AUTO_TEST_CASE(a_payload_of_any_shape_is_one_word_as_it_stands) {
    for (const std::string payload : {"{}", "[]", "[1,2]", "[\"a\",{}]", "-1", "-0.5e3", "-", "@file", "@-",
             "\"--wait\"", "null", "", " {} ", "'x'", "\x01", "{\"a\":1}", "emit", "%x"}) {
        BOOST_TEST(parsed_as<emit_arguments>({"emit", "e", payload}).payload == payload);
    }
}

BOOST_AUTO_TEST_CASE(after_two_dashes_everything_is_a_word) {
    const auto emit = parsed_as<emit_arguments>({"emit", "--wait", "--", "--event", "--payload"});
    BOOST_TEST(emit.event == "--event");
    BOOST_TEST(emit.payload == "--payload");
}

BOOST_AUTO_TEST_CASE(an_event_may_be_named_like_a_command) {
    BOOST_TEST(parsed_as<emit_arguments>({"emit", "listen"}).event == "listen");
    BOOST_TEST(parsed_as<emit_arguments>({"--socket", "ping", "emit", "emit"}).event == "emit");
}

BOOST_AUTO_TEST_CASE(options_of_a_wait_without_a_wait_are_refused) {
    for (const auto& option : {words{"--policy", "veto"}, words{"--fail-closed"}, words{"--wait-for-subscriber"},
             words{"--abort-exit-code", "2"}}) {
        words arguments{"emit", "e"};
        arguments.insert(arguments.end(), option.begin(), option.end());
        check_mentions(refusal(arguments), {"--wait", option[0]});
    }
}

BOOST_AUTO_TEST_CASE(numbers_and_choices_out_of_range_are_refused_with_what_is_accepted) {
    check_mentions(
        refusal({"emit", "--wait", "--abort-exit-code", "0", "e"}), {"--abort-exit-code", "1", "255", "'0'"});
    check_mentions(refusal({"emit", "--wait", "--abort-exit-code", "256", "e"}), {"'256'"});
    check_mentions(refusal({"emit", "--wait", "--abort-exit-code", "x", "e"}), {"'x'"});
    check_mentions(
        refusal({"emit", "--wait", "--policy", "last", "e"}), {"--policy", "first", "veto", "all", "'last'"});
    check_mentions(refusal({"emit", "--no-daemon", "maybe", "e"}), {"--no-daemon", "proceed", "fail", "'maybe'"});
    check_mentions(refusal({"listen", "--count", "0"}), {"--count", "1"});
    check_mentions(refusal({"listen", "--after-seq", "-1"}), {"--after-seq"});
    check_mentions(refusal({"on", "--jobs", "0", "e", "--", "true"}), {"--jobs", "1"});
}

BOOST_AUTO_TEST_CASE(names_that_the_daemon_would_refuse_are_refused_with_what_is_accepted) {
    const std::string too_long(129, 'x');
    for (const auto& name : words{"", "pre push", "pre_*", "p\xc3\xbcsh", "a\n", too_long}) {
        check_mentions(refusal({"emit", name}), {"EVENT takes 1 to 128 characters of A-Z a-z 0-9 _ . : / -, not '"});
        check_mentions(refusal({"schema", name}), {"EVENT takes 1 to 128"});
    }
    for (const auto& pattern : words{"", "pre push*", "[ab]", too_long}) {
        check_mentions(refusal({"listen", "a", pattern}),
            {"PATTERN takes 1 to 128 characters of A-Z a-z 0-9 _ . : / - * ?, not '" + pattern + "'"});
        check_mentions(refusal({"on", pattern, "--", "true"}), {"PATTERN takes"});
        check_mentions(refusal({"register", "n", "--on", "a", pattern, "--", "true"}), {"PATTERN takes"});
    }
    for (const auto& name : words{"", "a\x1b", "\xc2\x9b", "\xff", too_long}) {
        check_mentions(
            refusal({"on", "--name", name, "a", "--", "true"}), {"--name takes 1 to 128 printable characters, not '"});
        check_mentions(refusal({"register", name, "--on", "a", "--", "true"}), {"NAME takes"});
        check_mentions(refusal({"deregister", name}), {"NAME takes"});
        check_mentions(refusal({"trust", name}), {"NAME takes"});
    }
    const std::string longest(128, '/');
    BOOST_TEST(parsed_as<emit_arguments>({"emit", longest}).event == longest);
    BOOST_TEST(parsed_as<listen_arguments>({"listen", "p?e_*"}).patterns == words{"p?e_*"});
    BOOST_TEST(parsed_as<on_arguments>({"on", "--name", "m\xc3\xbc ller", "a", "--", "true"}).name == "m\xc3\xbc ller");
}

BOOST_AUTO_TEST_CASE(a_time_out_without_unit_or_out_of_range_is_refused) {
    check_mentions(refusal({"--timeout", "30", "ping"}), {"--timeout", "30s", "ms", "'30'"});
    check_mentions(refusal({"--timeout", "0s", "ping"}), {"--timeout", "1ms"});
    check_mentions(refusal({"--timeout", "1441m", "ping"}), {"--timeout", "1440m"});
    BOOST_CHECK(parsed({"--timeout", "1440m", "ping"}).timeout == 24h);
    BOOST_CHECK(parsed({"--timeout", "1ms", "ping"}).timeout == 1ms);
}

BOOST_AUTO_TEST_CASE(too_few_or_too_many_words_are_refused_with_the_usage) {
    check_mentions(refusal({"emit"}), {"EVENT is missing", "emit EVENT [PAYLOAD]"});
    for (const auto& split : {words{"{", "}"}, words{"{a:", "1}"}, words{"[1,", "2", "]"}, words{"x", "b:"}}) {
        auto arguments = words{"emit", "e"};
        arguments.insert(arguments.end(), split.begin(), split.end());
        check_mentions(refusal(arguments), {"'" + split[1] + "'", "single quotes", "emit EVENT [PAYLOAD]"});
    }
    for (const auto& arguments : {words{"version", "extra"}, words{"ping", "x", "y"}, words{"emit", "e", "1", "2"},
             words{"trust", "a:b", "c"}}) {
        const auto message = refusal(arguments);
        BOOST_TEST(message.find("is one word too many: hookctl ") != std::string::npos, message);
    }
    check_mentions(refusal({"respond"}), {"ID is missing", "respond ID [RESPONSE]"});
    check_mentions(refusal({"call"}), {"METHOD is missing", "call METHOD [PARAMS]"});
    check_mentions(refusal({"on", "--", "true"}), {"PATTERN is missing"});
    check_mentions(refusal({"register", "--on", "e", "--", "true"}), {"NAME is missing"});
    check_mentions(refusal({"trust"}), {"NAME is missing"});
    check_mentions(refusal({"git"}), {"install|uninstall|status|run is missing"});
    check_mentions(refusal({"git", "run"}), {"HOOK is missing"});
    check_mentions(refusal({"ping", "x"}), {"'x'"});
    check_mentions(refusal({"top", "x"}), {"'x'"});
    check_mentions(refusal({"stats", "x"}), {"'x'"});
}

BOOST_AUTO_TEST_CASE(unknown_options_and_commands_are_refused_with_the_nearest) {
    check_mentions(refusal({"emit", "--wiat", "e"}), {"--wiat", "did you mean --wait?", "emit --help"});
    check_mentions(refusal({"listen", "--cuont=3"}), {"did you mean --count?"});
    check_mentions(
        refusal({"--sokcet", "x", "ping"}), {"'x'"});  // what follows an unknown option is taken for the command
    check_mentions(refusal({"emti", "e"}), {"'emti'", "did you mean emit?"});
    check_mentions(refusal({"frobnicate"}), {"'frobnicate'", "--help"});
    check_mentions(refusal({"emit", "e", "-x"}), {"-x", "--"});
}

BOOST_AUTO_TEST_CASE(an_option_of_another_command_is_refused) {
    check_mentions(refusal({"listen", "--wait"}), {"listen has no option --wait"});
    check_mentions(refusal({"ping", "--count", "1"}), {"ping has no option --count"});
}

BOOST_AUTO_TEST_CASE(an_option_without_its_value_is_refused) {
    check_mentions(refusal({"emit", "--wait=false", "e"}), {"--wait takes no value"});
    check_mentions(refusal({"--version=1"}), {"--version takes no value"});
    check_mentions(refusal({"ping", "--timeout"}), {"--timeout needs a value"});
    check_mentions(refusal({"--socket"}), {"--socket needs a value"});
    check_mentions(refusal({"ping", "--socket="}), {"--socket"});
}

BOOST_AUTO_TEST_CASE(the_last_of_a_repeated_option_counts) {
    BOOST_TEST(parsed({"--socket", "/a", "ping", "--socket", "/b"}).socket == "/b");
}

BOOST_AUTO_TEST_CASE(without_a_command_it_says_what_there_is) {
    check_mentions(refusal({}), {"emit", "listen", "on", "respond", "stats", "top", "ping", "call", "help"});
    check_mentions(refusal({"--json"}), {"emit"});
}

BOOST_AUTO_TEST_CASE(listen_reads_patterns_and_limits) {
    const auto listen = parsed_as<listen_arguments>({"listen", "pre_*", "--after-seq", "0", "a?c", "--count", "3"});
    BOOST_TEST(listen.patterns == (words{"pre_*", "a?c"}), boost::test_tools::per_element());
    BOOST_TEST(listen.after_seq.value() == 0U);
    BOOST_TEST(listen.count.value() == 3U);
    BOOST_TEST(parsed_as<listen_arguments>({"listen"}).patterns.empty());
}

BOOST_AUTO_TEST_CASE(on_hands_everything_after_the_dashes_to_the_command) {
    const auto call =
        parsed({"on", "--jobs", "4", "a", "b*", "--timeout", "3s", "--", "/opt/check.sh", "--jobs", "--", "-x", "[1]"});
    const auto on = std::get<on_arguments>(call.command);
    BOOST_TEST(on.patterns == (words{"a", "b*"}), boost::test_tools::per_element());
    BOOST_TEST(on.argv == (words{"/opt/check.sh", "--jobs", "--", "-x", "[1]"}), boost::test_tools::per_element());
    BOOST_TEST(on.jobs.value() == 4U);
    BOOST_TEST(on.name == "check.sh");
    BOOST_CHECK(call.timeout == 3s);
    BOOST_TEST(parsed_as<on_arguments>({"on", "--name", "guard", "a", "--", "true"}).name == "guard");
    BOOST_TEST(!parsed_as<on_arguments>({"on", "a", "--", "true"}).jobs.has_value());
}

BOOST_AUTO_TEST_CASE(on_without_a_command_or_a_pattern_is_refused) {
    for (const auto& arguments : {words{"on"}, words{"on", "a"}, words{"on", "a", "--"}, words{"on", "a", "--", ""}}) {
        check_mentions(refusal(arguments), {"--", "on PATTERN... -- CMD [ARG...]"});
    }
    check_mentions(refusal({"on", "--", "true"}), {"on PATTERN... -- CMD [ARG...]"});
}

BOOST_AUTO_TEST_CASE(respond_reads_one_answer) {
    BOOST_TEST(parsed_as<respond_arguments>({"respond", "id", "{}"}).response.value() == "{}");
    BOOST_TEST(parsed_as<respond_arguments>({"respond", "id", "--abort", "-no [x]"}).abort.value() == "-no [x]");
    BOOST_TEST(parsed_as<respond_arguments>({"respond", "id", "--failed", "x"}).failed.value() == "x");
    BOOST_TEST(parsed_as<respond_arguments>({"respond", "id", "--abstain"}).abstain);
    const auto both = parsed_as<respond_arguments>({"respond", "id", "{\"a\":1}", "--abort=no"});
    BOOST_TEST(both.abort.value() == "no");
    BOOST_TEST(both.response.value() == "{\"a\":1}");
    BOOST_TEST(!parsed_as<respond_arguments>({"respond", "id"}).response);
}

BOOST_AUTO_TEST_CASE(respond_refuses_two_answers_and_empty_reasons) {
    check_mentions(refusal({"respond", "id", "--abstain", "--abort", "no"}), {"--abstain", "--abort"});
    check_mentions(refusal({"respond", "id", "{}", "--failed", "x"}), {"--failed", "RESPONSE"});
    check_mentions(refusal({"respond", "id", "--abort", ""}), {"--abort", "reason"});
    check_mentions(refusal({"respond", "id", "--abort="}), {"--abort", "reason"});
    check_mentions(refusal({"respond", "id", "--failed", ""}), {"--failed", "reason"});
}

BOOST_AUTO_TEST_CASE(stats_prints_in_one_form) {
    BOOST_TEST(parsed_as<stats_arguments>({"stats", "--watch"}).watch);
    BOOST_TEST(parsed_as<stats_arguments>({"stats", "--prometheus"}).prometheus);
    check_mentions(refusal({"stats", "--prometheus", "--watch"}), {"--prometheus", "--watch"});
    check_mentions(refusal({"stats", "--prometheus", "--json"}), {"--prometheus", "--json"});
}

BOOST_AUTO_TEST_CASE(call_takes_any_method) {
    const auto call = parsed_as<call_arguments>({"call", "rpc.discover", "{\"x\":[]}"});
    BOOST_TEST(call.method == "rpc.discover");
    BOOST_TEST(call.params.value() == "{\"x\":[]}");
    BOOST_TEST(!parsed_as<call_arguments>({"call", "ping"}).params);
}

BOOST_AUTO_TEST_CASE(version_and_help_need_nothing_else_to_be_right) {
    for (const auto& arguments : {words{"--version"}, words{"-V"}, words{"version"}, words{"--json", "version"}}) {
        BOOST_TEST(text_of(arguments) == std::string("hookctl ") + hookd::protocol::release_version + ", protocol 1\n");
    }
    BOOST_TEST(text_of({"--help"}) == general_help());
    BOOST_TEST(text_of({"-h"}) == general_help());
    for (const auto command : command_names()) {
        BOOST_TEST(text_of({std::string(command), "--help"}) == command_help(command));
        BOOST_TEST(text_of({"--help", std::string(command)}) == command_help(command));
        BOOST_TEST(text_of({"help", std::string(command)}) == command_help(command));
    }
    BOOST_TEST(text_of({"help"}) == general_help());
    check_mentions(refusal({"help", "emti"}), {"'emti'", "did you mean emit?"});
    check_mentions(refusal({"help", "emit", "x"}), {"'x' is one word too many"});
    for (const auto& [command, action] :
        {std::pair("git", "install"), std::pair("git", "run"), std::pair("jj", "push"), std::pair("agent", "status")}) {
        BOOST_TEST(text_of({"help", command, action}) == command_help(command));
    }
    check_mentions(refusal({"help", "git", "instal"}), {"'instal' is one word too many"});
    check_mentions(refusal({"help", "git", "install", "x"}), {"'x' is one word too many"});
    check_mentions(refusal({"version", "x"}), {"'x' is one word too many"});
}

BOOST_AUTO_TEST_CASE(unregister_means_deregister) {
    BOOST_TEST(parsed_as<deregister_arguments>({"unregister", "guard"}).name == "guard");
}

BOOST_AUTO_TEST_SUITE_END()
