// SPDX-License-Identifier: BSL-1.0
// CLI.md: a catalog may say `"x-secret": true` of a member, and top shows `"…"` for it.
#include <hookctl/journal/secret_members.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using hookd::hookctl::secret_members;

namespace {

std::string shown(const std::string& schema, const std::string& payload) {
    const secret_members secrets(
        R"({"schemas":[{"event":"other","payload_schema":{}},{"event":"e","payload_schema":)" + schema + "}]}");
    return secrets.without_secrets("e", payload);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_members_suite)

BOOST_AUTO_TEST_CASE(a_secret_member_becomes_three_dots_and_the_rest_stays) {
    BOOST_TEST(
        shown(R"({"properties":{"token":{"x-secret":true}}})", R"( {"a": 1e400, "token" : {"deep":[1]} ,"b":2} )") ==
        "{\"a\": 1e400, \"token\" : \"\xe2\x80\xa6\" ,\"b\":2}");
}

BOOST_AUTO_TEST_CASE(it_is_found_wherever_the_schema_says_so) {
    const std::string secret = "\"\xe2\x80\xa6\"";
    BOOST_TEST(shown(R"({"properties":{"a":{"properties":{"b":{"x-secret":true}}}}})", R"({"a":{"b":1,"c":2}})") ==
               "{\"a\":{\"b\":" + secret + ",\"c\":2}}");
    BOOST_TEST(shown(R"({"properties":{"a":{"items":{"x-secret":true}}}})", R"({"a":[1,2]})") ==
               "{\"a\":[" + secret + "," + secret + "]}");
    BOOST_TEST(shown(R"({"items":[{},{"x-secret":true}]})", "[1,2]") == "[1," + secret + "]");
    BOOST_TEST(shown(R"({"additionalProperties":{"x-secret":true},"properties":{"a":{}}})", R"({"a":1,"b":2})") ==
               "{\"a\":1,\"b\":" + secret + "}");
    BOOST_TEST(
        shown(R"({"allOf":[{},{"properties":{"a":{"x-secret":true}}}]})", R"({"a":1})") == "{\"a\":" + secret + "}");
    BOOST_TEST(shown(R"({"definitions":{"s/t":{"x-secret":true}},"properties":{"a":{"$ref":"#/definitions/s~1t"}}})",
                   R"({"a":1})") == "{\"a\":" + secret + "}");
    BOOST_TEST(shown(R"({"x-secret":true})", R"({"a":1})") == secret);
}

BOOST_AUTO_TEST_CASE(a_reference_without_end_is_left) {
    BOOST_TEST(
        shown(R"({"properties":{"a":{"$ref":"#/properties/a","x-secret":false}}})", R"({"a":1})") == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(other_events_and_no_schemas_stay_as_they_are) {
    const secret_members secrets(
        R"({"schemas":[{"event":"e","payload_schema":{"properties":{"a":{"x-secret":true}}}}]})");
    BOOST_TEST(secrets.without_secrets("f", R"({"a":1})") == R"({"a":1})");
    BOOST_TEST(secret_members().without_secrets("e", R"({"a":1})") == R"({"a":1})");
}

BOOST_AUTO_TEST_SUITE_END()
