// SPDX-License-Identifier: BSL-1.0
#include <base/text/number.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

using hookd::base::append_milliseconds;
using hookd::base::parse_number;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(number_suite)

BOOST_AUTO_TEST_CASE(all_of_the_text_is_the_number) {
    BOOST_TEST((parse_number<int>("-7") == -7));
    BOOST_TEST((parse_number<unsigned>("0") == 0U));
    BOOST_TEST((parse_number<double>("1.5e1") == 15.0));
    for (const auto* const text : {"", " 7", "7 ", "+7", "7s", "0x7", "7.0", "-"}) {
        BOOST_TEST(!parse_number<int>(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_CASE(what_the_type_cannot_hold_is_none) {
    BOOST_TEST((parse_number<std::uint8_t>("255") == 255));
    BOOST_TEST(!parse_number<std::uint8_t>("256").has_value());
    BOOST_TEST(!parse_number<unsigned>("-1").has_value());
    BOOST_TEST((parse_number<std::uint64_t>("18446744073709551615") == UINT64_MAX));
    BOOST_TEST(!parse_number<std::uint64_t>("18446744073709551616").has_value());
}

BOOST_AUTO_TEST_CASE(milliseconds_have_three_decimals_or_none) {
    for (const auto& [time, text] :
        {std::pair{0ns, "0"}, {999ns, "0"}, {1'000ns, "0.001"}, {100'000ns, "0.100"}, {1'000'000ns, "1"},
            {1'234'567'891ns, "1234.567"}, {-1ns, "0"}, {std::chrono::nanoseconds::max(), "9223372036854.775"}}) {
        std::string written = "=";
        append_milliseconds(written, time);
        BOOST_TEST(written == std::string("=") + text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
