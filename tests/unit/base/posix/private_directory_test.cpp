// SPDX-License-Identifier: BSL-1.0
#include <base/posix/private_directory.hpp>

#include <support/temp_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>

#include <sys/stat.h>

namespace {

namespace fs = std::filesystem;
using hookd::base::is_private_directory;
using hookd::base::make_private_directory;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(private_directory_suite, hookd::test::temp_directory)

BOOST_AUTO_TEST_CASE(what_is_missing_is_made_for_this_user_alone) {
    BOOST_REQUIRE(::mkdir((path() + "/open").c_str(), 0755) == 0);
    make_private_directory(path() + "/open/a/b");
    for (const auto* each : {"/open/a", "/open/a/b"}) {
        BOOST_TEST(is_private_directory(path() + each));
        BOOST_TEST((fs::status(path() + each).permissions() == fs::perms::owner_all));
    }
    BOOST_TEST((fs::status(path() + "/open").permissions() != fs::perms::owner_all));
    make_private_directory(path() + "/open/a/b");  // once more
}

BOOST_AUTO_TEST_CASE(what_others_may_write_to_is_not_private_nor_is_a_link_or_a_file) {
    const auto directory = path() + "/d";
    make_private_directory(directory);
    for (const mode_t mode : {0720U, 0702U, 0777U}) {
        BOOST_REQUIRE(::chmod(directory.c_str(), mode) == 0);
        BOOST_TEST(!is_private_directory(directory));
    }
    BOOST_REQUIRE(::chmod(directory.c_str(), 0755) == 0);
    BOOST_TEST(is_private_directory(directory));
    fs::create_symlink("d", path() + "/link");
    BOOST_TEST(!is_private_directory(path() + "/link"));
    hookd::test::write_file(path() + "/file", "");
    BOOST_TEST(!is_private_directory(path() + "/file"));
    BOOST_TEST(!is_private_directory(path() + "/none"));
}

BOOST_AUTO_TEST_CASE(a_file_in_the_way_is_an_error) {
    hookd::test::write_file(path() + "/file", "");
    BOOST_CHECK_THROW(make_private_directory(path() + "/file/below"), fs::filesystem_error);
}

BOOST_AUTO_TEST_SUITE_END()
