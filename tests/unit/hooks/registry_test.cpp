// SPDX-License-Identifier: BSL-1.0
// What is kept of a registered hook, and what tells that its files have changed.
#include "hooks/registry_file.hpp"

#include "support/deadline.hpp"
#include "support/temp_directory.hpp"

#include <base/exec/resolved_command.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace hookd::server {
namespace {

using hookd::test::read_file;
using hookd::test::temp_directory;
using hookd::test::write_file;
using hookd::test::write_script;
using words = std::vector<std::string>;

registered_hook hook_of(const std::string& name, const words& command) {
    registered_hook result;
    result.definition = {name, command, {"pre_*"}, std::chrono::milliseconds{7}};
    result.pins = pin_files(command);
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resolved_commands)

BOOST_AUTO_TEST_CASE(programs_and_files_become_absolute_and_other_words_stay) {
    temp_directory directory;
    const auto program = write_script(directory / "program");
    const auto file = directory / "file";
    write_file(file, "");
    write_file(directory / "-file", "");
    const auto resolved = [&](const words& given) {
        return base::resolved_command(given, directory.path(), "/nowhere:" + directory.path());
    };
    BOOST_TEST(resolved({"./program", "file", "./file", "-file", "other", "", file}) ==
               (words{program, file, file, "-file", "other", "", file}));
    BOOST_TEST(resolved({"program", "./none", "../none", "./", "none/file"}) ==
               (words{program, directory / "none", std::filesystem::path(directory.path()).parent_path() / "none",
                   directory.path() + "/", "none/file"}));
    BOOST_TEST(resolved({"file"}) == (words{"file"}));  // not executable
    BOOST_TEST(resolved({"program", "--opt=file", "-o=./none", "A=file", "--opt=other", "-ofile", "--opt=" + file}) ==
               (words{program, "--opt=" + file, "-o=" + (directory / "none"), "A=" + file, "--opt=other", "-ofile",
                   "--opt=" + file}));
    BOOST_TEST(resolved({"none", "."}) == (words{"none", "."}));
    BOOST_TEST(resolved({"/none"}) == (words{"/none"}));
    BOOST_TEST(base::resolved_command({"program"}, directory.path(), "") ==
               (words{program}));  // an empty part of $PATH is here
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(trust)

BOOST_AUTO_TEST_CASE(the_digest_is_sha_256) {
    temp_directory directory;
    write_file(directory / "abc", "abc");
    BOOST_TEST(pin_files({directory / "abc"}).at(0).sha256 ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(what_is_trusted_is_the_program_and_each_file_given) {
    temp_directory directory;
    const auto program = write_script(directory / "program");
    const auto given = write_script(directory / "given");
    const auto pins = pin_files({program, given, "x", directory.path(), directory / "none"});
    BOOST_TEST(pins.size() == 2U);
    BOOST_TEST(pins[1].path == given);
}

BOOST_AUTO_TEST_CASE(a_file_that_an_option_names_is_trusted_as_it_is) {
    temp_directory directory;
    const auto program = write_script(directory / "program");
    for (const std::string option : {"--rules=", "RULES=", "-r"}) {
        BOOST_TEST_CONTEXT(option) {
            const auto rules = directory / "rules";
            write_file(rules, "deny");
            registered_hook hook;
            hook.definition.name = "guard";
            hook.definition.command = {program, option + rules, option + directory.path()};
            hook.pins = pin_files(hook.definition.command);
            BOOST_REQUIRE(hook.pins.size() == 2U);
            BOOST_TEST(hook.pins[1].path == rules);
            BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::ok));
            write_file(rules, "allow");
            BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::untrusted));
            std::filesystem::remove(rules);
            BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::missing));
            hook.pins = pin_files(hook.definition.command);  // as if it had never been there
            write_file(rules, "deny");
            BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::untrusted));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_is_read_again_only_where_its_stamp_has_changed) {
    temp_directory directory;
    const auto hook = hook_of("h", {write_script(directory / "program")});
    file_stamps stamps;
    BOOST_TEST(!check_trust_by_stamps(hook, stamps).has_value());
    // One that has just been changed could be changed again within the same tick.
    hookd::test::eventually("its stamp tells", [&] {
        stamps = check_trust(hook, {}).stamps;
        return stamps.at(0).has_value();
    });
    BOOST_TEST((check_trust_by_stamps(hook, stamps).value().state == protocol::hook_state::ok));
    write_script(directory / "program", "#!/bin/sh\n");  // the same content anew
    BOOST_TEST(!check_trust_by_stamps(hook, stamps).has_value());
    BOOST_TEST((check_trust(hook, stamps).state == protocol::hook_state::ok));
    write_script(directory / "program", "#!/bin/no\n");
    const auto changed = check_trust(hook, stamps);
    BOOST_TEST((changed.state == protocol::hook_state::untrusted));
    BOOST_TEST(changed.why.ends_with("run hookctl trust h"));
    // What has been found to be wrong once is not read for each event.
    hookd::test::eventually("its stamp tells", [&] {
        stamps = check_trust(hook, {}).stamps;
        return stamps.at(0).has_value();
    });
    BOOST_TEST((check_trust_by_stamps(hook, stamps).value().state == protocol::hook_state::untrusted));
    ::unlink((directory / "program").c_str());
    BOOST_TEST((check_trust(hook, stamps).state == protocol::hook_state::missing));
}

