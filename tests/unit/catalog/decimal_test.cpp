// SPDX-License-Identifier: BSL-1.0
#include "catalog/decimal.hpp"

#include "catalog/json_place.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

namespace {

using hookd::catalogs::canonical_json;
using hookd::catalogs::decimal;

}  // namespace

BOOST_AUTO_TEST_SUITE(decimal_suite)

BOOST_AUTO_TEST_CASE(numbers_are_compared_exactly) {
    const char* const ascending[] = {"-1e400", "-9007199254740993", "-9007199254740992", "-1", "-0.1", "0", "1e-400",
        "0.1", "0.10000000000000000001", "1", "9.99", "10", "18446744073709551615", "18446744073709551616", "1e400"};
    for (std::size_t i = 0; i < std::size(ascending); ++i) {
        for (std::size_t j = 0; j < std::size(ascending); ++j) {
            BOOST_TEST(
                (decimal{ascending[i]} < decimal{ascending[j]}) == (i < j), ascending[i] << " and " << ascending[j]);
            BOOST_TEST((decimal{ascending[i]} == decimal{ascending[j]}) == (i == j));
        }
    }
}

BOOST_AUTO_TEST_CASE(equal_numbers_have_one_canonical_text) {
    for (const char* const same : {"100", "1e2", "1.00E+2", "0.1e3", "100.0"}) {
        BOOST_TEST(canonical_json(same) == "1e2", same);
    }
    BOOST_TEST(canonical_json("-0.0") == "0");
    BOOST_TEST(canonical_json(R"({"b":[1.0, "\u0041"],"a":null,"b":[ true ]})") == R"({"a":null,"b":[true]})");
}

BOOST_AUTO_TEST_CASE(integers_are_those_without_a_fraction) {
    for (const char* const integer : {"0", "-7", "1.0", "1.5e1", "1e300", "123456789012345678901234567890"}) {
        BOOST_TEST(decimal{integer}.is_integer(), integer);
    }
    for (const char* const other : {"0.5", "1e-1", "123456789012345678901234567890.5"}) {
        BOOST_TEST(!decimal{other}.is_integer(), other);
    }
}

BOOST_AUTO_TEST_CASE(multiples_are_exact) {
    BOOST_TEST(decimal{"0.07"}.is_multiple_of(decimal{"0.01"}));
    BOOST_TEST(decimal{"1e400"}.is_multiple_of(decimal{"0.3"}) == false);
    BOOST_TEST(decimal{"3e400"}.is_multiple_of(decimal{"0.3"}));
    BOOST_TEST(decimal{"18446744073709551616"}.is_multiple_of(decimal{"4294967296"}));
    BOOST_TEST(!decimal{"18446744073709551617"}.is_multiple_of(decimal{"2"}));
    BOOST_TEST(decimal{"0"}.is_multiple_of(decimal{"7"}));
    BOOST_TEST(!decimal{"0.075"}.is_multiple_of(decimal{"0.01"}));
}

BOOST_AUTO_TEST_CASE(counts_saturate) {
    BOOST_TEST(decimal{"1.2e2"}.to_count() == 120);
    BOOST_TEST(decimal{"0"}.to_count() == 0);
    BOOST_TEST(decimal{"1e300"}.to_count() == std::numeric_limits<std::int64_t>::max());
}

BOOST_AUTO_TEST_SUITE_END()
