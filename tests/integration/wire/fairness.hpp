// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

namespace hookd::test {

/// Checks that the daemon answers another peer between the beginning and the end of what one peer has sent in one
/// piece. `send()` sends it: it emits `begun` first and `ended` last; `finish()` takes what it is answered. Tried
/// often: all of it may be done before the other has asked, but not each time.
template <class Send, class Finish>
void check_that_others_have_their_turn(const test_daemon& daemon, Send send, Finish finish) {
    auto other = daemon.connect();
    other.result("subscribe", R"({"events":["begun","ended"]})");
    bool in_between = false;
    for (int tries = 0; tries < 20 && !in_between; ++tries) {
        send();
        BOOST_TEST(other.next_event().string("/params/event") == "begun");
        other.result("ping");
        in_between = other.kept_messages() == 0;
        BOOST_TEST(other.next_event().string("/params/event") == "ended");
        finish();
    }
    BOOST_TEST(in_between);
}

}  // namespace hookd::test
