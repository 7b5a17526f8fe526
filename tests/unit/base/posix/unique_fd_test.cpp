// SPDX-License-Identifier: BSL-1.0
#include <base/posix/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <utility>

#include <fcntl.h>

namespace {

using hookd::base::unique_fd;

unique_fd open_null() { return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(unique_fd_suite)

BOOST_AUTO_TEST_CASE(a_descriptor_is_closed_with_its_owner) {
    int number = -1;
    {
        const auto file = open_null();
        BOOST_REQUIRE(static_cast<bool>(file));
        number = file.get();
        BOOST_TEST(is_open(number));
    }
    BOOST_TEST(!is_open(number));
}

BOOST_AUTO_TEST_CASE(what_is_moved_has_one_owner_and_what_it_replaces_is_closed) {
    auto first = open_null();
    auto second = open_null();
    const int kept = first.get();
    const int replaced = second.get();
    second = std::move(first);
    BOOST_TEST(!first);
    BOOST_TEST(second.get() == kept);
    BOOST_TEST(is_open(kept));
    BOOST_TEST(!is_open(replaced));
    auto& same = second;
    second = std::move(same);
    BOOST_TEST(is_open(kept));
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_is_given_away_stays_open) {
    auto file = open_null();
    const unique_fd taken{file.release()};
    BOOST_TEST(!file);
    BOOST_TEST(file.release() == -1);
    BOOST_TEST(is_open(taken.get()));
}

BOOST_AUTO_TEST_CASE(closing_leaves_errno_as_it_is) {
    auto file = open_null();
    errno = ENOENT;
    file.reset();
    BOOST_TEST(errno == ENOENT);
    unique_fd nothing;
    nothing.reset();
    BOOST_TEST(errno == ENOENT);
}

BOOST_AUTO_TEST_SUITE_END()
