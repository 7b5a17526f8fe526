// SPDX-License-Identifier: BSL-1.0
// What a caller in process fills in is checked by the rules of what comes in a request, with the same words.
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/message.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace hookd::protocol;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

std::string described(const std::optional<error>& failure) {
    return failure ? std::to_string(static_cast<int>(failure->code)) + ": " + failure->message : "fine";
}

/// What bind_params() says of the same parameters in a request.
template <class Params>
std::string bound(const std::string& params) {
    const auto frame =
        R"({"jsonrpc":"2.0","id":1,"method":")" + std::string{Params::method} + R"(","params":)" + params + "}";
    message read;
    read_message(frame, read);
    BOOST_REQUIRE(read.type == message::kind::request);
    const auto result = bind_params<Params>(read.single);
    const auto* const failure = std::get_if<error>(&result);
    return described(failure != nullptr ? std::optional{*failure} : std::nullopt);
}

template <class Params>
void check_same(const Params& params, const std::string& in_request, std::string_view part) {
    const auto said = described(check_params(params));
    BOOST_TEST(said == bound<Params>(in_request), in_request);
    BOOST_TEST(said.find(part) != std::string::npos, said);
}

std::string repeated(std::size_t count, const std::string& element) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
        list += (i == 0 ? "" : ",") + element;
    }
    return list;
}

subscribe_params subscription_to(words events) {
    subscribe_params params;
    params.events = std::move(events);
    return params;
}

subscribe_params subscription_where(std::vector<payload_condition> where) {
    subscribe_params params;
    params.where = std::move(where);
    return params;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_params_suite)

BOOST_AUTO_TEST_CASE(an_event_has_a_name) {
    check_same(emit_params{.event = "a"}, R"({"event":"a"})", "fine");
    check_same(emit_params{.event = "a b"}, R"({"event":"a b"})", "'event' must be a string of 1 to 128 characters");
    check_same(emit_params{}, R"({"event":""})", "'event' must be");
    check_same(who_params{.event = "*"}, R"({"event":"*"})", "'event' must be");
}

BOOST_AUTO_TEST_CASE(a_duration_is_from_1_ms_to_a_day) {
    const std::string event = R"({"event":"a","timeout_ms":)";
    check_same(emit_and_wait_params{.event = "a", .timeout = 1ms}, event + "1}", "fine");
    check_same(emit_and_wait_params{.event = "a", .timeout = 24h}, event + "86400000}", "fine");
    check_same(emit_and_wait_params{.event = "a", .timeout = 0ms}, event + "0}", "'timeout_ms' must be an integer");
    check_same(emit_and_wait_params{.event = "a", .timeout = 24h + 1ms}, event + "86400001}", "'timeout_ms' must be");
}

BOOST_AUTO_TEST_CASE(a_cause_is_a_list_of_events_without_this_one) {
    check_same(emit_params{.event = "a", .cause = "b,c"}, R"({"event":"a","cause":"b,c"})", "fine");
    check_same(emit_params{.event = "a", .cause = "b,a"}, R"({"event":"a","cause":"b,a"})", "which is a recursion");
    check_same(emit_params{.event = "a", .cause = "b,,c"}, R"({"event":"a","cause":"b,,c"})", "is none");
    const std::string nine = "b,c,d,e,f,g,h,i,j";
    check_same(emit_params{.event = "a", .cause = nine}, R"({"event":"a","cause":")" + nine + "\"}", "-32001");
}

BOOST_AUTO_TEST_CASE(at_most_16_responders_are_required) {
    const auto required = [](words names) {
        emit_and_wait_params params{.event = "a"};
        params.require = std::move(names);
        return params;
    };
    check_same(required({"reviewer"}), R"({"event":"a","require":["reviewer"]})", "fine");
    check_same(required({"a\nb"}), R"({"event":"a","require":["a\nb"]})", "'require' must hold names");
    words many;
    std::string list;
    for (std::size_t i = 0; i <= max_required; ++i) {
        many.push_back("n" + std::to_string(i));
        list += (i == 0 ? "\"" : ",\"") + many.back() + "\"";
    }
    check_same(required(many), R"({"event":"a","require":[)" + list + "]}", "more than 16 names");
    many.pop_back();
    BOOST_TEST(described(check_params(required(many))) == "fine");
}

BOOST_AUTO_TEST_CASE(at_most_256_patterns_are_subscribed_to) {
    check_same(subscription_to({"pre_*", "post_?"}), R"({"events":["pre_*","post_?"]})", "fine");
    check_same(subscription_to({"a", ""}), R"({"events":["a",""]})", "matches no event");
    check_same(subscription_to({"a b"}), R"({"events":["a b"]})", "'a b', which matches no event");
    check_same(
        subscription_to(words(max_patterns, "a")), "{\"events\":[" + repeated(max_patterns, "\"a\"") + "]}", "fine");
    check_same(subscription_to(words(max_patterns + 1, "a")),
        "{\"events\":[" + repeated(max_patterns + 1, "\"a\"") + "]}", "-32001: parameter 'events' has more than 256");
}

BOOST_AUTO_TEST_CASE(a_condition_is_a_pointer_and_a_glob) {
    check_same(subscription_where({{"/cwd", "/src/*"}}), R"({"where":{"/cwd":"/src/*"}})", "fine");
    check_same(subscription_where({{"cwd", "*"}}), R"({"where":{"cwd":"*"}})", "not a JSON pointer");
    const std::string long_glob(max_condition_glob + 1, '*');
    check_same(subscription_where({{"/a", long_glob}}), R"({"where":{"/a":")" + long_glob + "\"}}", "a glob");
    std::vector<payload_condition> many;
    std::string list;
    for (std::size_t i = 0; i <= max_conditions; ++i) {
        many.push_back({"/" + std::to_string(i), "*"});
        list += (i == 0 ? "\"/" : ",\"/") + std::to_string(i) + "\":\"*\"";
    }
    check_same(subscription_where(many), "{\"where\":{" + list + "}}", "more than 16 conditions");
}

BOOST_AUTO_TEST_CASE(a_session_has_a_printable_name_or_none_and_a_place_in_the_order) {
    check_same(subscribe_params{}, "{}", "fine");
    check_same(subscribe_params{.name = "line\nbreak"}, R"({"name":"line\nbreak"})", "'name' must be a string");
    check_same(subscribe_params{.order = -9007199254740991}, R"({"order":-9007199254740991})", "fine");
    check_same(
        subscribe_params{.order = -9007199254740992}, R"({"order":-9007199254740992})", "'order' must be an integer");
    check_same(
        subscribe_params{.order = 9007199254740992}, R"({"order":9007199254740992})", "'order' must be an integer");
}

// Of these a request can't bring any: it would not be JSON.
BOOST_AUTO_TEST_CASE(what_no_request_could_hold_is_refused) {
    const auto not_utf8 = std::string_view{"-32602: parameter 'name' is not valid UTF-8"};
    BOOST_TEST(described(check_params(subscribe_params{.name = "\xff"})) == not_utf8);
    BOOST_TEST(described(check_params(await_response_params{})) ==
               "-32602: parameter 'hook_event_id' must be a string that is not empty");
}

BOOST_AUTO_TEST_SUITE_END()
