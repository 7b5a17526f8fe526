// SPDX-License-Identifier: BSL-1.0
// `x-secret`: what a schema keeps out of people's sight.
#include "catalog/schema.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using hookd::catalogs::invalid_schema;
using hookd::catalogs::schema;

namespace {

std::string shown(std::string_view described, std::string_view value) {
    return schema{described}.without_secrets(value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(a_member_is_hidden_wherever_its_schema_applies) {
    BOOST_TEST(shown(R"({"properties":{"a":{"x-secret":true}}})", R"({"a":"s","b":"t"})") == R"({"a":"…","b":"t"})");
    BOOST_TEST(shown(R"({"properties":{"a":{"x-secret":true}}})", R"({ "a" : {"deep":[1,2]} , "a":3 })") ==
               R"({ "a" : "…" , "a":"…" })");
    BOOST_TEST(shown(R"({"properties":{"a":{"items":{"x-secret":true}}}})", R"({"a":[1,"b",null]})") ==
               R"({"a":["…","…","…"]})");
    BOOST_TEST(shown(R"({"patternProperties":{"_key$":{"x-secret":true}},"additionalProperties":{}})",
                   R"({"a_key":1,"b":2})") == R"({"a_key":"…","b":2})");
    BOOST_TEST(shown(R"({"additionalProperties":{"x-secret":true},"properties":{"b":{}}})", R"({"a":1,"b":2})") ==
               R"({"a":"…","b":2})");
    BOOST_TEST(shown(R"({"allOf":[{"properties":{"a":{"x-secret":true}}}]})", R"({"a":1})") == R"({"a":"…"})");
    BOOST_TEST(shown(R"({"if":{},"then":{"properties":{"a":{"x-secret":true}}}})", R"({"a":1})") == R"({"a":"…"})");
    BOOST_TEST(shown(R"({"properties":{"a":{"$ref":"#/definitions/s"}},"definitions":{"s":{"x-secret":true}}})",
                   R"({"a":1})") == R"({"a":"…"})");
    BOOST_TEST(shown(R"({"properties":{"a":{"$ref":"#/definitions/s","x-secret":true}},"definitions":{"s":{}}})",
                   R"({"a":1})") == R"({"a":"…"})");
    BOOST_TEST(shown(R"({"x-secret":true})", "[1]") == R"("…")");
}

BOOST_AUTO_TEST_CASE(a_secret_within_a_secret_is_hidden_with_it) {
    BOOST_TEST(shown(R"({"properties":{"a":{"x-secret":true,"properties":{"b":{"x-secret":true}}}}})",
                   R"({"a":{"b":1},"c":2})") == R"({"a":"…","c":2})");
}

BOOST_AUTO_TEST_CASE(a_value_that_breaks_the_schema_is_hidden_all_the_same) {
    BOOST_TEST(shown(R"({"properties":{"a":{"x-secret":true,"type":"string"}}})", R"({"a":1})") == R"({"a":"…"})");
}

BOOST_AUTO_TEST_CASE(names_of_members_stay) {
    BOOST_TEST(shown(R"({"propertyNames":{"x-secret":true}})", R"({"a":1})") == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(false_hides_nothing_and_anything_else_is_refused) {
    BOOST_TEST(!schema{R"({"properties":{"a":{"x-secret":false}}})"}.has_secrets());
    BOOST_TEST(!schema{"{}"}.has_secrets());
    BOOST_TEST(schema{R"({"x-secret":true})"}.has_secrets());
    BOOST_CHECK_THROW(schema{R"({"properties":{"a":{"x-secret":"yes"}}})"}, invalid_schema);
}

BOOST_AUTO_TEST_CASE(what_takes_too_long_to_look_through_is_hidden_as_a_whole) {
    std::string nasty = R"({"properties":{"a":{"x-secret":true}},"anyOf":[)";
    for (int i = 0; i < 400; ++i) {
        nasty += std::string{i == 0 ? "" : ","} + R"({"contains":{"const":"none"}})";
    }
    std::string value = "[0";
    for (int i = 0; i < 20'000; ++i) {
        value += ",9";
    }
    BOOST_TEST(shown(nasty + "]}", value + "]") == R"("…")");
}

BOOST_AUTO_TEST_SUITE_END()
