// SPDX-License-Identifier: BSL-1.0
#include <hookctl/operate/finding.hpp>
#include <hookctl/terminal/output.hpp>

#include <boost/test/unit_test.hpp>

using namespace hookd::hookctl;

BOOST_AUTO_TEST_SUITE(finding_lists)

BOOST_AUTO_TEST_CASE(findings_hang_below_their_texts) {
    const findings all{{"daemon", true, "answers at a path that takes more room than there is here"},
        {"hook no-main", false, "disabled: hookctl enable no-main"}};
    BOOST_TEST(finding_lines(all, palette(false), 50) ==
               "✓ daemon        answers at a path that takes more\n"
               "                room than there is here\n"
               "✗ hook no-main  disabled: hookctl enable no-main\n");
    BOOST_TEST(finding_lines({all.front()}, palette(false)) ==
               "✓ daemon  answers at a path that takes more room than there is here\n");
}

BOOST_AUTO_TEST_SUITE_END()
