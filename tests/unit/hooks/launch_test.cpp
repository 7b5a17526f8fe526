// SPDX-License-Identifier: BSL-1.0
// What makes a command runnable, and that what runs is what was looked at.
#include "hooks/launch.hpp"
#include "hooks/program_file.hpp"

#include "support/deadline.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace hookd::server {
namespace {

namespace fs = std::filesystem;
using hookd::test::read_file;
using hookd::test::temp_directory;
using hookd::test::write_file;
using hookd::test::write_script;
using words = std::vector<std::string>;

registered_hook hook_of(const words& command) {
    registered_hook result;
    result.definition.name = "h";
    result.definition.command = command;
    result.pins = pin_files(command);
    return result;
}

trust_result trust_of(const registered_hook& hook) {
    trust_result trust;
    hookd::test::eventually("its stamps tell", [&] {
        trust = check_trust(hook, {});
        return trust.stamps.at(0).has_value();
    });
    return trust;
}

void check_fault(
    const std::string& program, const std::string& what, const std::string& search_path = "/bin:/usr/bin") {
    const auto why = why_not_runnable({program}, search_path);
    BOOST_REQUIRE(why.has_value());
    BOOST_TEST(why->find(what) != std::string::npos, *why);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(runnable)

BOOST_AUTO_TEST_CASE(a_program_that_can_be_executed_has_no_fault) {
    temp_directory directory;
    BOOST_TEST(!why_not_runnable({"/bin/sh"}, "").has_value());
    for (const char* const line :
        {"#!/bin/sh\n", "#! /bin/sh -e\n", "#!/bin/sh", "#!/usr/bin/env sh\n", "#!/usr/bin/env -S A=b sh -e\n"}) {
        BOOST_TEST(!why_not_runnable({write_script(directory / "script", line)}, "/bin:/usr/bin").has_value(), line);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_executed_is_named_with_its_cure) {
    temp_directory directory;
    const auto path = directory / "script";
    check_fault("none", "none is not in the $PATH of hookd");
    check_fault(directory / "none", "does not exist: give the path of the program");
    check_fault(directory.path(), "is not a file");
    write_file(path, "#!/bin/sh\n");
    ::chmod(path.c_str(), 0600);
    check_fault(path, "run chmod +x " + path);
    check_fault(write_script(path, "#!/no/interpreter -x\n"),
        "the interpreter /no/interpreter (in the first line of " + path + ") does not exist");
    check_fault(write_script(path, "#!/usr/bin/env -S X=1 no-interpreter\n"), "the interpreter no-interpreter");
    for (const char* const line : {"#!/bin/sh\r\n", "#!/usr/bin/env sh\r\n"}) {
        check_fault(write_script(path, line), "the first line of " + path + " ends with CR LF");
    }
    check_fault(write_script(path, "exit 1\n"), "begin it with a line such as #!/bin/sh");
    check_fault(write_script(path, ""), "begin it with a line such as #!/bin/sh");
}

BOOST_AUTO_TEST_CASE(a_head_tells_scripts_from_binaries) {
    temp_directory directory;
    BOOST_TEST(read_program_head("/bin/sh").is_binary);
    BOOST_TEST(read_program_head(write_script(directory / "a", "#! /bin/x  -a b \nexit")).interpreter ==
                   (words{"/bin/x", "-a b"}),
        boost::test_tools::per_element());
    BOOST_TEST(!read_program_head(directory / "a").is_binary);
    BOOST_TEST(read_program_head(directory / "none").interpreter.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(launches)

BOOST_AUTO_TEST_CASE(a_script_and_the_files_given_run_as_private_copies) {
    temp_directory directory;
    const auto program = write_script(directory / "guard.sh", "#!/bin/sh -e\nexit 1\n");
    write_file(directory / "given", "content");
    write_file(directory / "beside", "neighbour");
    const auto hook = hook_of({program, "x", directory / "given", "--rules=" + (directory / "beside")});
    auto trust = trust_of(hook);
    std::string copy;
    {
        private_copies copies;
        const auto start = prepare_launch(hook, copies, trust).value();
        BOOST_REQUIRE(start.argv.size() == 6U);
        BOOST_TEST(start.argv[0] == "/bin/sh");
        BOOST_TEST(start.argv[1] == "-e");
        copy = start.argv[2];
        BOOST_TEST(fs::path(copy).filename() == "guard.sh");
        BOOST_TEST(start.argv[3] == "x");
        BOOST_TEST(read_file(start.argv[4]) == "content");
        const auto option = start.argv[5];
        BOOST_TEST(option.starts_with("--rules=/"));
        BOOST_TEST(read_file(option.substr(8)) == "neighbour");
        BOOST_TEST(option.substr(8) != directory / "beside");
        BOOST_TEST(start.directory == directory.path());
        BOOST_TEST(!start.program.has_value());
        BOOST_TEST(read_file(fs::path(copy).parent_path() / "beside") == "neighbour");
        struct stat found {};
        BOOST_REQUIRE(::stat(fs::path(copy).parent_path().parent_path().c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 07777U) == 0700U);
        write_script(program, "#!/bin/sh\nexit 0\n");
        BOOST_TEST(read_file(copy) == "#!/bin/sh -e\nexit 1\n");
        BOOST_TEST(prepare_launch(hook, copies, trust).value().argv[2] == copy);  // not made anew
        BOOST_TEST(start.is_complete());
        fs::remove(copy);
        BOOST_TEST(!start.is_complete());
        BOOST_TEST(!prepare_launch(hook, copies, trust).has_value());  // the file is another now
        BOOST_TEST((trust.state == protocol::hook_state::untrusted));
        BOOST_TEST(trust.why.ends_with("run hookctl trust h"));
    }
    BOOST_TEST(!fs::exists(fs::path(copy).parent_path().parent_path()));
}

BOOST_AUTO_TEST_CASE(a_binary_runs_by_a_descriptor_of_the_file_that_was_read) {
    temp_directory directory;
    const auto program = directory / "program";
    fs::copy_file("/bin/true", program);
    const auto hook = hook_of({program});
    auto trust = trust_of(hook);
    private_copies copies;
    const auto start = prepare_launch(hook, copies, trust).value();
    BOOST_TEST(start.argv == words{program}, boost::test_tools::per_element());
    BOOST_TEST(start.copies.empty());
    BOOST_TEST(start.directory.empty());
    const auto opened = start.open_program();
    BOOST_REQUIRE(opened != nullptr);
    BOOST_TEST(start.is_unchanged(*opened));
    write_file(program, "other");
    BOOST_TEST(!start.is_unchanged(*opened));
    BOOST_TEST(start.open_program() == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server
