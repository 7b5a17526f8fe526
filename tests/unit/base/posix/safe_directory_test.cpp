// SPDX-License-Identifier: BSL-1.0
#include <base/posix/safe_directory.hpp>

#include <support/temp_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include <sys/stat.h>

namespace {

namespace fs = std::filesystem;
using namespace hookd::base;

/// Names the place and gives the advice.
std::function<bool(const std::runtime_error&)> says(const std::string& part) {
    return [=](const std::runtime_error& failure) {
        const std::string text = failure.what();
        BOOST_TEST(text.find("choose another path with --option") != std::string::npos, text);
        return text.find(part) != std::string::npos;
    };
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(safe_directory_suite, hookd::test::temp_directory)

BOOST_AUTO_TEST_CASE(what_is_missing_is_made_with_mode_0700_or_refused) {
    const auto below = path() + "/a/b";
    BOOST_CHECK_EXCEPTION(check_directory(below, "--option"), std::runtime_error, says(path() + "/a"));
    prepare_directory(below, "--option");
    BOOST_TEST((fs::status(below).permissions() == fs::perms::owner_all));
    check_directory(below, "--option");
}

BOOST_AUTO_TEST_CASE(a_directory_above_that_others_may_write_to_is_refused) {
    prepare_directory(path() + "/a/b", "--option");
    BOOST_REQUIRE(::chmod((path() + "/a").c_str(), 0770) == 0);
    const auto refused = says("chmod go-w " + path() + "/a");
    BOOST_CHECK_EXCEPTION(check_directory(path() + "/a/b", "--option"), std::runtime_error, refused);
    BOOST_CHECK_EXCEPTION(prepare_directory(path() + "/a/c", "--option"), std::runtime_error, refused);
    BOOST_TEST(!fs::exists(path() + "/a/c"));
}

BOOST_AUTO_TEST_CASE(a_file_is_looked_at_with_all_that_leads_to_it) {
    const auto file = path() + "/file";
    hookd::test::write_file(file, "");
    BOOST_REQUIRE(::chmod(file.c_str(), 0644) == 0);
    check_file(file, "--option");
    fs::create_symlink("file", path() + "/link");
    check_file(path() + "/link", "--option");
    BOOST_REQUIRE(::chmod(file.c_str(), 0664) == 0);
    BOOST_CHECK_EXCEPTION(check_file(file, "--option"), std::runtime_error, says("chmod go-w " + file));
    BOOST_CHECK_EXCEPTION(check_file(path() + "/link", "--option"), std::runtime_error, says("chmod go-w " + file));
    BOOST_CHECK_EXCEPTION(check_directory(file, "--option"), std::runtime_error, says("Not a directory"));
}

BOOST_AUTO_TEST_CASE(links_that_lead_in_a_circle_end) {
    fs::create_symlink("b", path() + "/a");
    fs::create_symlink("a", path() + "/b");
    BOOST_CHECK_EXCEPTION(check_directory(path() + "/a", "--option"), std::runtime_error, says("symbolic links"));
}

BOOST_AUTO_TEST_SUITE_END()
