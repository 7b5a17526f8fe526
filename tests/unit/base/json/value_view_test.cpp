// SPDX-License-Identifier: BSL-1.0
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using hookd::base::json_kind;
using hookd::base::value_view;

constexpr std::string_view sample = R"(
    { "name": "a\u0062c", "count": 3, "on": true, "none": null, "list": [1, "two", {"three": 3}, []],
      "nested": {"deep": {"er": "x"}}, "twice": 1, "twice": 2, "with\u0020space": "y" } )";

}  // namespace

BOOST_AUTO_TEST_SUITE(value_view_suite)

BOOST_AUTO_TEST_CASE(members_are_found_by_their_decoded_names) {
    const value_view value{sample};
    BOOST_TEST(value.text().front() == '{');
    BOOST_TEST(value.text().back() == '}');
    BOOST_TEST(value["name"].string() == "abc");
    BOOST_TEST(value["nested"]["deep"]["er"].string() == "x");
    BOOST_TEST(value["with space"].string() == "y");
    BOOST_TEST(value["twice"].text() == "2");  // as parsers have it
}

BOOST_AUTO_TEST_CASE(what_is_absent_or_of_another_kind_gives_nothing) {
    const value_view value{sample};
    for (const auto& none : {value["absent"], value["absent"]["further"], value["count"]["x"], value["list"]["0"],
             value["list"].element(4), value["nested"].element(0), value_view{}, value_view{""}}) {
        BOOST_TEST(none.empty());
        BOOST_TEST(none.text().empty());
        BOOST_TEST(!none.as_string());
        BOOST_TEST(!none.as_boolean());
        BOOST_TEST(!none.as_number<int>());
        BOOST_TEST(none.members().empty());
        BOOST_TEST(none.elements().empty());
        BOOST_TEST(!none.is(json_kind::null));
    }
    BOOST_TEST(value["none"].is(json_kind::null));
    BOOST_TEST(!value["count"].as_string());
    BOOST_TEST(value["count"].string().empty());
    BOOST_TEST(!value["name"].as_number<int>());
    BOOST_TEST(value["list"].members().empty());
    BOOST_TEST(value["nested"].elements().empty());
}

BOOST_AUTO_TEST_CASE(scalars_are_read_exactly) {
    const value_view value{sample};
    BOOST_TEST(value["count"].as_number<int>().value() == 3);
    BOOST_TEST(value["on"].as_boolean().value());
    BOOST_TEST(value["on"].is_true());
    BOOST_TEST(!value["count"].is_true());
    BOOST_TEST(value["name"].as_token()->raw == "a\\u0062c");
    BOOST_TEST(value_view{"18446744073709551615"}.as_number<std::uint64_t>().value() == 18446744073709551615U);
    BOOST_TEST(!value_view{"18446744073709551616"}.as_number<std::uint64_t>());
    BOOST_TEST(!value_view{"-1"}.as_number<std::uint64_t>());
    BOOST_TEST(!value_view{"1.5"}.as_number<int>());
    BOOST_TEST(value_view{"1.5"}.as_number<double>().value() == 1.5);
    BOOST_TEST((value_view{" false "} == "false"));
}

BOOST_AUTO_TEST_CASE(elements_and_members_come_in_order) {
    const value_view list = value_view{sample}["list"];
    std::vector<std::string> texts;
    for (const auto& each : list.elements()) {
        texts.emplace_back(each.text());
    }
    const std::vector<std::string> wanted{"1", R"("two")", R"({"three": 3})", "[]"};
    BOOST_TEST(texts == wanted, boost::test_tools::per_element());
    BOOST_TEST(list.elements().size() == 4U);
    BOOST_TEST(list.elements().front().text() == "1");
    BOOST_TEST(list.element(2)["three"].text() == "3");

    std::string names;
    for (const auto& each : value_view{sample}.members()) {
        names += each.key.decode() + " ";
    }
    BOOST_TEST(names == "name count on none list nested twice twice with space ");
}

BOOST_AUTO_TEST_CASE(algorithms_take_a_walk) {
    const value_view list{"[true, false, true, 1]"};
    const auto walk = list.elements();
    BOOST_TEST(std::count_if(walk.begin(), walk.end(), [](const auto& each) { return each.is_true(); }) == 2);
    BOOST_TEST(value_view{"[]"}.elements().empty());
    BOOST_TEST(value_view{"{}"}.members().empty());
}

BOOST_AUTO_TEST_CASE(an_object_with_many_members_is_walked_without_memory) {
    // A view is two words, and a walk keeps one item: what a peer sends is not multiplied.
    static_assert(sizeof(value_view) == sizeof(std::string_view));
    static_assert(sizeof(value_view{}.members().begin()) <= 16 * sizeof(void*));
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i) {
        text += "\"\":0,";
    }
    text += "\"last\":1}";
    const value_view value{text};
    BOOST_TEST(value.members().size() == 200'001U);
    BOOST_TEST(value["last"].text() == "1");
    BOOST_TEST(value["last"].text().data() == text.data() + text.size() - 2);
}

BOOST_AUTO_TEST_SUITE_END()
