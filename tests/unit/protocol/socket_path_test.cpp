// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/socket_path.hpp>

#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using hookd::protocol::default_socket_path;

BOOST_AUTO_TEST_SUITE(socket_path)

BOOST_AUTO_TEST_CASE(hookd_socket_wins) {
    BOOST_TEST(default_socket_path("/somewhere/s", "/run/user/7", 7) == "/somewhere/s");
    BOOST_TEST(default_socket_path("relative", nullptr, 7) == "relative");
}

BOOST_AUTO_TEST_CASE(runtime_directory_comes_next) {
    BOOST_TEST(default_socket_path(nullptr, "/run/user/7", 7) == "/run/user/7/hookd/hookd.sock");
    BOOST_TEST(default_socket_path("", "/run/user/7", 7) == "/run/user/7/hookd/hookd.sock");
}

BOOST_AUTO_TEST_CASE(the_users_runtime_directory_is_found_without_its_variable) {
    const hookd::test::temp_directory run_user;
    std::filesystem::create_directory(run_user / "7");
    BOOST_TEST(default_socket_path(nullptr, nullptr, 7, run_user.path()) == run_user / "7/hookd/hookd.sock");
    BOOST_TEST(default_socket_path("", "/elsewhere", 7, run_user.path()) == "/elsewhere/hookd/hookd.sock");
    BOOST_TEST(default_socket_path("", "", 8, run_user.path()) == "/tmp/hookd-8/hookd.sock");
    std::ofstream{run_user / "9"};
    BOOST_TEST(default_socket_path("", "", 9, run_user.path()) == "/tmp/hookd-9/hookd.sock");
}

BOOST_AUTO_TEST_CASE(tmp_with_the_user_id_is_the_last_resort) {
    BOOST_TEST(default_socket_path("", "", 4294967295U) == "/tmp/hookd-4294967295/hookd.sock");
}

BOOST_AUTO_TEST_SUITE_END()
