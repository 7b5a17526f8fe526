// SPDX-License-Identifier: BSL-1.0
#include "core/payload_view.hpp"

#include <boost/test/unit_test.hpp>

// Conditions on payloads (PROTOCOL.md, `where`).
namespace hookd::core {
namespace {

bool meets(std::string_view payload, const std::vector<protocol::payload_condition>& conditions) {
    base::pointer_set pointers;
    const where_clause where{pointers, conditions};
    condition_steps steps;
    return payload_view{pointers, payload, steps}.meets(where);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(payload_conditions)

BOOST_AUTO_TEST_CASE(string_at_the_pointer_matches_the_glob) {
    BOOST_CHECK(meets(R"({"cwd":"/src/shop/a"})", {{"/cwd", "/src/shop*"}}));
    BOOST_CHECK(meets(R"({"cwd":"/src/shop"})", {{"/cwd", "/src/sho?"}}));
    BOOST_CHECK(!meets(R"({"cwd":"/src/other"})", {{"/cwd", "/src/shop*"}}));
    BOOST_CHECK(meets(R"( "all of it" )", {{"", "all*"}}));
}

BOOST_AUTO_TEST_CASE(what_is_absent_or_no_string_matches_nothing) {
    for (const char* const payload :
        {"{}", R"({"n":1})", R"({"n":null})", R"({"n":["a"]})", R"({"n":{"a":"b"}})", "[]", "5", "null", R"("n")"}) {
        BOOST_CHECK(!meets(payload, {{"/n", "*"}}));
    }
}

BOOST_AUTO_TEST_CASE(all_conditions_must_hold) {
    constexpr auto payload = R"({"a":"1","b":"2"})";
    BOOST_CHECK(meets(payload, {}));
    BOOST_CHECK(meets(payload, {{"/a", "1"}, {"/b", "2"}}));
    BOOST_CHECK(!meets(payload, {{"/a", "1"}, {"/b", "3"}}));
    BOOST_CHECK(!meets(payload, {{"/a", "1"}, {"/c", "*"}}));
}

BOOST_AUTO_TEST_CASE(pointers_go_into_objects_and_arrays) {
    constexpr auto payload = R"({"a":{"b/c":["x",{"~":"deep"}],"":"empty"},"q\u0041":"escaped"})";
    BOOST_CHECK(meets(payload, {{"/a/b~1c/1/~0", "deep"}}));
    BOOST_CHECK(meets(payload, {{"/a/b~1c/0", "x"}}));
    BOOST_CHECK(meets(payload, {{"/a/", "empty"}}));
    BOOST_CHECK(meets(payload, {{"/qA", "escaped"}}));
    for (const char* const wrong :
        {"/a/b~1c/2", "/a/b~1c/01", "/a/b~1c/-", "/a/b~1c/+0", "/a/b~1c/0/0", "/a/b", "/A"}) {
        BOOST_CHECK(!meets(payload, {{wrong, "*"}}));
    }
}

// As the parsers of those who read the payload have it.
BOOST_AUTO_TEST_CASE(of_a_repeated_member_the_last_counts) {
    BOOST_CHECK(meets(R"({"a":"1","a":"2"})", {{"/a", "2"}}));
    BOOST_CHECK(!meets(R"({"a":"1","a":"2"})", {{"/a", "1"}}));
    BOOST_CHECK(!meets(R"({"a":"1","a":2})", {{"/a", "*"}}));
}

// What a member's first value led to is forgotten with it.
BOOST_AUTO_TEST_CASE(of_a_repeated_object_the_last_counts_in_all_that_is_in_it) {
    constexpr auto payload = R"({"a":{"b":"1","c":{"d":"2"}},"a":{"e":"3","c":5},"f":["x","y"],"f":["z"]})";
    BOOST_CHECK(meets(payload, {{"/a/e", "3"}}));
    BOOST_CHECK(!meets(payload, {{"/a/b", "*"}}));
    BOOST_CHECK(!meets(payload, {{"/a/c/d", "*"}}));
    BOOST_CHECK(meets(payload, {{"/f/0", "z"}}));
    BOOST_CHECK(!meets(payload, {{"/f/1", "*"}}));
}

BOOST_AUTO_TEST_CASE(conditions_of_many_sessions_are_looked_up_together) {
    base::pointer_set pointers;
    const where_clause some{pointers, {{"/a/0/b", "x"}, {"/a/2", "z"}}};
    const where_clause others{pointers, {{"/a/1", "y"}, {"", "*"}, {"no pointer", "*"}}};
    condition_steps steps;
    payload_view payload{pointers, R"({"a":[{"b":"x"},"y","z"]})", steps};
    BOOST_CHECK(payload.meets(some));
    const auto& conditions = others.conditions();
    BOOST_TEST(payload.string_at(conditions[0].pointer).value_or("") == "y");
    BOOST_TEST(!payload.string_at(conditions[1].pointer).has_value());
    BOOST_TEST(!payload.string_at(conditions[2].pointer).has_value());
    BOOST_CHECK(payload.meets(some));
}

BOOST_AUTO_TEST_CASE(pointers_are_in_the_set_while_a_clause_has_them) {
    base::pointer_set pointers;
    {
        where_clause one{pointers, {{"/a", "x"}, {"/b", "y"}}};
        const where_clause same{pointers, {{"/a", "z"}}};
        BOOST_TEST(pointers.size() == 2U);
        one.set({{"/c", "x"}});
        BOOST_TEST(pointers.size() == 2U);  // "/a" and "/c"
        condition_steps steps;
        BOOST_CHECK((payload_view{pointers, R"({"a":"z","c":"x"})", steps}.meets(one)));
        BOOST_CHECK((payload_view{pointers, R"({"a":"z","c":"x"})", steps}.meets(same)));
    }
    BOOST_CHECK(pointers.empty());
}

BOOST_AUTO_TEST_CASE(strings_are_compared_without_their_escapes) {
    BOOST_CHECK(meets(R"({"a":"x\n\u00e9"})", {{"/a", "x\n\u00e9"}}));
}

BOOST_AUTO_TEST_CASE(what_would_take_too_many_comparisons_counts_as_met) {
    const std::string pattern(1000, 'a');
    const auto most = condition_steps{}.comparing / 1000;
    const std::string fits = R"({"a":")" + std::string(most, 'b') + "\"}";
    const std::string too_long = R"({"a":")" + std::string(most + 1, 'b') + "\"}";
    BOOST_CHECK(!meets(fits, {{"/a", pattern}}));
    BOOST_CHECK(meets(too_long, {{"/a", pattern}}));
    base::pointer_set pointers;
    const where_clause where{pointers, {{"/a", pattern}}};
    condition_steps steps;
    payload_view both{pointers, fits, steps};
    BOOST_CHECK(!both.meets(where));
    BOOST_CHECK(both.meets(where));  // of all conditions together
}

BOOST_AUTO_TEST_CASE(a_payload_that_would_take_too_long_to_read_meets_all_conditions) {
    const auto repeated = [](std::string_view item, std::size_t count) {
        std::string text{R"({"a":"b","z":[0)"};
        for (std::size_t i = 0; i < count; ++i) {
            text += item;
        }
        return text + "]}";
    };
    constexpr std::size_t largest = std::size_t{16} << 20;
    BOOST_CHECK(!meets(repeated(",1", largest / 2), {{"/a", "x"}}));
    BOOST_CHECK(!meets(repeated(R"(,"\\\"")", largest / 7), {{"/a", "x"}}));
    BOOST_CHECK(meets(repeated(",1", largest / 2), {{"/a", "x"}, {"/z/9999999", "x"}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core
