// SPDX-License-Identifier: BSL-1.0
#include "net/stall_watch.hpp"

#include <boost/test/unit_test.hpp>

namespace hookd::server::net {
namespace {

using namespace std::chrono_literals;

const stall_watch::time_point start{};

}  // namespace

BOOST_AUTO_TEST_SUITE(stalls)

BOOST_AUTO_TEST_CASE(peer_that_reads_nothing_has_stalled_at_the_limit) {
    stall_watch watch{30s};
    watch.start(start, 100);
    BOOST_TEST(watch.is_running());
    watch.look(start + 29'999ms, 100);
    BOOST_TEST(!watch.has_stalled(start + 29'999ms));
    BOOST_TEST(watch.has_stalled(start + 30s));
}

BOOST_AUTO_TEST_CASE(each_byte_that_is_read_starts_the_time_anew) {
    stall_watch watch{30s};
    watch.start(start, 100);
    watch.look(start + 29s, 99);
    BOOST_TEST(!watch.has_stalled(start + 58s));
    BOOST_TEST(watch.has_stalled(start + 59s));
    watch.note_write(start + 40s);
    BOOST_TEST(!watch.has_stalled(start + 69s));
}

BOOST_AUTO_TEST_CASE(peer_whose_memory_others_wait_for_has_a_second) {
    stall_watch watch{30s};
    watch.start(start, 100);
    watch.set_urgent(true);
    BOOST_TEST((watch.limit() == 1s));
    BOOST_TEST(!watch.has_stalled(start + 999ms));
    BOOST_TEST(watch.has_stalled(start + 1s));
    watch.set_urgent(false);
    BOOST_TEST((watch.limit() == 30s));
    watch.stop();
    BOOST_TEST(!watch.is_running());
}

BOOST_AUTO_TEST_CASE(limit_below_a_second_stays) {
    stall_watch watch{200ms};
    watch.set_urgent(true);
    BOOST_TEST((watch.limit() == 200ms));
    BOOST_TEST((watch.interval() == 50ms));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::net
