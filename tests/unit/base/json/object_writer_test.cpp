// SPDX-License-Identifier: BSL-1.0
#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

using hookd::base::find_json_fault;
using hookd::base::object_writer;

}  // namespace

BOOST_AUTO_TEST_SUITE(object_writer_suite)

BOOST_AUTO_TEST_CASE(members_are_written_in_order) {
    object_writer object;
    BOOST_TEST(object.empty());
    object.text("text", "a \"b\"\n").number("number", -7).flag("flag", true).raw("raw", "[1, 2]");
    object.texts("texts", std::vector<std::string>{"a", "\\"});
    BOOST_TEST(!object.empty());
    const auto text = object.finish();
    BOOST_TEST(text == R"({"text":"a \"b\"\n","number":-7,"flag":true,"raw":[1, 2],"texts":["a","\\"]})");
    BOOST_TEST(!find_json_fault(text));
}

BOOST_AUTO_TEST_CASE(an_object_may_be_empty) {
    BOOST_TEST(object_writer{}.finish() == "{}");
    BOOST_TEST(object_writer{}.texts("none", std::vector<std::string>{}).finish() == R"({"none":[]})");
}

BOOST_AUTO_TEST_CASE(each_element_of_an_array_is_what_is_appended_for_it) {
    const auto append = [](std::string& out, int each) { object_writer{out}.number("n", each).end(); };
    BOOST_TEST(object_writer{}.array("a", std::vector<int>{1, 2}, append).flag("b", true).finish() ==
               R"({"a":[{"n":1},{"n":2}],"b":true})");
    BOOST_TEST(object_writer{}.array("a", std::vector<int>{}, append).finish() == R"({"a":[]})");
}

BOOST_AUTO_TEST_CASE(an_object_is_written_behind_a_text_that_was_begun) {
    object_writer object{std::string{"[1,"}};
    BOOST_TEST(object.number("n", 2).finish() == R"([1,{"n":2})");
}

BOOST_AUTO_TEST_CASE(a_name_is_a_json_string_whatever_is_in_it) {
    const auto text = object_writer{}.text("a\"\\\x01", "").finish();
    BOOST_TEST(text == R"({"a\"\\\u0001":""})");
    BOOST_TEST(!find_json_fault(text));
}

BOOST_AUTO_TEST_CASE(what_has_nothing_to_say_is_left_out) {
    BOOST_TEST(object_writer{}
                   .optional_text("a", "")
                   .optional_raw("b", "")
                   .optional_number("c", std::optional<int>{})
                   .optional_flag("d", false)
                   .optional_texts("e", std::vector<std::string>{})
                   .finish() == "{}");
    BOOST_TEST(object_writer{}
                   .optional_text("a", "x")
                   .optional_raw("b", "null")
                   .optional_number("c", std::optional{0})
                   .optional_flag("d", true)
                   .optional_texts("e", std::vector<std::string>{"y"})
                   .finish() == R"({"a":"x","b":null,"c":0,"d":true,"e":["y"]})");
}

BOOST_AUTO_TEST_CASE(the_largest_numbers_are_exact) {
    BOOST_TEST(object_writer{}
                   .number("most", std::numeric_limits<std::uint64_t>::max())
                   .number("least", std::numeric_limits<std::int64_t>::min())
                   .finish() == R"({"most":18446744073709551615,"least":-9223372036854775808})");
}

BOOST_AUTO_TEST_CASE(objects_are_written_within_another_text) {
    std::string text = "[";
    object_writer outer{text};
    object_writer inner{outer.reserve(64).member("inner")};
    inner.flag("empty", false).end();
    outer.member("last") += "null";
    outer.end();
    text += ']';
    BOOST_TEST(text == R"([{"inner":{"empty":false},"last":null}])");
}

BOOST_AUTO_TEST_CASE(a_copy_goes_on_by_itself) {
    object_writer first;
    first.number("a", 1);
    auto second = first;
    second.number("b", 2);
    BOOST_TEST(first.finish() == R"({"a":1})");
    BOOST_TEST(second.finish() == R"({"a":1,"b":2})");
}

BOOST_AUTO_TEST_SUITE_END()
