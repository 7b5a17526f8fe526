// SPDX-License-Identifier: BSL-1.0
#include <base/posix/replace_file.hpp>

#include <support/temp_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <iterator>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using hookd::base::replace_file;
using hookd::base::staged_file;
using hookd::test::read_file;
using hookd::test::write_file;

struct replaced_file : hookd::test::temp_directory {
    std::string file = path() + "/file";

    [[nodiscard]] auto files() const { return std::distance(fs::directory_iterator(path()), fs::directory_iterator()); }
};

mode_t mode_of(const std::string& path) {
    struct stat found {};
    BOOST_REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_mode & 07777U;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replace_file_suite, replaced_file)

BOOST_AUTO_TEST_CASE(a_file_is_made_and_replaced_with_exactly_that_mode) {
    const auto umask = ::umask(077);
    replace_file(file, "one", 0644);
    ::umask(umask);
    BOOST_TEST(read_file(file) == "one");
    BOOST_TEST(mode_of(file) == 0644U);
    replace_file(file, std::string(100'000, 'x'), 0600);
    BOOST_TEST(read_file(file).size() == 100'000U);
    BOOST_TEST(mode_of(file) == 0600U);
    BOOST_TEST(files() == 1);
}

BOOST_AUTO_TEST_CASE(until_it_is_committed_the_old_file_stays_and_what_was_staged_goes) {
    write_file(file, "old");
    {
        const staged_file staged{file, "new", 0600};
        BOOST_TEST(read_file(file) == "old");
        BOOST_TEST(files() == 2);
    }
    BOOST_TEST(read_file(file) == "old");
    BOOST_TEST(files() == 1);
    staged_file staged{file, "new", 0600};
    staged.commit();
    BOOST_TEST(read_file(file) == "new");
    BOOST_TEST(files() == 1);
}

BOOST_AUTO_TEST_CASE(a_link_is_replaced_and_not_followed) {
    write_file(path() + "/target", "kept");
    fs::create_symlink("target", file);
    replace_file(file, "new", 0600);
    BOOST_TEST(!fs::is_symlink(file));
    BOOST_TEST(read_file(path() + "/target") == "kept");
    // Nor where a file is staged.
    fs::create_symlink("target", file + ".new-" + std::to_string(::getpid()));
    replace_file(file, "newer", 0600);
    BOOST_TEST(read_file(path() + "/target") == "kept");
    BOOST_TEST(read_file(file) == "newer");
}

BOOST_AUTO_TEST_CASE(a_failure_names_the_file_and_leaves_nothing_behind) {
    BOOST_CHECK_THROW(replace_file(path() + "/none/file", "x", 0600), fs::filesystem_error);
    fs::create_directory(file);
    BOOST_CHECK_EXCEPTION(replace_file(file, "x", 0600), fs::filesystem_error,
        [this](const fs::filesystem_error& failure) { return failure.path1() == file; });
    BOOST_TEST(files() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
