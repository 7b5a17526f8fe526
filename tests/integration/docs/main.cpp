// SPDX-License-Identifier: BSL-1.0
// The examples of the documents, one test case a section: `docs_test --run_test='README_md/*'`.

#include "document.hpp"
#include "section_run.hpp"

#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace hookd::test::docs;
namespace ut = boost::unit_test;

std::string case_name(std::string title) {
    std::replace_if(
        title.begin(), title.end(), [](unsigned char each) { return std::isalnum(each) == 0; }, '_');
    return title;
}

bool is_installed(const std::string& program) {
    const char* path = std::getenv("PATH");
    std::istringstream directories{path != nullptr ? path : "/usr/bin:/bin"};
    for (std::string directory; std::getline(directories, directory, ':');) {
        if (std::filesystem::exists(directory + '/' + program)) {
            return true;
        }
    }
    return false;
}

/// Why a section can't be run here; empty if it can.
std::string obstacle(const section& which, shell used) {
    if (!is_installed(to_string(used))) {
        return "there is no " + to_string(used);
    }
    if (uses(which, "node") && !is_installed("node")) {
        return "there is no node (Debian: nodejs)";
    }
#ifndef HOOKD_TEST_BUILD_TREE
    if (uses(which, "pkg-config")) {
        return "this build can't be installed and linked with by a plain compiler; the release build by CMake can";
    }
#endif
    return {};
}

void add_section(ut::test_suite& suite, const std::shared_ptr<const document>& all, const section& which, shell used,
    std::size_t count) {
    auto name = case_name(which.title);
    // Two sections may have one title.
    if (suite.get(name) != ut::INV_TEST_UNIT_ID) {
        name += '_' + std::to_string(count);
    }
    auto* test = ut::make_test_case(
        [all, &which, used] {
            section_run{*all, which, used}.run();
        },
        name, __FILE__, __LINE__);
    if (const auto why = obstacle(which, used); !why.empty()) {
        test->add_precondition([why](ut::test_unit_id) {
            boost::test_tools::assertion_result result{false};
            result.message() << why;
            return result;
        });
    }
    suite.add(test);
}

void add_document(const std::string& path, shell used) {
    const auto text = hookd::test::read_file(hookd::test::source_tree() + "/" + path);
    const auto all = std::make_shared<const document>(parse_document(path, text));
    auto* suite = BOOST_TEST_SUITE(case_name(path) + (used == shell::bash ? "" : "_" + to_string(used)));
    std::size_t count = 0;
    for (const auto& each : all->sections) {
        const bool has_console = std::any_of(each.blocks.begin(), each.blocks.end(),
            [](const block& one) { return one.language == "console" && !one.has("elsewhere"); });
        if (has_console) {
            add_section(*suite, all, each, used, ++count);
        }
    }
    ut::framework::master_test_suite().add(suite);
}

}  // namespace

/// Boost.Test's entry in place of BOOST_TEST_MODULE: test cases that are known at run time only.
ut::test_suite* init_unit_test_suite(int, char**) {
    ut::framework::master_test_suite().p_name.value = "docs_test";
    for (const char* path : document_paths) {
        add_document(path, shell::bash);
    }
    for (const auto used : {shell::zsh, shell::fish}) {
        add_document("README.md", used);
    }
    return nullptr;
}
