// SPDX-License-Identifier: BSL-1.0
#include <base/json/text.hpp>

#include <hookctl/emit/schema_sample.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using hookd::hookctl::schema_sample;

BOOST_AUTO_TEST_SUITE(schema_sample_suite)

BOOST_AUTO_TEST_CASE(what_the_schema_gives_as_a_value_is_taken_as_it_stands) {
    BOOST_TEST(schema_sample(R"({"const": {"a" : 1}})") == R"({"a" : 1})");
    BOOST_TEST(schema_sample(R"({"type": "string", "default": "x"})") == R"("x")");
    BOOST_TEST(schema_sample(R"({"examples": [1e99, 2]})") == "1e99");
    BOOST_TEST(schema_sample(R"({"enum": [null, 2]})") == "null");
}

BOOST_AUTO_TEST_CASE(a_type_brings_the_least_that_has_it) {
    BOOST_TEST(schema_sample(R"({"type": "string"})") == R"("sample")");
    BOOST_TEST(schema_sample(R"({"type": "string", "minLength": 8})") == R"("samplexx")");
    BOOST_TEST(schema_sample(R"({"type": "string", "maxLength": 2})") == R"("sa")");
    BOOST_TEST(schema_sample(R"({"type": "integer"})") == "1");
    BOOST_TEST(schema_sample(R"({"type": "number", "minimum": 2.5})") == "2.5");
    BOOST_TEST(schema_sample(R"({"type": "boolean"})") == "true");
    BOOST_TEST(schema_sample(R"({"type": ["null", "string"]})") == "null");
    BOOST_TEST(schema_sample(R"({"type": "array", "minItems": 2, "items": {"type": "integer"}})") == "[1,1]");
}

BOOST_AUTO_TEST_CASE(an_object_has_all_its_properties) {
    BOOST_TEST(
        schema_sample(
            R"({"properties": {"branch": {"type": "string"}, "a\"b": {"type": "object", "properties": {"n": {"const": 1}}}}})") ==
        R"({"branch":"sample","a\"b":{"n":1}})");
    BOOST_TEST(schema_sample(R"({"type": "object"})") == "{}");
}

BOOST_AUTO_TEST_CASE(whatever_is_no_plain_schema_brings_json_all_the_same) {
    std::string deep = R"({"type": "integer"})";
    for (int depth = 0; depth < 100; ++depth) {
        deep = R"({"type": "array", "items": )" + deep + "}";
    }
    for (const std::string& schema : {std::string("true"), std::string("{}"), std::string(R"({"$ref": "#/x"})"),
             std::string(R"({"type": 7})"), std::string(R"({"type": "array", "minItems": 99999999})"), deep}) {
        BOOST_TEST(!hookd::base::find_json_fault(schema_sample(schema)).has_value(), schema);
    }
}

BOOST_AUTO_TEST_SUITE_END()
