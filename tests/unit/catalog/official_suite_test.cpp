// SPDX-License-Identifier: BSL-1.0
#include "catalog/schema.hpp"

#include "support/temp_directory.hpp"

#include <base/json/text.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The tests of draft 7 that its authors publish (Debian: json-schema-test-suite): every required one, each as it
// stands.
namespace {

using namespace hookd;
using base::json_cursor;

const std::filesystem::path suite_directory = "/usr/share/json-schema-test-suite/tests/draft7";

boost::test_tools::assertion_result has_official_suite(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result{std::filesystem::is_directory(suite_directory)};
    result.message() << "Debian's package json-schema-test-suite is not installed";
    return result;
}

std::string_view member(std::string_view object, std::string_view name) {
    for (json_cursor members{object}; const auto each = members.next();) {
        if (each->key.equals(name)) {
            return each->value;
        }
    }
    BOOST_FAIL("no member " << name << " in " << object);
    return {};
}

/// A group may be refused only for a reference to a host.
void check_group(const std::string& file, std::string_view group) {
    const auto description = file + ": " + std::string{member(group, "description")};
    const auto text = member(group, "schema");
    std::optional<catalogs::schema> compiled;
    try {
        compiled.emplace(text);
    } catch (const catalogs::invalid_schema& refused) {
        BOOST_TEST(text.find("http://localhost:1234") != std::string_view::npos, description << ": " << refused.what());
        BOOST_TEST(std::string_view{refused.what()}.find("nothing is fetched") != std::string_view::npos,
            description << ": " << refused.what());
        return;
    }
    for (json_cursor tests{member(group, "tests")}; const auto each = tests.next();) {
        const auto found = compiled->check(member(each->value, "data"));
        BOOST_TEST(!found == (member(each->value, "valid") == "true"),
            description << ", " << member(each->value, "description")
                        << (found ? ": " + found->pointer + " " + found->detail : ""));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(official_suite)

BOOST_AUTO_TEST_CASE(
    every_required_test_of_draft_7_gives_the_right_answer, *boost::unit_test::precondition(has_official_suite)) {
    std::vector<std::filesystem::path> files;
    for (const auto& each : std::filesystem::directory_iterator{suite_directory}) {
        if (each.path().extension() == ".json") {
            files.push_back(each.path());
        }
    }
    BOOST_TEST_REQUIRE(files.size() > 30U);
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        const auto text = test::read_file(file);
        for (json_cursor groups{text}; const auto group = groups.next();) {
            check_group(file.filename().string(), group->value);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
