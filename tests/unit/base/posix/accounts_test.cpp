// SPDX-License-Identifier: BSL-1.0
#include <base/posix/accounts.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>

using namespace hookd::base;

namespace {

constexpr std::optional<std::uint32_t> nobody{};

}  // namespace

BOOST_AUTO_TEST_SUITE(accounts_suite)

BOOST_AUTO_TEST_CASE(a_name_is_looked_up) {
    BOOST_TEST((find_user("root") == 0U));
    BOOST_TEST((find_group("root") == 0U));
}

BOOST_AUTO_TEST_CASE(a_number_is_itself_whoever_it_belongs_to) {
    for (const std::uint32_t number : {0U, 1000U, 4294967294U}) {
        BOOST_TEST((find_user(std::to_string(number)) == number));
        BOOST_TEST((find_group(std::to_string(number)) == number));
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_no_one_has_and_a_number_that_no_one_can_have_are_nobody) {
    for (const auto* const text : {"no-such-account", "", "4294967295", "4294967296", "-1", "1 ", "0x1"}) {
        BOOST_TEST((find_user(text) == nobody), text);
        BOOST_TEST((find_group(text) == nobody), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
