// SPDX-License-Identifier: BSL-1.0
#include <base/posix/overflow_user.hpp>

#include <boost/test/unit_test.hpp>

using hookd::base::is_overflow_group;
using hookd::base::is_overflow_user;
using hookd::base::leaves_users_unmapped;

BOOST_AUTO_TEST_SUITE(overflow_user)

BOOST_AUTO_TEST_CASE(a_user_namespace_tells_whether_all_users_have_a_number_in_it) {
    BOOST_TEST(!leaves_users_unmapped("         0          0 4294967295\n"));
    BOOST_TEST(!leaves_users_unmapped("0 0 65536\n65536 65536 4294901759\n"));
    BOOST_TEST(leaves_users_unmapped("0 1000 1\n"));
    BOOST_TEST(leaves_users_unmapped("0 69999 1\n65534 70000 1\n"));
    BOOST_TEST(leaves_users_unmapped(""));
}

BOOST_AUTO_TEST_CASE(root_is_never_the_one_who_stands_for_others) {
    BOOST_TEST(!is_overflow_user(0));
    BOOST_TEST(!is_overflow_group(0));
}

BOOST_AUTO_TEST_SUITE_END()
