// SPDX-License-Identifier: BSL-1.0
#include "document.hpp"

#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace hookd::test::docs;

BOOST_AUTO_TEST_SUITE(the_reader_of_documents)

BOOST_AUTO_TEST_CASE(blocks_belong_to_their_section) {
    const auto read =
        parse_document("x.md", "# One\n```sh file=a\n# no heading\n```\ntext\n## Two\n```console\n$ true\n```\n");
    BOOST_TEST_REQUIRE(read.sections.size() == 2u);
    BOOST_TEST(read.sections[0].title == "One");
    BOOST_TEST(read.sections[0].blocks.at(0).text == "# no heading\n");
    BOOST_TEST(read.sections[0].blocks.at(0).attributes.at("file") == "a");
    BOOST_TEST(read.sections[1].title == "Two");
    BOOST_TEST(read.sections[1].blocks.at(0).line == 8u);
}

BOOST_AUTO_TEST_CASE(a_block_of_unknown_kind_is_refused) {
    for (const char* info :
        {"", "sh", "text", "console later", "console elsewhere now", "sh file=", "python file=a b"}) {
        const auto text = std::string{"# One\n```"} + info + "\n$ true\n```\n";
        BOOST_CHECK_THROW(static_cast<void>(parse_document("x.md", text)), std::runtime_error);
    }
    BOOST_CHECK_NO_THROW(static_cast<void>(parse_document("x.md", "# One\n```console elsewhere\n$ true\n```\n")));
}

BOOST_AUTO_TEST_CASE(a_block_that_would_not_be_seen_is_refused) {
    BOOST_CHECK_THROW(
        static_cast<void>(parse_document("x.md", "# One\n  ```console\n$ true\n  ```\n")), std::runtime_error);
    BOOST_CHECK_THROW(static_cast<void>(parse_document("x.md", "```console\n$ true\n```\n")), std::runtime_error);
    BOOST_CHECK_THROW(static_cast<void>(parse_document("x.md", "# One\n```console\n$ true\n")), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_console_block_is_commands_and_what_they_print) {
    const auto steps = parse_console({"console", {}, "$ cat <<END\n> a\n> END\na\n\n$ true\n", 10});
    BOOST_TEST_REQUIRE(steps.size() == 2u);
    BOOST_TEST(steps[0].command == "cat <<END\na\nEND");
    BOOST_TEST(steps[0].expected == (std::vector<std::string>{"a", ""}), boost::test_tools::per_element());
    BOOST_TEST(steps[1].command == "true");
    BOOST_TEST(steps[1].expected.empty());
    BOOST_TEST(steps[1].line == 15u);
}

BOOST_AUTO_TEST_CASE(a_console_block_without_a_command_is_refused) {
    BOOST_CHECK_THROW(static_cast<void>(parse_console({"console", {}, "output\n$ true\n", 1})), std::runtime_error);
    BOOST_CHECK_THROW(static_cast<void>(parse_console({"console", {}, "", 1})), std::runtime_error);
}

// What is shown is run; these few are the exceptions, and another needs a reason here.
BOOST_AUTO_TEST_CASE(all_commands_but_a_few_are_run) {
    const std::vector<std::string> not_run{
        "./server/quickstart.sh    # builds hookd and tries it on a temporary git repository; leaves nothing "
        "running",                                                                    // a check of run.sh
        "./tests/run.sh            # optional: runs all tests and packaging checks",  // what runs this
        "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF",         // these three: the check
                                                                                      // `consumer`
        "cmake --build build", "sudo cmake --install build",
        "systemctl --user enable --now hookd.socket",  // needs a service manager
    };
    std::vector<std::string> found;
    for (const char* path : document_paths) {
        const auto text = hookd::test::read_file(hookd::test::source_tree() + '/' + path);
        for (const auto& each : parse_document(path, text).blocks()) {
            if (each.has("elsewhere")) {
                for (const auto& what : parse_console(each)) {
                    found.push_back(what.command);
                }
            }
        }
    }
    BOOST_TEST(found == not_run, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