BOOST_AUTO_TEST_CASE(a_file_that_was_not_there_is_not_trusted_whatever_is_in_it) {
    temp_directory directory;
    const auto program = write_script(directory / "program");
    const auto hook = hook_of("h", {program, "word", "-x", directory / "later", directory.path()});
    BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::ok));
    BOOST_REQUIRE(::mkdir((directory / "later").c_str(), 0700) == 0);  // no file
    BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::ok));
    BOOST_REQUIRE(::rmdir((directory / "later").c_str()) == 0);
    for (const char* const text : {"", "print('a script for an interpreter')", "#!/bin/sh\n"}) {
        write_file(directory / "later", text);
        ::chmod((directory / "later").c_str(), 0600);
        const auto appeared = check_trust(hook, {});
        BOOST_TEST((appeared.state == protocol::hook_state::untrusted));
        BOOST_TEST(appeared.why == directory / "later" + " was not there when it was registered: run hookctl trust h");
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_away_while_its_hook_is_trusted_stays_known) {
    temp_directory directory;
    const auto later = directory / "later";
    auto hook = hook_of("h", {write_script(directory / "program"), write_script(directory / "given"), later});
    ::unlink((directory / "given").c_str());
    hook.pins = pin_files(hook.definition.command, hook.pins);
    BOOST_REQUIRE(hook.pins.size() == 2U);
    BOOST_TEST(hook.pins[1].path == directory / "given");
    BOOST_TEST(hook.pins[1].sha256 == "");
    BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::missing));
    write_script(directory / "given", "#!/bin/evil\n");
    BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::untrusted));
    hook.pins = pin_files(hook.definition.command, hook.pins);
    BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::ok));
}

BOOST_AUTO_TEST_CASE(a_program_that_is_no_regular_file_cannot_run) {
    temp_directory directory;
    BOOST_REQUIRE(::mkfifo((directory / "fifo").c_str(), 0700) == 0);
    for (const auto& program : {directory / "fifo", directory.path()}) {
        const auto found = check_trust(hook_of("h", {program}), {});
        BOOST_TEST((found.state == protocol::hook_state::missing));
        BOOST_TEST(found.why ==
                   "could not start " + program +
                       ": it is not a regular file: put the program back, and if it has changed run hookctl trust h");
    }
}

BOOST_AUTO_TEST_CASE(the_pins_of_another_command_are_not_trusted) {
    temp_directory directory;
    const auto program = write_script(directory / "program");
    const auto given = write_script(directory / "given");
    auto hook = hook_of("h", {program, "-x", given, program});
    BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::ok));
    for (const words& other :
        {words{given, "-x", given, program}, {program, "-x", program}, {program}, {program, "x", program, given}}) {
        hook.definition.command = other;
        BOOST_TEST((check_trust(hook, {}).state == protocol::hook_state::untrusted));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(registry_files)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
    temp_directory directory;
    const registry_file registry{directory / "a/b/registry.json"};
    BOOST_TEST(registry.load().empty());
    const auto second = hook_of("z", {write_script(directory / "program"), "\"\\\n\xc3\xa4"});
    const auto first = hook_of("a \xc3\xa4", {"missing"});
    registry.update([&](auto& all) { all = {second, first}; });
    const auto read = registry.load();
    BOOST_REQUIRE(read.size() == 2U);
    BOOST_TEST(read[0].definition.name == first.definition.name);
    BOOST_TEST(read[1].definition.command == second.definition.command);
    BOOST_TEST(read[1].definition.events == second.definition.events);
    BOOST_TEST((read[1].definition.timeout == second.definition.timeout));
    BOOST_TEST((read[1].pins == second.pins));
    BOOST_TEST((read[0].pins == first.pins));
}

