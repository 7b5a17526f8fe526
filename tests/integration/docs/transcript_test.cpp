// SPDX-License-Identifier: BSL-1.0
#include "transcript.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::test::docs;

namespace {

const std::string first = "0c105b0a-ade1-4f8c-a11f-bbb7996f8506";
const std::string second = "aeef46d2-7f5b-4c9c-8b6a-f6c36e7a3bd1";
const std::string third = "2f0d2dd6-0bd4-4c77-9d6c-3d8a0fd0f6f5";

bool matches(const std::string& shown, const std::string& printed) {
    id_book ids;
    return line_matches(shown, printed, ids);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_comparison_of_outputs)

BOOST_AUTO_TEST_CASE(a_line_is_compared_literally) {
    BOOST_TEST(matches(R"({"a":[1.5],"b":"(x|y)*"})", R"({"a":[1.5],"b":"(x|y)*"})"));
    BOOST_TEST(!matches("seq 1", "seq 2"));
    BOOST_TEST(!matches("1.5", "125"));
    BOOST_TEST(!matches("pushed", "pushed "));
    BOOST_TEST(!matches("pushed", ""));
}

BOOST_AUTO_TEST_CASE(an_ellipsis_is_any_text) {
    BOOST_TEST(matches("hookd …, pid", "hookd 0.1.0, pid"));
    BOOST_TEST(matches("…", ""));
    BOOST_TEST(!matches("hookd …, pid", "hookd 0.1.0"));
}

BOOST_AUTO_TEST_CASE(times_durations_and_pids_may_be_any) {
    BOOST_TEST(matches("(2.4 ms)", "(13 ms)"));
    BOOST_TEST(matches("(2.4 ms)", "(1.2 s)"));
    BOOST_TEST(matches(R"("elapsed_ms":2.4})", R"("elapsed_ms":0.071})"));
    BOOST_TEST(matches(R"("pid":4711,)", R"("pid":1,)"));
    BOOST_TEST(matches(R"("uid":1000,)", R"("uid":0,)"));
    BOOST_TEST(matches("pid 4711", "pid 12"));
    BOOST_TEST(matches("2026-11-23T14:07:44.535103568Z", "2027-01-02T03:04:05.000000001Z"));
    BOOST_TEST(!matches("2026-11-23T14:07:44.535103568Z", "2027-01-02T03:04:05Z"));
    BOOST_TEST(matches("14:36:00.969  #1", "00:00:59.001  #1"));
    BOOST_TEST(!matches("14:36:00.969  #1", "14:36:00.969  #2"));
    BOOST_TEST(!matches(R"("pid":4711,)", R"("pid":null,)"));
    BOOST_TEST(!matches("(2.4 ms)", "(? ms)"));
}

BOOST_AUTO_TEST_CASE(an_id_is_the_same_everywhere) {
    id_book ids;
    BOOST_TEST(line_matches("id " + first, "id " + second, ids));
    BOOST_TEST(line_matches("id " + first, "id " + second, ids));
    BOOST_TEST(!line_matches("id " + first, "id " + third, ids));
    BOOST_TEST(!line_matches("id " + third, "id " + second, ids));
    BOOST_TEST(line_matches("id " + third, "id " + first, ids));
    BOOST_TEST(ids.translate("respond " + first + ' ' + first) == "respond " + second + ' ' + second);
}

BOOST_AUTO_TEST_CASE(a_new_id_twice_in_a_line_is_one_id) {
    id_book ids;
    BOOST_TEST(!line_matches(first + ' ' + first, second + ' ' + third, ids));
    BOOST_TEST(ids.find(first) == nullptr);
    BOOST_TEST(line_matches(first + ' ' + first, second + ' ' + second, ids));
}

BOOST_AUTO_TEST_CASE(an_id_must_be_a_uuid) { BOOST_TEST(!matches("id " + first, "id 0c105b0a")); }

BOOST_AUTO_TEST_CASE(lines_come_in_order) {
    id_book ids;
    transcript expected{{"a", "b"}, false, ids};
    BOOST_TEST(!expected.take("b"));
    BOOST_TEST(expected.take("a"));
    BOOST_TEST(!expected.complete());
    BOOST_TEST(expected.take("b"));
    BOOST_TEST(expected.complete());
    BOOST_TEST(expected.unexpected() == (std::vector<std::string>{"b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(programs_in_the_background_may_print_in_between) {
    id_book ids;
    transcript expected{{"a", "b"}, true, ids};
    BOOST_TEST(expected.take("b"));
    BOOST_TEST(expected.missing() == (std::vector<std::string>{"a"}), boost::test_tools::per_element());
    BOOST_TEST(!expected.take("b"));
    BOOST_TEST(expected.take("a"));
    BOOST_TEST(expected.complete());
}

BOOST_AUTO_TEST_SUITE_END()
