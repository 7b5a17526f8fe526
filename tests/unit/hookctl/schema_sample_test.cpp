// SPDX-License-Identifier: BSL-1.0
#include <base/json/text.hpp>

#include <hookctl/emit/schema_sample.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using hookd::hookctl::sample_of_schema;

namespace {

/// A sample that there is no doubt about.
std::string sure_sample(const std::string& schema) {
    const auto sample = sample_of_schema(schema);
    BOOST_TEST(sample.doubts.empty(), schema);
    return sample.json;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_sample_suite)

BOOST_AUTO_TEST_CASE(what_the_schema_gives_as_a_value_is_taken_as_it_stands) {
    BOOST_TEST(sure_sample(R"({"const": {"a" : 1}})") == R"({"a" : 1})");
    BOOST_TEST(sure_sample(R"({"type": "string", "default": "x"})") == R"("x")");
    BOOST_TEST(sure_sample(R"({"examples": [1e99, 2]})") == "1e99");
    BOOST_TEST(sure_sample(R"({"enum": [null, 2]})") == "null");
}

BOOST_AUTO_TEST_CASE(a_type_brings_the_least_that_has_it) {
    BOOST_TEST(sure_sample(R"({"type": "string"})") == R"("sample")");
    BOOST_TEST(sure_sample(R"({"type": "string", "minLength": 8})") == R"("samplexx")");
    BOOST_TEST(sure_sample(R"({"type": "string", "maxLength": 2})") == R"("sa")");
    BOOST_TEST(sure_sample(R"({"type": "integer"})") == "1");
    BOOST_TEST(sure_sample(R"({"type": "number", "minimum": 2.5})") == "2.5");
    BOOST_TEST(sure_sample(R"({"type": "boolean"})") == "true");
    BOOST_TEST(sure_sample(R"({"type": ["null", "string"]})") == "null");
    BOOST_TEST(sure_sample(R"({"type": "array", "minItems": 2, "items": {"type": "integer"}})") == "[1,1]");
}

BOOST_AUTO_TEST_CASE(an_object_has_all_its_properties) {
    BOOST_TEST(
        sure_sample(
            R"({"properties": {"branch": {"type": "string"}, "a\"b": {"type": "object", "properties": {"n": {"const": 1}}}}})") ==
        R"({"branch":"sample","a\"b":{"n":1}})");
    BOOST_TEST(sure_sample(R"({"type": "object"})") == "{}");
}

BOOST_AUTO_TEST_CASE(references_and_combinations_are_followed) {
    BOOST_TEST(
        sure_sample(
            R"({"properties": {"oid": {"$ref": "#/definitions/oid"}}, "definitions": {"oid": {"type": "string", "pattern": "^[0-9a-f]{4}$"}}})") ==
        R"({"oid":"aaaa"})");
    BOOST_TEST(
        sure_sample(
            R"({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"minLength": 8}, "b": {"const": 1}}}]})") ==
        R"({"a":"samplexx","b":1})");
    BOOST_TEST(sure_sample(R"({"anyOf": [{"type": "integer", "exclusiveMinimum": 4}, {"type": "null"}]})") == "5");
    BOOST_TEST(
        sure_sample(
            R"({"properties": {"a": {"const": 1}, "b": {"const": 2}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]})") ==
        R"({"a":1})");
    BOOST_TEST(sure_sample(R"({"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}})") ==
               R"({"x":true})");
    BOOST_TEST(sure_sample(R"({"items": [{"const": 1}, {"const": 2}]})") == "[1,2]");
    BOOST_TEST(sure_sample(R"({"type": "array", "maxItems": 0})") == "[]");
    BOOST_TEST(sure_sample(R"({"type": "integer", "maximum": -2})") == "-2");
}

BOOST_AUTO_TEST_CASE(a_schema_that_contains_itself_ends) {
    const auto sample = sure_sample(
        R"({"type": "object", "required": ["n"], "properties": {"n": {"const": 1}, "next": {"$ref": "#"}}})");
    BOOST_TEST(sample.starts_with(R"({"n":1,"next":{"n":1,"next":)"));
    BOOST_TEST(sample.ends_with(R"({"n":1}}}}}}}}})"), sample);
}

BOOST_AUTO_TEST_CASE(where_a_sample_may_not_match_is_said) {
    const auto doubts_of = [](const std::string& schema) {
        const auto sample = sample_of_schema(schema);
        return sample.doubts.size() == 1 ? sample.doubts[0] : std::to_string(sample.doubts.size()) + " doubts";
    };
    BOOST_TEST(doubts_of(R"x({"properties": {"a": {"type": "string", "pattern": "^(?=x)"}}})x")
                   .starts_with("/a: no text is known for the pattern ^(?=x)"));
    BOOST_TEST(doubts_of(R"({"type": "string", "pattern": "^a$", "minLength": 2})").starts_with("/: no text"));
    BOOST_TEST(doubts_of(R"({"$ref": "other.json#/payload_schema"})") ==
               "/: what other.json#/payload_schema refers to is not known here");
    BOOST_TEST(doubts_of(R"({"not": {"required": ["a"]}})") == "/: not is not looked at");
    BOOST_TEST(sure_sample(R"x({"type": "string", "pattern": "^(?=x)", "examples": ["x1"]})x") == R"("x1")");
    BOOST_TEST(sure_sample(R"x({"type": "string", "pattern": "^(?=x)", "default": "x2"})x") == R"("x2")");
}

BOOST_AUTO_TEST_CASE(whatever_is_no_plain_schema_brings_json_all_the_same) {
    std::string deep = R"({"type": "integer"})";
    for (int depth = 0; depth < 100; ++depth) {
        deep = R"({"type": "array", "items": )" + deep + "}";
    }
    for (const std::string& schema : {std::string("true"), std::string("{}"), std::string(R"({"$ref": "#/x"})"),
             std::string(R"({"type": 7})"), std::string(R"({"type": "array", "minItems": 99999999})"), deep}) {
        BOOST_TEST(!hookd::base::find_json_fault(sample_of_schema(schema).json).has_value(), schema);
    }
}

BOOST_AUTO_TEST_SUITE_END()