BOOST_AUTO_TEST_CASE(a_change_that_throws_changes_nothing) {
    temp_directory directory;
    const registry_file registry{directory / "registry.json"};
    registry.update([&](auto& all) { all = {hook_of("a", {"missing"})}; });
    const auto before = read_file(directory / "registry.json");
    BOOST_CHECK_THROW(registry.update([](auto& all) {
        all.clear();
        throw std::runtime_error("no");
    }),
        std::runtime_error);
    BOOST_TEST(read_file(directory / "registry.json") == before);
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_stays_and_what_it_leads_to_is_replaced) {
    temp_directory directory;
    const registry_file registry{directory / "link/registry.json"};
    std::filesystem::create_directory(directory / "link");
    std::filesystem::create_symlink("../next.json", registry.path());
    std::filesystem::create_symlink(directory / "made/later/real.json", directory / "next.json");
    BOOST_TEST(registry.load().empty());
    for (const auto* const name : {"a", "b"}) {
        registry.update([&](auto& all) { all.push_back(hook_of(name, {"missing"})); });
    }
    BOOST_TEST(std::filesystem::is_symlink(registry.path()));
    BOOST_TEST(std::filesystem::is_symlink(directory / "next.json"));
    BOOST_TEST(registry.load().size() == 2U);
    BOOST_TEST(registry_file{directory / "made/later/real.json"}.load().size() == 2U);
    BOOST_TEST(std::filesystem::exists(directory / "made/later/real.json.lock"));  // one lock for all who share it
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_to_where_others_may_write_is_refused) {
    temp_directory directory;
    const registry_file registry{directory / "registry.json"};
    std::filesystem::create_directory(directory / "open");
    ::chmod((directory / "open").c_str(), 0777);
    std::filesystem::create_symlink("open/registry.json", registry.path());
    BOOST_CHECK_THROW(registry.update([](auto& all) { all = {hook_of("a", {"missing"})}; }), std::runtime_error);
    BOOST_TEST(std::filesystem::is_empty(directory / "open"));
    // Nor is there an end to a link that leads to itself.
    std::filesystem::remove(registry.path());
    std::filesystem::create_symlink("registry.json", registry.path());
    BOOST_CHECK_THROW(registry.update([](auto& all) { all.clear(); }), std::runtime_error);
    BOOST_CHECK_THROW((void)registry.load(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_fault_is_told_with_its_line) {
    temp_directory directory;
    const auto path = directory / "registry.json";
    const registry_file registry{path};
    const std::string good = R"({"hook":{"name":"a","command":["x"],"events":[]},"pins":[{"path":"x","sha256":""}]})";
    const auto document = [](const std::string& hooks) { return "{\"version\":1,\"hooks\":[\n" + hooks + "]}"; };
    write_file(path, document(good));
    BOOST_TEST(registry.load().size() == 1U);
    for (const auto& bad :
        {document(good + ",\n" + good), document("{},\n" + good), document(good + "x"), document("[]"),
            document(R"({"hook":{}})"), document(R"({"hook":{"name":"a","command":["x"],"events":[]},"pins":[]})"),
            document(R"({"hook":{"name":"a","command":["x"],"events":["a b"]},"pins":[{"path":"x","sha256":""}]})"),
            document(R"({"hook":{"name":"a","command":["x"],"events":[]},"pins":[{"path":1}]})"),
            document(R"({"more":1})"),
            document(R"({"hook":{"name":"a","command":["x"],"events":[]},"pins":[{"path":"x","sha256":"0"}]})"),
            document(R"({"pins":[],)" + good.substr(1)), std::string("{\"version\":1,\"hooks\":[],\n\"hooks\":[]}"),
            std::string("\n{\"version\":2,\"hooks\":[]}"), std::string("\n{\"version\":1}"),
            std::string("\n{\"hooks\":[]}"), std::string("\n7")}) {
        write_file(path, bad);
        try {
            (void)registry.load();
            BOOST_ERROR("read: " << bad);
        } catch (const std::runtime_error& failure) {
            const std::string said = failure.what();
            BOOST_TEST((said.starts_with(path + ":2: ") || said.starts_with(path + ":3: ")), said);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server
