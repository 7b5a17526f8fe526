// SPDX-License-Identifier: BSL-1.0
#include <hookctl/operate/doctor_checks.hpp>
#include <hookctl/operate/finding.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::hookctl;

namespace {

finding journal_of(const std::string& members) { return journal_finding(R"({"journal":{)" + members + "}}"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(doctor_checks_suite)

BOOST_AUTO_TEST_CASE(a_journal_that_works_is_fine) {
    const auto found = journal_of(R"("file":"/j.db","events":3,"dropped":0)");
    BOOST_TEST(found.fine);
    BOOST_TEST(!found.warns);
    BOOST_TEST(found.text == "3 events in /j.db");
    BOOST_TEST(journal_of("").fine);
    BOOST_TEST(journal_of("").text.starts_with("off, "));
}

BOOST_AUTO_TEST_CASE(a_journal_that_fails_is_wrong_and_the_line_says_what_to_type) {
    const auto found =
        journal_of(R"("file":"/a b/j.db","events":3,"dropped":7,"failure":"can't write to /a b/j.db: disk full")");
    BOOST_TEST(!found.fine);
    BOOST_TEST(
        found.text ==
        "can't write to /a b/j.db: disk full; look at the file and its disk: ls -l '/a b/j.db'; df -h '/a b/j.db'");
}

BOOST_AUTO_TEST_CASE(what_a_journal_has_dropped_is_a_warning) {
    const auto found = journal_of(R"("file":"/j.db","events":3,"dropped":7)");
    BOOST_TEST(found.fine);
    BOOST_TEST(found.warns);
    BOOST_TEST(found.text == "3 events in /j.db, 7 could not be kept since the daemon's start: its log says why");
}

BOOST_AUTO_TEST_CASE(each_line_begins_with_its_mark) {
    const findings all{{"a", true, "x"}, {"bc", true, "y", true}, {"d", false, "z"}};
    BOOST_TEST(finding_lines(all, palette(false)) == "✓ a   x\n! bc  y\n✗ d   z\n");
    BOOST_TEST(finding_lines(all, palette(true)).find("\x1b[33m!\x1b[0m") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
