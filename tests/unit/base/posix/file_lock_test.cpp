// SPDX-License-Identifier: BSL-1.0
#include <base/posix/file_lock.hpp>
#include <base/posix/unique_fd.hpp>

#include <support/temp_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <system_error>
#include <thread>

#include <fcntl.h>

namespace {

using hookd::base::file_lock;
using hookd::base::unique_fd;
using namespace std::chrono_literals;

struct lock_file : hookd::test::temp_directory {
    [[nodiscard]] unique_fd open() const {
        return unique_fd{::open((path() + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(file_lock_suite, lock_file)

BOOST_AUTO_TEST_CASE(one_has_it_until_it_is_destroyed) {
    file_lock second{open()};
    {
        file_lock first{open()};
        BOOST_TEST(first.try_lock());
        BOOST_TEST(!second.try_lock());
        BOOST_TEST(!second.lock_within(0ms));
        BOOST_TEST(!second.lock_within(5ms));
    }
    BOOST_TEST(second.try_lock());
}

BOOST_AUTO_TEST_CASE(a_lock_moves_with_its_object) {
    file_lock first{open()};
    BOOST_REQUIRE(first.try_lock());
    file_lock holder;
    holder = std::move(first);
    file_lock second{open()};
    BOOST_TEST(!second.try_lock());
    holder = {};
    BOOST_TEST(second.try_lock());
}

BOOST_AUTO_TEST_CASE(who_waits_gets_it_once_it_is_free) {
    file_lock first{open()};
    BOOST_REQUIRE(first.try_lock());
    std::thread other{[this] {
        file_lock second{open()};
        second.lock();
        BOOST_TEST(second.try_lock());
    }};
    first = {};
    other.join();
    file_lock third{open()};
    BOOST_TEST(third.lock_within(1min));
}

BOOST_AUTO_TEST_CASE(a_directory_can_be_locked_and_what_is_not_open_is_an_error) {
    const auto directory = [this] { return unique_fd{::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}; };
    file_lock first{directory()};
    BOOST_TEST(first.try_lock());
    file_lock second{directory()};
    BOOST_TEST(!second.try_lock());
    file_lock nothing;
    BOOST_CHECK_THROW((void)nothing.try_lock(), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
