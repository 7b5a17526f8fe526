// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include "cluster/nats/messages.hpp"
#include "cluster/nats/presence.hpp"
#include "support/raw_json.hpp"

#include <string>

using namespace hookd::nats;

namespace {

message ask_of(const std::string& payload) {
    message what;
    what.type = message::kind::ask;
    what.from = {"a", "entry"};
    what.sequence = 7;
    what.id = "1-2";
    what.event = "push.\"main\"";
    what.payload = payload;
    what.emitted_at = "17.0";
    what.policy = "veto";
    what.timeout_ms = 500;
    return what;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(messages)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_and_payloads_stay_as_they_are) {
    const std::string payload = R"({"z" : 1.0, "a":"\ud800", "z":[ ]})";
    const std::string text = to_text(ask_of(payload));
    const auto read = read_message(text);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->payload == payload);
    BOOST_TEST((read->from == sender{"a", "entry"}));
    BOOST_TEST(read->event == "push.\"main\"");
    BOOST_TEST(read->sequence == 7U);
    BOOST_TEST(read->timeout_ms == 500U);
    BOOST_TEST(to_text(*read) == text);
}

BOOST_AUTO_TEST_CASE(what_is_incomplete_or_damaged_is_no_message) {
    const std::string text = to_text(ask_of("{}"));
    for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
        BOOST_TEST(!read_message(text.substr(0, bytes)).has_value());
    }
    for (const char* member : {"\"v\":1", "\"kind\":\"ask\"", "\"host\":\"a\"", "\"entry\":\"entry\"", "\"id\":\"1-2\"",
             "\"policy\":\"veto\"", "\"timeout_ms\":500", "\"payload\":{}", "\"emitted_at\":17.0"}) {
        std::string without = text;
        const auto at = without.find(member);
        BOOST_REQUIRE(at != std::string::npos);
        without.replace(at, 2, "\"_");  // another name
        BOOST_TEST(!read_message(without).has_value(), without);
    }
    for (const char* each : {"{}", "[]", "1", "null", R"({"v":2,"kind":"gone","host":"a","entry":"e"})",
             R"({"v":1,"kind":"x","host":"a","entry":"e"})",
             R"({"v":1,"kind":"has","host":"a","entry":"e","id":"1","responders":{}})"}) {
        BOOST_TEST(!read_message(each).has_value(), each);
    }
}

BOOST_AUTO_TEST_CASE(what_is_nested_as_deep_as_hookd_takes_it_travels) {
    const auto is_read = [](std::size_t levels) {
        message settled;
        settled.type = message::kind::settled;
        settled.from = {"a", "e"};
        settled.id = "1";
        const std::string result = R"({"replies":)" + hookd::test::nested_arrays(levels) + "}";
        settled.result = result;
        return read_message(to_text(settled)).has_value();
    };
    BOOST_TEST(is_read(hookd::link::content_depth - 1));
    BOOST_TEST(!is_read(hookd::link::content_depth));
}

BOOST_AUTO_TEST_CASE(a_presence_is_cut_where_it_is_too_large) {
    presence about{{"a", "e"}, "i", {}};
    for (int i = 0; i < 10'000; ++i) {
        about.sessions.push_back({"session-" + std::to_string(i), {"push.*"}, true, 7, "open", -1, "session"});
    }
    const std::string text = to_text(about);
    BOOST_TEST(text.size() < max_presence_bytes + 200);
    const auto read = read_presence(text);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->sessions.size() > 500U);
    BOOST_TEST(read->sessions[1].name == "session-1");
    BOOST_TEST(read->sessions[1].responds);
    BOOST_TEST(read->sessions[1].order == -1);
    const auto concerned = audience_of(read->sessions, "push.main");
    BOOST_TEST(concerned.is_heard);
    BOOST_TEST(concerned.responders.size() == read->sessions.size());
    BOOST_TEST(!audience_of(read->sessions, "pull").is_heard);
    BOOST_TEST(!read_presence("{}").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
