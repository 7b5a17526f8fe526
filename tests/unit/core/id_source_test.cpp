// SPDX-License-Identifier: BSL-1.0
#include "core/id_source.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace hookd::core {

BOOST_AUTO_TEST_SUITE(ids)

// RFC 4122, section 4.4. More than one refill's worth.
BOOST_AUTO_TEST_CASE(ids_are_random_uuids_of_version_4_and_never_the_same) {
    id_source source;
    std::set<protocol::uuid> seen;
    protocol::uuid any_bit{};
    protocol::uuid every_bit{};
    std::fill(std::begin(every_bit.data), std::end(every_bit.data), std::uint8_t{0xff});
    for (int i = 0; i < 10'000; ++i) {
        const auto id = source.next();
        BOOST_REQUIRE_EQUAL(id.data[6] >> 4, 4);
        BOOST_REQUIRE_EQUAL(id.data[8] >> 6, 2);
        BOOST_REQUIRE(seen.insert(id).second);
        for (std::size_t byte = 0; byte < 16; ++byte) {
            any_bit.data[byte] = static_cast<std::uint8_t>(any_bit.data[byte] | id.data[byte]);
            every_bit.data[byte] = static_cast<std::uint8_t>(every_bit.data[byte] & id.data[byte]);
        }
    }
    // All other 122 bits vary.
    for (std::size_t byte = 0; byte < 16; ++byte) {
        const int fixed = byte == 6 ? 0xf0 : byte == 8 ? 0xc0 : 0;
        BOOST_CHECK_EQUAL(any_bit.data[byte] | fixed, 0xff);
        BOOST_CHECK_EQUAL(every_bit.data[byte] & ~fixed, 0);
    }
}

BOOST_AUTO_TEST_CASE(two_sources_give_different_ids) {
    id_source one;
    id_source other;
    BOOST_CHECK(one.next() != other.next());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core
