// SPDX-License-Identifier: BSL-1.0
#include <hookctl/json/json_layout.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using hookd::hookctl::laid_out;

namespace {

std::string shown(const std::string& json) {
    std::string text;
    for (const auto& line : laid_out(json)) {
        text += line + "\n";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_layout_suite)

BOOST_AUTO_TEST_CASE(each_member_and_element_has_a_line) {
    BOOST_TEST(shown(R"( {"a":1, "b" : [true,{"c":null}],"d":{},"e":[]} )") == R"({
  "a": 1,
  "b": [
    true,
    {
      "c": null
    }
  ],
  "d": {},
  "e": []
}
)");
}

BOOST_AUTO_TEST_CASE(values_stand_as_they_came) {
    BOOST_TEST(shown("1e400") == "1e400\n");
    BOOST_TEST(shown(R"({"a":12345678901234567890123, "a":"\u0041"})") ==
               "{\n  \"a\": 12345678901234567890123,\n  \"a\": \"\\u0041\"\n}\n");
}

BOOST_AUTO_TEST_CASE(nothing_drives_the_terminal) {
    BOOST_TEST(shown("{\"\xc2\x9b\":\"\x7f\"}") == "{\n  \"\\u009b\": \"\\u007f\"\n}\n");
}

BOOST_AUTO_TEST_SUITE_END()
