// SPDX-License-Identifier: BSL-1.0
#include <base/posix/peer_credentials.hpp>
#include <base/posix/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

BOOST_AUTO_TEST_SUITE(peer_credentials_suite)

BOOST_AUTO_TEST_CASE(both_ends_see_the_process_at_the_other) {
    int ends[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const hookd::base::unique_fd one{ends[0]};
    const hookd::base::unique_fd other{ends[1]};
    for (const int each : {one.get(), other.get()}) {
        const auto found = hookd::base::peer_credentials_of(each);
        BOOST_REQUIRE(found);
        BOOST_TEST(found->pid == ::getpid());
        BOOST_TEST(found->uid == ::geteuid());
        BOOST_TEST(found->gid == ::getegid());
    }
}

BOOST_AUTO_TEST_CASE(what_has_no_peer_has_no_credentials) {
    BOOST_TEST(!hookd::base::peer_credentials_of(-1));
    const hookd::base::unique_fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    BOOST_TEST(!hookd::base::peer_credentials_of(file.get()));
}

BOOST_AUTO_TEST_SUITE_END()
